import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:tls'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'

export interface IssuerServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` in place of an issuer's `HOST:443`. */
  readonly address: string
  /** The SHA-1 fingerprint of its certificate authority, as RAM shows it. */
  readonly fingerprint: string
}

/**
 * The HTTPS address of an issuer, as far as `openssl s_client -showcerts` sees it. It sends its
 * authority's certificate, too.
 */
export async function startIssuerServer(): Promise<IssuerServer> {
  const authority = createAuthority('acr-nopass issuers')
  const { certificatePem, keyPem } = authority.issue({ commonName: 'issuer', names: ['issuer.sandbox.invalid'] })
  const sockets = new Set<Socket>()
  const server = createServer({ cert: certificatePem + authority.certificatePem, key: keyPem })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => undefined)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    fingerprint: new X509Certificate(authority.certificatePem).fingerprint.replaceAll(':', '').toLowerCase(),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
