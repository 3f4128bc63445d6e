import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, mock, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { NopassError } from '../../src/errors.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { inClusterConnection, kubeconfigConnection } from '../../src/kube/connection.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import { chooseProxy } from '../../src/kube/proxy.ts'
import { startConnectProxy } from './connect-proxy.ts'

// In all tests, the API server is behind a proxy, and is reached as kubectl and helm reach it.

const authority = createAuthority('cluster')
const other = createAuthority('other')
const user = authority.issue({ commonName: 'jane', names: [], minutes: 60 })

/** An API server that reports its callers, and whose certificate is only for api.example. */
async function startServer(names: string[] = ['api.example']): Promise<{ server: Server; port: number }> {
  const pair = authority.issue({ commonName: 'api', names, minutes: 60 })
  const server = createServer(
    { key: pair.keyPem, cert: pair.certificatePem, ca: authority.certificatePem, requestCert: true },
    (request, response) => {
      const { authorized } = request.socket as TLSSocket
      const { host, authorization } = request.headers
      const received = { authorized, host, authorization, connection: request.socket.remotePort }
      if (request.url?.includes('watch=1')) {
        response.write(`${JSON.stringify({ type: 'ADDED', object: received })}\n`)
      } else response.end(JSON.stringify(received))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

const { port } = await startServer()
const byAddress = await startServer(['127.0.0.1'])
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-proxy-'))
after(() => rm(folder, { recursive: true, force: true }))

type Received = { authorized: boolean; host: string; authorization?: string; connection: number }

async function get(connection: KubeConnection, timeoutMs?: number): Promise<Received> {
  const client = createKubeClient(connection)
  try {
    return await client.request<Received>({ method: 'GET', path: '/version', ...(timeoutMs && { timeoutMs }) })
  } finally {
    client.close()
  }
}

function through(proxy: string): KubeConnection {
  return {
    server: 'https://api.example:6443',
    ca: authority.certificatePem,
    cert: user.certificatePem,
    key: user.keyPem,
    token: () => 'a-token',
    proxy,
  }
}

function kubeconfig(server: string, proxyUrl?: string): string {
  const inBase64 = (text: string): string => Buffer.from(text).toString('base64')
  return JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: {
          server,
          'certificate-authority-data': inBase64(authority.certificatePem),
          ...(proxyUrl && { 'proxy-url': proxyUrl }),
        },
      },
    ],
    users: [
      {
        name: 'u',
        user: {
          'client-certificate-data': inBase64(user.certificatePem),
          'client-key-data': inBase64(user.keyPem),
        },
      },
    ],
  })
}

test('TLS through a proxy is as without one: CA, client certificate and token are for the API server only', async (t) => {
  const proxy = await startConnectProxy(t, port)
  const received = await get(through(`http://127.0.0.1:${proxy.port}`))
  assert.deepEqual(
    [received.authorized, received.host, received.authorization],
    [true, 'api.example:6443', 'Bearer a-token'],
  )
  assert.deepEqual(proxy.targets, ['api.example:6443'])
  assert.doesNotMatch(proxy.requestHeads.join(), /token|acr-nopass/)
  await proxy.left()
})

