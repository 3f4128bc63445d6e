import { createServer } from 'node:http'
import type { NodeState } from './run-daemon.ts'

/** Serves `/readyz` for the kubelet: 200 if the node is as the values want it. */
export async function serveState(address: { readonly host: string; readonly port: number }, read: () => NodeState) {
  const server = createServer((request, response) => {
    const { ready, text } = read()
    const isKnown = request.url === '/readyz' || request.url === '/healthz'
    response.writeHead(!isKnown ? 404 : ready || request.url === '/healthz' ? 200 : 503, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(isKnown ? `${text}\n` : '404\n')
  })
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return server
}
