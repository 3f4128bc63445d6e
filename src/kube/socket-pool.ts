import type { Socket } from 'node:net'
import { createHttpSocket, type HttpSocket } from './http-socket.ts'

/** Does one exchange; `free` is for `exchange`. */
export type SocketUse = (socket: HttpSocket, free: () => void) => void

/** Connections to one server, kept between exchanges. */
export interface SocketPool {
  /**
   * Gives a connection to `use`, at once or when one is free; `fresh`: none that was kept. Returns what takes the wish back while
   * it waits.
   */
  take(use: SocketUse, fresh?: boolean): () => void
  /** Destroys all connections. */
  close(): void
}

const nothing = (): void => undefined

/** `limit`: connections at a time; more wishes wait. Without `keep` each connection serves one exchange. */
export function createSocketPool(connect: () => Socket, limit: number, keep: boolean): SocketPool {
  const open = new Set<HttpSocket>()
  const idle: HttpSocket[] = []
  const waiting: SocketUse[] = []

  const lend = (socket: HttpSocket, use: SocketUse): void => use(socket, () => give(socket))
  function give(socket: HttpSocket): void {
    const next = keep ? waiting.shift() : undefined
    if (next) lend(socket, next)
    else if (keep) {
      socket.rest()
      idle.push(socket)
    } else socket.destroy()
  }
  function openFor(use: SocketUse): void {
    const socket = createHttpSocket(connect(), () => {
      open.delete(socket)
      const at = idle.indexOf(socket)
      if (at >= 0) idle.splice(at, 1)
      const next = waiting.shift()
      if (next) openFor(next)
    })
    open.add(socket)
    lend(socket, use)
  }
  return {
    take(use, fresh = false) {
      const kept = fresh ? undefined : idle.pop()
      if (kept) {
        kept.wake()
        lend(kept, use)
        return nothing
      }
      if (fresh || open.size < limit) {
        openFor(use)
        return nothing
      }
      waiting.push(use)
      return () => {
        const at = waiting.indexOf(use)
        if (at >= 0) waiting.splice(at, 1)
      }
    },
    close() {
      waiting.length = 0
      for (const socket of [...open]) socket.destroy()
    },
  }
}
