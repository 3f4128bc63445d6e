import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TlsOptions } from 'node:tls'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'
import { readIssuerChain } from '../../../scripts/live/issuer-certificates.ts'

const authority = createAuthority('issuer root')
const signal = new AbortController().signal
const sha1 = (pem: string): string => new X509Certificate(pem).fingerprint.replaceAll(':', '').toLowerCase()

async function serve() {
  const pair = authority.issue({ commonName: 'issuer', names: ['localhost'] })
  const asked: string[] = []
  const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
    asked.push(name)
    done(null)
  }
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem, SNICallback })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { pair, asked, url: `https://localhost:${port}`, [Symbol.dispose]: () => server.close() }
}

test("the fingerprints are those of the host with the issuer's keys: its own certificate, and the root", async () => {
  using keys = await serve()
  const chain = { leaf: sha1(keys.pair.certificatePem), root: sha1(authority.certificatePem) }
  const asked: string[] = []
  const send = async ({ url }: { url: URL }) => {
    asked.push(url.href)
    return { status: 200, headers: {}, text: JSON.stringify({ jwks_uri: `${keys.url}/jwks` }) }
  }
  const ca = authority.certificatePem
  assert.deepEqual(await readIssuerChain('https://issuer.example/c1/', { send, ca }, signal), chain)
  assert.deepEqual(asked, ['https://issuer.example/c1/.well-known/openid-configuration'])
  assert.deepEqual(keys.asked, ['localhost'])
  const withoutKeys = async () => ({ status: 404, headers: {}, text: 'no such key' })
  assert.deepEqual(await readIssuerChain(keys.url, { send: withoutKeys, ca }, signal), chain)
})

test('a certificate that is not trusted here is refused', async () => {
  using keys = await serve()
  const send = async () => ({ status: 200, headers: {}, text: JSON.stringify({ jwks_uri: keys.url }) })
  await assert.rejects(readIssuerChain(keys.url, { send }, signal), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})