test("a proxy is not trusted: the certificate must match the API server's name or address, or tls-server-name", async (t) => {
  const proxy = await startConnectProxy(t, port)
  const base = through(`http://127.0.0.1:${proxy.port}`)
  const wrongName = { code: 'KUBE_UNREACHABLE', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' }
  await assert.rejects(get({ ...base, ca: other.certificatePem }), { code: 'KUBE_UNREACHABLE' })
  await assert.rejects(get({ ...base, server: 'https://elsewhere.example' }), wrongName)
  await assert.rejects(get({ ...base, server: 'https://10.0.0.1:6443' }), wrongName)
  await assert.rejects(get({ ...base, server: 'https://[2001:db8::1]:6443' }), wrongName)
  await assert.rejects(get({ ...base, tlsServerName: 'elsewhere.example' }), wrongName)
  const named = await get({ ...base, server: 'https://10.0.0.1:6443', tlsServerName: 'api.example' })
  assert.equal(named.authorized, true)
  assert.deepEqual(proxy.targets, [
    'api.example:6443',
    'elsewhere.example:443',
    '10.0.0.1:6443',
    '[2001:db8::1]:6443',
    'api.example:6443',
    '10.0.0.1:6443',
  ])
  await proxy.left()
  const direct = await startConnectProxy(t, byAddress.port)
  const local = { ...base, server: `https://127.0.0.1:${byAddress.port}`, proxy: `http://127.0.0.1:${direct.port}` }
  assert.equal((await get(local)).authorized, true)
})

test('calls share a tunnel through the proxy, a watch has its own, and both are closed with the client', async (t) => {
  const proxy = await startConnectProxy(t, port)
  const client = createKubeClient(through(`http://127.0.0.1:${proxy.port}`))
  const request = () => client.request<Received>({ method: 'GET', path: '/version' })
  const [one, two] = [await request(), await request()]
  assert.equal(one.connection, two.connection)
  const events: unknown[] = []
  await new Promise<void>((resolve, reject) => {
    client
      .watch({ path: '/api/v1/secrets' }, (event) => {
        events.push(event.type)
        resolve()
      })
      .catch(reject)
  }).finally(() => client.close())
  assert.deepEqual([events, proxy.targets.length], [['ADDED'], 2])
  await proxy.left()
})

test("a proxy's user and password are sent only to the proxy, and appear in no error", async (t) => {
  const proxy = await startConnectProxy(t, port)
  const url = `http://jane:p%40ss%3Aword@127.0.0.1:${proxy.port}`
  await get(through(url))
  assert.deepEqual(proxy.logins, [`Basic ${Buffer.from('jane:p@ss:word').toString('base64')}`])
  for (const status of [407, 403, 502]) {
    proxy.treatment = status
    const error = await get(through(url)).catch((reason) => reason)
    assert.equal(
      error.message,
      `GET /version did not reach api.example:6443: the proxy http://127.0.0.1:${proxy.port} returned ${status}`,
    )
    assert.deepEqual([error.code, error.reason, error.cause], ['KUBE_UNREACHABLE', 'ERR_PROXY_TUNNEL', undefined])
    // Node leaves the connection to the proxy open.
    await proxy.left()
  }
  const unreachable = await get({ ...through('http://jane:secret@127.0.0.1:1') }).catch((reason) => reason)
  assert.equal(unreachable.message, 'GET /version did not reach api.example:6443 through the proxy http://127.0.0.1:1')
  assert.equal(unreachable.reason, 'ECONNREFUSED')
  assert.doesNotMatch(
    `${unreachable.stack} ${unreachable.cause.stack} ${JSON.stringify(unreachable.cause)}`,
    /secret|jane/,
  )
})

for (const treatment of ['stall', 'stall-tls'] as const) {
  test(`a proxy that stops responding (${treatment}) is a timeout, and its connections are closed with the client`, async (t) => {
    const proxy = await startConnectProxy(t, port)
    proxy.treatment = treatment
    await assert.rejects(get(through(`http://127.0.0.1:${proxy.port}`), 100), { code: 'KUBE_TIMEOUT' })
    await proxy.left()
    assert.equal(proxy.targets.length, 1)
  })

  test(`a tunnel that is not open after 30 s (${treatment}) is closed, although the client stays in use`, async (t) => {
    const proxy = await startConnectProxy(t, port)
    proxy.treatment = treatment
    mock.timers.enable({ apis: ['setTimeout'] })
    const client = createKubeClient(through(`http://127.0.0.1:${proxy.port}`))
    t.after(() => {
      mock.timers.reset()
      client.close()
    })
    const call = client.request({ method: 'GET', path: '/version', timeoutMs: 60_000 })
    while (proxy.targets.length === 0) await new Promise(setImmediate)
    mock.timers.tick(30_000)
    await proxy.left()
    mock.timers.tick(30_000)
    await assert.rejects(call, { code: 'KUBE_TIMEOUT' })
  })
}

test('without TLS no proxy is used', () => {
  const connection = { server: 'http://127.0.0.1:8080', proxy: 'http://proxy.example:3128' }
  assert.throws(() => createKubeClient(connection), { code: 'KUBE_CONNECTION' })
})

test('proxy-url of the kubeconfig takes precedence over the environment, whatever NO_PROXY contains', async (t) => {
  const proxy = await startConnectProxy(t, port)
  const environment = { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' }
  const url = `http://127.0.0.1:${proxy.port}`
  const source = { text: kubeconfig('https://api.example:6443', url), environment }
  await get(await kubeconfigConnection(source))
  assert.deepEqual(proxy.targets, ['api.example:6443'])
  const file = join(folder, 'kubeconfig')
  await writeFile(file, kubeconfig('https://127.0.0.1:6443', url))
  assert.equal((await kubeconfigConnection({ file, environment })).proxy, `${url}/`)
})

test('without proxy-url the environment is used, in both spellings, except for hosts in NO_PROXY', async (t) => {
  const proxy = await startConnectProxy(t, port)
  const url = `http://127.0.0.1:${proxy.port}`
  const text = kubeconfig('https://api.example:6443')
  for (const environment of [{ HTTPS_PROXY: url }, { https_proxy: `127.0.0.1:${proxy.port}` }]) {
    await get(await kubeconfigConnection({ text, environment }))
  }
  assert.deepEqual(proxy.targets, ['api.example:6443', 'api.example:6443'])
  const environment = { HTTPS_PROXY: url, NO_PROXY: '10.0.0.0/8,.example' }
  assert.equal((await kubeconfigConnection({ text, environment })).proxy, undefined)
  const local = kubeconfig(`https://127.0.0.1:${byAddress.port}`)
  await get(await kubeconfigConnection({ text: local, environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } }))
})

test('in a Pod no proxy is used for the API server of its own cluster', async () => {
  await writeFile(join(folder, 'ca.crt'), authority.certificatePem)
  await writeFile(join(folder, 'token'), 'of-the-pod')
  const environment = {
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    HTTPS_PROXY: 'http://proxy.example:3128',
  }
  assert.equal(inClusterConnection(folder, environment).proxy, undefined)
})

const API = 'https://api.example:6443'

test('the environment is read as in Go: upper case first, only HTTPS_PROXY for https', () => {
  const choices: readonly (readonly [Readonly<Record<string, string>>, string | undefined])[] = [
    [{}, undefined],
    [{ HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1' }, 'http://a:1/'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://b:1' }, 'http://b:1/'],
    [{ HTTPS_PROXY: 'a:1' }, 'http://a:1/'],
    [{ HTTPS_PROXY: 'https://a' }, 'https://a/'],
    [{ HTTPS_PROXY: 'HTTP://a' }, 'http://a/'],
    [{ HTTP_PROXY: 'http://a:1', http_proxy: 'http://a:1', ALL_PROXY: 'http://a:1' }, undefined],
    [{ HTTPS_PROXY: 'http://a:1', NO_PROXY: 'other', no_proxy: 'example' }, 'http://a:1/'],
    [{ HTTPS_PROXY: 'http://a:1', NO_PROXY: '', no_proxy: 'example' }, undefined],
  ]
  for (const [environment, expected] of choices) assert.equal(chooseProxy(API, '', environment), expected)
  assert.equal(
    chooseProxy('http://api.example', undefined, { HTTP_PROXY: 'http://a', HTTPS_PROXY: 'http://a' }),
    undefined,
  )
  assert.equal(chooseProxy('no URL', undefined, { HTTPS_PROXY: 'http://a' }), undefined)
})

test('a proxy that is not HTTP is rejected by name, with an alternative and without its password', () => {
  const refused = (proxyUrl: string | undefined, environment = {}): string => {
    try {
      chooseProxy(API, proxyUrl, environment)
    } catch (error) {
      if (error instanceof NopassError) return `${error.code}: ${error.message}\n${error.hint}`
    }
    return 'no error'
  }
  const ofFile = refused('socks5://jane:secret@proxy.example:1080')
  assert.match(ofFile, /^KUBE_CONNECTION: the kubeconfig's proxy-url has the scheme socks5, .*\n.*SOCKS5.*NO_PROXY/)
  const ofEnvironment = refused(undefined, { HTTPS_PROXY: 'socks5h://jane:secret@proxy.example' })
  assert.match(ofEnvironment, /^KUBE_CONNECTION: HTTPS_PROXY has the scheme socks5h/)
  const broken = [
    'http://jane:secret@',
    'http://jane:secret%zz@proxy',
    'jane:secret@proxy.example:3128',
    'ftp://jane:secret@p',
  ]
  const messages = [ofFile, ofEnvironment, ...broken.map((url) => refused(url))]
  for (const message of messages) {
    assert.match(message, /^KUBE_CONNECTION: /)
    assert.doesNotMatch(message, /secret|jane:/)
  }
  assert.equal(chooseProxy(API, undefined, { HTTPS_PROXY: 'socks5://p', NO_PROXY: 'api.example' }), undefined)
})

/**
 * NO_PROXY, server, whether a proxy is used: the results of `Config.ProxyFunc` in
 * golang.org/x/net/http/httpproxy v0.60.0 (used by helm 4). The rules are in the doc of
 * `Config.NoProxy`.
 */
const GO_ANSWERS: readonly (readonly [string, string, boolean])[] = [
  ['', 'https://api.example:6443', true],
  ['*', 'https://api.example:6443', false],
  ['other.test, *', 'https://10.0.0.1', false],
  ['example', 'https://api.example:6443', false],
  ['api.example', 'https://api.example:6443', false],
  ['API.Example', 'https://api.example:6443', false],
  [' api.example , x', 'https://api.example:6443', false],
  ['pi.example', 'https://api.example:6443', true],
  ['.example', 'https://api.example:6443', false],
  ['.api.example', 'https://api.example:6443', true],
  ['*.example', 'https://api.example:6443', false],
  ['*.api.example', 'https://api.example:6443', true],
  ['api.example:6443', 'https://api.example:6443', false],
  ['api.example:443', 'https://api.example:6443', true],
  ['api.example:443', 'https://api.example', false],
  ['example:6443', 'https://api.example:6443', false],
  ['.example:6443', 'https://api.example:6443', false],
  ['api.example:', 'https://api.example:6443', false],
  [':6443', 'https://api.example:6443', true],
  ['https://api.example', 'https://api.example:6443', true],
  ['api.example/', 'https://api.example', true],
  ['10.0.0.1', 'https://10.0.0.1:6443', false],
  ['10.0.0.1:6443', 'https://10.0.0.1:6443', false],
  ['10.0.0.1:443', 'https://10.0.0.1:6443', true],
  ['10.0.0.2', 'https://10.0.0.1:6443', true],
  ['10.0.0.0/8', 'https://10.1.2.3:6443', false],
  ['10.0.0.0/8', 'https://11.1.2.3:6443', true],
  ['10.9.9.9/8', 'https://10.1.2.3', false],
  ['10.0.0.0/33', 'https://10.1.2.3', true],
  ['10.0.0.0/8:6443', 'https://10.1.2.3:6443', true],
  ['10.0.0.0/8', 'https://api.example', true],
  ['0.0.0.0/0', 'https://10.1.2.3', false],
  ['0.0.0.0/0', 'https://[2001:db8::1]:6443', true],
  ['10.0.0.1-10.0.0.9', 'https://10.0.0.1', true],
  ['10.*', 'https://10.0.0.1', true],
  ['10.', 'https://10.0.0.1', true],
  ['0.0.1', 'https://10.0.0.1', true],
  ['.1', 'https://10.0.0.1', true],
  ['2001:db8::1', 'https://[2001:db8::1]:6443', false],
  ['2001:DB8:0::1', 'https://[2001:db8::1]:6443', false],
  ['[2001:db8::1]', 'https://[2001:db8::1]:6443', true],
  ['[2001:db8::1]:6443', 'https://[2001:db8::1]:6443', false],
  ['[2001:db8::1]:443', 'https://[2001:db8::1]:6443', true],
  ['2001:db8::/32', 'https://[2001:db8::1]:6443', false],
  ['2001:db9::/32', 'https://[2001:db8::1]:6443', true],
  ['10.0.0.0/8', 'https://[::ffff:10.0.0.1]:6443', false],
  ['10.0.0.1', 'https://[::ffff:10.0.0.1]:6443', false],
  ['fe80::1%eth0', 'https://[2001:db8::1]', true],
  ['', 'https://localhost:6443', false],
  ['', 'https://127.0.0.1:6443', false],
  ['', 'https://127.9.9.9', false],
  ['', 'https://[::1]:6443', false],
  ['', 'https://[::ffff:127.0.0.1]', false],
  ['', 'https://localhost.example', true],
  ['', 'https://a.localhost', true],
  ['api.example.', 'https://api.example', true],
  ['api.example', 'https://api.example.', true],
  ['bücher.example', 'https://xn--bcher-kva.example', false],
  ['xn--bcher-kva.example', 'https://bücher.example', false],
  [',,', 'https://api.example', true],
  ['[]', 'https://api.example', true],
  ['[]:1', 'https://api.example', true],
  ['*.', 'https://api.example', true],
  ['*example', 'https://api.example', true],
  ['**', 'https://api.example', true],
  ['a*', 'https://api.example', true],
  ['api.example;b', 'https://api.example', true],
  ['b api.example', 'https://api.example', true],
  ['10.0.0.0/08', 'https://10.1.2.3', false],
  ['10.0.0.0/', 'https://10.1.2.3', true],
  ['010.0.0.1', 'https://10.0.0.1', true],
  ['[api.example]:6443', 'https://api.example:6443', false],
  ['::ffff:10.0.0.1', 'https://10.0.0.1', false],
]

test('NO_PROXY has the same meaning as in kubectl and helm', () => {
  const ours = GO_ANSWERS.map(([noProxy, server]) => {
    const proxy = chooseProxy(server, undefined, { HTTPS_PROXY: 'http://p:1', NO_PROXY: noProxy })
    return [noProxy, server, proxy !== undefined]
  })
  assert.deepEqual(ours, GO_ANSWERS)
})
