import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Hands on TCP connections from one loopback address to another, as kube-proxy does for a Service. */
export async function forwardPort(
  from: { host: string; port: number },
  to: { host: string; port: number },
): Promise<() => void> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((incoming) => {
    const outgoing = connect(to)
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one)
      one.setNoDelay()
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(from)
  await once(server, 'listening')
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}
