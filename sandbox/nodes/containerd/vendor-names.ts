import { once } from 'node:events'
import { type IncomingMessage, request as open, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { RegistryAuth } from '../../cloud/cr/registry-auth.ts'
import { createAuthority } from '../../cluster/certificate.ts'

/**
 * A registry and its token service, with their URLs on this machine and the vendor's names for
 * them.
 */
export interface VendorRegistry {
  readonly url: string
  readonly domains: readonly string[]
  /** The registry's challenges contain `vendorRealm` for clients that use the vendor's names. */
  readonly auth: Pick<RegistryAuth, 'realm' | 'vendorRealm'>
}

export type VendorNames = Awaited<ReturnType<typeof serveVendorNames>>

/**
 * Serves the registry and its token service under the vendor's names, with TLS, by default on port
 * 443.
 */
export async function serveVendorNames(
  registry: VendorRegistry,
  { address, port = 443 }: { readonly address: string; readonly port?: number },
) {
  const { realm, vendorRealm } = registry.auth
  const tokenHost = new URL(vendorRealm).hostname
  const hosts = [...new Set([...registry.domains, tokenHost])]
  const authority = createAuthority('acr-nopass vendor names')
  const pair = authority.issue({ commonName: tokenHost, names: hosts })
  const requests = new Map<string, number>()
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (incoming, outgoing) => {
    const host = new URL(`https://${incoming.headers.host}`).hostname
    requests.set(host, (requests.get(host) ?? 0) + 1)
    if (host === tokenHost) forward(incoming, outgoing, realm)
    else forward(incoming, outgoing, registry.url, (challenge) => challenge.replace(realm, vendorRealm))
  })
  await once(server.listen(port, address), 'listening')
  return {
    address,
    /** The host names that must resolve to `address`. */
    hosts,
    /** The certificate authority that clients must trust. */
    caPem: authority.certificatePem,
    /** The number of requests by host. */
    requests,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Proxies one request; closes the connection if the upstream server is down. */
function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string,
  rename: (challenge: string) => string = (challenge) => challenge,
): void {
  const upstream = open(new URL(incoming.url ?? '/', origin), { method: incoming.method, headers: incoming.headers })
  upstream.on('response', (response) => {
    const { 'www-authenticate': challenge, ...headers } = response.headers
    const renamed = challenge === undefined ? {} : { 'www-authenticate': rename(challenge) }
    outgoing.writeHead(response.statusCode ?? 502, { ...headers, ...renamed })
    response.pipe(outgoing)
    response.on('error', () => outgoing.destroy())
  })
  upstream.on('error', () => outgoing.destroy())
  outgoing.on('close', () => upstream.destroy())
  incoming.pipe(upstream)
}
