import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'
import { oid, sequence } from '../../../sandbox/cluster/der.ts'

const now = new Date('2030-01-02T03:04:05Z')
const authority = createAuthority('test-ca', now)

test('the authority is self-signed and a CA', () => {
  const ca = new X509Certificate(authority.certificatePem)
  assert.equal(ca.subject, 'CN=test-ca')
  assert.equal(ca.ca, true)
  assert.equal(ca.verify(ca.publicKey), true)
  assert.equal(ca.validTo, 'Feb  1 03:04:05 2030 GMT')
})

test('an issued certificate has the user, groups, host names and validity', () => {
  const pair = authority.issue({
    commonName: 'system:node:n1',
    organizations: ['system:nodes', 'zwölf'],
    names: ['127.0.0.1', 'localhost'],
    minutes: 90,
    now,
  })
  const certificate = new X509Certificate(pair.certificatePem)
  const ca = new X509Certificate(authority.certificatePem)
  assert.equal(certificate.subject, 'O=system:nodes\nO=zwölf\nCN=system:node:n1')
  assert.equal(certificate.subjectAltName, 'IP Address:127.0.0.1, DNS:localhost')
  assert.equal(certificate.validFrom, 'Jan  2 02:59:05 2030 GMT')
  assert.equal(certificate.validTo, 'Jan  2 04:34:05 2030 GMT')
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.equal(certificate.ca, false)
  assert.equal(certificate.checkIssued(ca), true)
  assert.equal(certificate.verify(ca.publicKey), true)
  assert.equal(certificate.checkPrivateKey(createPrivateKey(pair.keyPem)), true)
})

test('dates from 2050 on are encoded as RFC 5280 requires', () => {
  const late = createAuthority('late', new Date('2050-06-01T00:00:00Z'))
  assert.equal(new X509Certificate(late.certificatePem).validTo, 'Jul  1 00:00:00 2050 GMT')
})

test('clients that trust the authority accept a server’s certificate only for its names', async () => {
  const ca = createAuthority('tls-ca')
  const pair = ca.issue({ commonName: 'server', names: ['127.0.0.1', 'localhost'], minutes: 5 })
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (_, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const call = (servername: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername, ca: ca.certificatePem, agent: false }
      get(options, (response) => resolve(response.resume().statusCode)).on('error', reject)
    })
  try {
    assert.equal(await call('localhost'), 200)
    await assert.rejects(call('other.example'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  } finally {
    server.close()
  }
})

test('DER: lengths and object identifiers', () => {
  assert.equal(oid('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302')
  fc.assert(
    fc.property(fc.nat(70_000), (length) => {
      const element = sequence(Buffer.alloc(length))
      const first = element[1] ?? 0
      const header = first < 0x80 ? 2 : 2 + (first & 0x7f)
      const encoded = first < 0x80 ? first : element.readUIntBE(2, first & 0x7f)
      assert.deepEqual([encoded, element.length], [length, header + length])
      assert.ok(first < 0x80 || element[2] !== 0, 'must be the shortest form')
    }),
  )
})
