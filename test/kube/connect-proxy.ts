import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/**
 * The proxy's reaction to a CONNECT: it opens the tunnel, responds with a status and stays
 * connected, or lets the client wait.
 */
export type Treatment = 'open' | 'stall' | 'stall-tls' | number

export interface ConnectProxy {
  readonly port: number
  /** The targets of the CONNECTs, in order. */
  readonly targets: string[]
  /** The Proxy-Authorization headers of the CONNECTs. */
  readonly logins: (string | undefined)[]
  /** Everything that was sent before the tunnels were open. */
  readonly requestHeads: string[]
  treatment: Treatment
  /** Resolves when no client is connected any more. */
  left(): Promise<void>
}

/** An HTTP proxy on loopback whose tunnels all lead to one local port, whatever the name. */
export async function startConnectProxy(t: TestContext, leadsTo: number): Promise<ConnectProxy> {
  const clients = new Set<Socket>()
  const others = new Set<Socket>()
  const leaving = new Set<() => void>()
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => {
    clients.add(socket)
    // Servers of node:http leave their side of a connection open, so it is destroyed here.
    socket.on('error', () => undefined).on('end', () => socket.destroy())
    socket.on('close', () => {
      clients.delete(socket)
      if (clients.size === 0) for (const leave of leaving) leave()
    })
  })
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const { treatment } = proxy
    proxy.targets.push(request.url ?? '')
    proxy.logins.push(request.headers['proxy-authorization'])
    proxy.requestHeads.push(request.rawHeaders.join(' '))
    if (treatment === 'stall') return void client.resume()
    if (typeof treatment === 'number') {
      client.write(`HTTP/1.1 ${treatment} text of the proxy\r\ncontent-length: 0\r\n\r\n`)
      client.resume()
      return
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    if (treatment === 'stall-tls') return void client.resume()
    const other = connect(leadsTo, '127.0.0.1')
    others.add(other)
    other.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => other.destroy())
    client.pipe(other).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of [...clients, ...others]) socket.destroy()
    server.close()
  })
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port,
    targets: [],
    logins: [],
    requestHeads: [],
    treatment: 'open',
    left: () => (clients.size === 0 ? Promise.resolve() : new Promise((resolve) => leaving.add(resolve))),
  }
  return proxy
}
