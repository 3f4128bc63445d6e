import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'

const TOKEN_HOST = 'dockerauth.cn-hangzhou.aliyuncs.com'

interface FrontOptions {
  /** The domains of the instance. */
  readonly domains: readonly string[]
  /** The registry on this machine. */
  readonly registry: string
  /** Further registries on this machine, each by the domain under which it answers. */
  readonly others?: Readonly<Record<string, string>>
  /** The token service on this machine, as the registry names it. */
  readonly realm: string
}

/**
 * A registry and its token service under the vendor's host names with TLS, for clients that others
 * wrote. A client reaches them with the variables in `environment`: a proxy, and the authority that
 * issued the certificate.
 */
export async function openRegistryFront({ domains, registry, realm, others = {} }: FrontOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'registry-front-'))
  const authority = createAuthority('acr-nopass registry front')
  const names = [...domains, ...Object.keys(others), TOKEN_HOST]
  const { keyPem, certificatePem } = authority.issue({ commonName: TOKEN_HOST, names, minutes: 60 })
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, authority.certificatePem)

  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { host = '' } = incoming.headers
    const origin = host === TOKEN_HOST ? new URL(realm).origin : (others[host] ?? registry)
    // The registry returns addresses of uploads under the host and scheme that the client used.
    const headers = { ...incoming.headers, 'x-forwarded-proto': 'https' }
    const outgoing = request(new URL(incoming.url ?? '', origin), { method: incoming.method, headers }, (answer) => {
      const challenge = answer.headers['www-authenticate']?.replace(
        realm,
        `https://${TOKEN_HOST}${new URL(realm).pathname}`,
      )
      response.writeHead(answer.statusCode ?? 502, {
        ...answer.headers,
        ...(challenge && { 'www-authenticate': challenge }),
      })
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  }
  const front = createTlsServer({ key: keyPem, cert: certificatePem }, forward).listen(0, '127.0.0.1')
  const proxy = createServer().on('connect', (_request, client) => {
    const upstream = connect((front.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    for (const one of [client, upstream]) one.on('error', () => void [client, upstream].map((each) => each.destroy()))
  })
  proxy.listen(0, '127.0.0.1')
  await Promise.all([once(front, 'listening'), once(proxy, 'listening')])
  return {
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      SSL_CERT_FILE: caFile,
    },
    async [Symbol.asyncDispose]() {
      front.closeAllConnections()
      proxy.closeAllConnections()
      front.close()
      proxy.close()
      await rm(folder, { recursive: true })
    },
  }
}
