import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TestbedError } from '../../../tools/testbed-error.ts'

export type Handler = (message: IncomingMessage, response: ServerResponse) => void

export interface Listener {
  readonly origin: string
  close(): Promise<void>
}

/** Policy documents are sent in the URL, so requests may exceed Node's limit of 16 KiB. */
const OPTIONS = { maxHeaderSize: 128 * 1024, keepAliveTimeout: 30_000 }

/** Serves a handler on 127.0.0.1, with TLS if a certificate is given. @throws SANDBOX_PORT */
export async function listen(
  handler: Handler,
  port: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Listener> {
  const server = tls === undefined ? createServer(OPTIONS, handler) : createTlsServer({ ...OPTIONS, ...tls }, handler)
  await once(server.listen(port, '127.0.0.1'), 'listening').catch((cause) => {
    throw new TestbedError('SANDBOX_PORT', `cannot listen on 127.0.0.1:${port}`, { cause })
  })
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      // The callback gets an error if the server was closed before. That error is ignored.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
