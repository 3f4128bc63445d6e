import type { Socket } from 'node:net'
import { createHttpSocket, type HttpSocket } from './http-socket.ts'

/** Does one exchange; `free` is for `exchange`. */
export type SocketUse = (socket: HttpSocket, free: () => void) => void

/** Connections to one server, kept between exchanges. */
export interface SocketPool {
  /**
   * Gives a connection to `use`, at once or when one is free; `fresh`: none that was kept. Returns what takes the wish back while
   * it waits. `refuse`: the pool was closed meanwhile.
   */
  take(use: SocketUse, refuse: (error: Error) => void, fresh?: boolean): () => void
  /** Destroys all connections; what is under way or waits fails. */
  close(): void
}

interface Wish {
  readonly use: SocketUse
  readonly refuse: (error: Error) => void
}

const nothing = (): void => undefined

/** `limit`: connections at a time; more wishes wait. Without `keep` each connection serves one exchange. */
export function createSocketPool(connect: () => Socket, limit: number, keep: boolean): SocketPool {
  const open = new Set<HttpSocket>()
  const idle: HttpSocket[] = []
  const waiting: Wish[] = []

  const lend = (socket: HttpSocket, use: SocketUse): void => use(socket, () => give(socket))
  function give(socket: HttpSocket): void {
    const next = keep ? waiting.shift() : undefined
    if (next) lend(socket, next.use)
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
      if (next) openFor(next.use)
    })
    open.add(socket)
    lend(socket, use)
  }
  return {
    take(use, refuse, fresh = false) {
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
      const wish = { use, refuse }
      waiting.push(wish)
      return () => {
        const at = waiting.indexOf(wish)
        if (at >= 0) waiting.splice(at, 1)
      }
    },
    close() {
      const error = new Error('the client was closed')
      for (const { refuse } of waiting.splice(0)) refuse(error)
      for (const socket of [...open]) socket.destroy(error)
    },
  }
}
