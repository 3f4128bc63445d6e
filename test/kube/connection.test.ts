import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { type AddressInfo, connect, createServer as createRelay } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { inClusterConnection, kubeconfigConnection } from '../../src/kube/connection.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import { createFakeClock } from './fake-clock.ts'

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-connection-'))
const identity = (authority: ReturnType<typeof createAuthority>) => {
  const pair = authority.issue({ commonName: 'api', names: ['127.0.0.1'], minutes: 60 })
  return { key: pair.keyPem, cert: pair.certificatePem }
}
const [first, second] = [createAuthority('first'), createAuthority('second')]
const HOUR = 3_600_000
let authorization = ''
const server = createServer(identity(first), (request, response) => {
  authorization = request.headers.authorization ?? ''
  response.writeHead(authorization === 'Bearer refused' ? 401 : 200).end('{}')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
after(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

/**
 * Replaces the API server's certificate by one of another authority, and closes its connections.
 */
function serveBy(authority: ReturnType<typeof createAuthority>): void {
  server.setSecureContext(identity(authority))
  server.closeAllConnections()
}

async function followsAuthority(
  connection: KubeConnection,
  clock: { advance(ms: number): Promise<void> },
): Promise<void> {
  const client = createKubeClient(connection)
  const get = () => client.request({ method: 'GET', path: '/version' })
  try {
    await get()
    serveBy(second)
    await assert.rejects(get(), { code: 'KUBE_UNREACHABLE' })
    await writeFile(join(folder, 'ca.crt'), second.certificatePem)
    await clock.advance(10_000)
    await get()
  } finally {
    client.close()
    serveBy(first)
    await writeFile(join(folder, 'ca.crt'), first.certificatePem)
  }
}

test('in a Pod a token and an authority that are rotated on disk are used within 10 s', async () => {
  const clock = createFakeClock()
  await writeFile(join(folder, 'ca.crt'), first.certificatePem)
  await writeFile(join(folder, 'token'), 'one\n')
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) }
  const connection = inClusterConnection(folder, environment, clock)
  await followsAuthority(connection, clock)
  assert.equal(authorization, 'Bearer one')
  await writeFile(join(folder, 'token'), 'two\n')
  assert.equal(await connection.token?.(), 'one')
  await clock.advance(10_000)
  assert.equal(await connection.token?.(), 'two')
  await rm(join(folder, 'token'))
  await clock.advance(10_000)
  assert.equal(await connection.token?.(), 'two')
})

test('a token that the server rejects is read again immediately because the one on disk may be newer', async () => {
  await writeFile(join(folder, 'ca.crt'), first.certificatePem)
  await writeFile(join(folder, 'token'), 'refused')
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) }
  const client = createKubeClient(inClusterConnection(folder, environment, createFakeClock()))
  try {
    await assert.rejects(client.request({ method: 'GET', path: '/version' }), { code: 'KUBE_UNAUTHORIZED' })
    await writeFile(join(folder, 'token'), 'newer')
    await client.request({ method: 'GET', path: '/version' })
    assert.equal(authorization, 'Bearer newer')
  } finally {
    client.close()
  }
})

test('outside a cluster the CA file that a kubeconfig names is read again too', async () => {
  const clock = createFakeClock()
  await writeFile(join(folder, 'ca.crt'), first.certificatePem)
  const file = join(folder, 'kubeconfig')
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': 'ca.crt' } }],
    users: [{ name: 'u', user: { token: 'of-the-file' } }],
  }
  await writeFile(file, JSON.stringify(config))
  await followsAuthority(await kubeconfigConnection({ file }, clock), clock)
  assert.equal(authorization, 'Bearer of-the-file')
})

test("the server's certificate must be current and match the expected name: its address, or tls-server-name", async () => {
  const named = createAuthority('named')
  const names = ['api.example']
  const pair = named.issue({ commonName: '127.0.0.1', names, minutes: 60 })
  const user = named.issue({ commonName: 'jane', names: [], minutes: 60 })
  const other = createServer(
    { key: pair.keyPem, cert: pair.certificatePem, ca: named.certificatePem, requestCert: true },
    (request, response) => {
      response.end(JSON.stringify({ authorized: (request.socket as TLSSocket).authorized }))
    },
  )
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const base = {
    server: `https://127.0.0.1:${(other.address() as AddressInfo).port}`,
    ca: named.certificatePem,
    cert: user.certificatePem,
    key: user.keyPem,
  }
  const get = async (connection: KubeConnection): Promise<unknown> => {
    const client = createKubeClient(connection)
    try {
      return await client.request({ method: 'GET', path: '/version' })
    } finally {
      client.close()
    }
  }
  try {
    assert.deepEqual(await get({ ...base, tlsServerName: 'api.example' }), { authorized: true })
    const refused = {
      code: 'KUBE_UNREACHABLE',
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
      message: `GET /version was not sent: the certificate of ${base.server.slice(8)} is not trusted`,
      hint: /insecure-skip-tls-verify/,
    }
    await assert.rejects(get(base), refused)
    await assert.rejects(get({ ...base, tlsServerName: 'other.example' }), refused)
    const byOther = { ...base, tlsServerName: 'api.example', ca: first.certificatePem }
    await assert.rejects(get(byOther), { code: 'KUBE_UNREACHABLE', message: /is not trusted$/ })
    for (const [reason, now] of [
      ['CERT_HAS_EXPIRED', Date.now() - 2 * HOUR],
      ['CERT_NOT_YET_VALID', Date.now() + 2 * HOUR],
    ] as const) {
      const { certificatePem, keyPem } = named.issue({ commonName: 'api', names, minutes: 60, now: new Date(now) })
      other.setSecureContext({ key: keyPem, cert: certificatePem, ca: named.certificatePem })
      const hint = /^Renew that certificate; if it is current, set the clock of this machine/
      await assert.rejects(get({ ...base, tlsServerName: 'api.example' }), { ...refused, reason, hint })
    }
  } finally {
    other.closeAllConnections()
    other.close()
  }
})

test('in a Pod a missing variable or token file is reported', () => {
  const environment = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '443' }
  assert.throws(() => inClusterConnection(folder, {}), { code: 'KUBE_CONNECTION' })
  assert.throws(() => inClusterConnection(join(folder, 'none'), environment), { message: /none\/token cannot be read/ })
})

test('a call that must not be sent any more when its TLS handshake ends never arrives', async () => {
  const held = Promise.withResolvers<() => void>()
  const relay = createRelay((socket) => {
    held.resolve(() => {
      const onward = connect(port, '127.0.0.1')
      for (const end of [socket, onward]) end.on('error', () => undefined)
      socket.pipe(onward).pipe(socket)
    })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port: relayPort } = relay.address() as AddressInfo
  const client = createKubeClient({
    server: `https://127.0.0.1:${relayPort}`,
    ca: first.certificatePem,
    token: () => 'late',
  })
  try {
    let leads = true
    const call = client.request({ method: 'PATCH', path: '/late', body: {}, maySend: () => leads })
    const open = await held.promise
    leads = false
    authorization = ''
    open()
    await assert.rejects(call, { code: 'KUBE_UNREACHABLE', message: /was not sent/ })
    assert.equal(authorization, '')
  } finally {
    client.close()
    relay.close()
  }
})
