import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { NopassError } from '../../../errors.ts'
import { type Authority, createAuthority } from '../../cluster/certificate.ts'

export type Handler = (message: IncomingMessage, response: ServerResponse) => void

export interface Listener {
  readonly port: number
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
  const server: Server =
    tls === undefined ? createServer(OPTIONS, handler) : createTlsServer({ ...OPTIONS, ...tls }, handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new NopassError('SANDBOX_PORT', `cannot listen on 127.0.0.1:${port}`, { cause })),
    )
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly certificatePem: string
}

export interface ServerKeys {
  readonly authority: Authority
  /** Signs the registry's tokens. */
  readonly registry: SigningKey
  /** Signs GitHub's ID tokens. */
  readonly github: SigningKey
}

const MINUTES = 365 * 24 * 60

/** Creates all keys of one emulated cloud; they are never stored. */
export function createServerKeys(): ServerKeys {
  const authority = createAuthority('acr-nopass sandbox cloud')
  const signing = (commonName: string): SigningKey => {
    const { keyPem, certificatePem } = authority.issue({ commonName, minutes: MINUTES, keyType: 'rsa' })
    const privateKey = createPrivateKey(keyPem)
    return { privateKey, publicKey: createPublicKey(privateKey), certificatePem }
  }
  return { authority, registry: signing('registry tokens'), github: signing('ID tokens') }
}
