import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ClusterDetail } from '../../src/alibaba/cs.ts'
import type { NopassError } from '../../src/errors.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import type { ClusterWork } from '../../src/rollout/cluster/cluster-run.ts'
import { checkAckServer, connectCluster } from '../../src/rollout/connect/connect-cluster.ts'
import type { ClusterSettings } from '../../src/rollout/inputs/settings.ts'
import { json, KEY, scripted } from '../alibaba/scripted-transport.ts'

// The address of a load balancer is a host: @alicloud/cs20151215 7.2.0,
// DescribeClusterDetailResponseBodyControlPlaneEndpointsConfigLoadBalancersConfig, `endpoint`. It
// is documented nowhere whether a kubeconfig names the host or the IP of master_url.
const NLB = 'nlb-0ogk9aaxxxxxxx.cn-hangzhou.nlb.aliyuncsslb.com'

const check = (server: string, loadBalancers: readonly string[], expect: ClusterSettings['expect'] = {}) =>
  checkAckServer(
    {
      clusterId: 'c1',
      apiServer: ['https://1.2.3.4:6443', 'https://10.0.0.1:6443', ...loadBalancers],
    } as unknown as ClusterDetail,
    { server } as KubeConnection,
    { expect } as ClusterSettings,
  )

for (const { server, loadBalancers = [NLB] } of [
  { server: 'https://1.2.3.4:6443', loadBalancers: [] },
  { server: 'https://10.0.0.1:6443' },
  { server: `https://${NLB}:6443` },
  { server: `https://${NLB}` },
  { server: `https://${NLB}:6443`, loadBalancers: [`${NLB}:6443`] },
  { server: `https://${NLB}:6443`, loadBalancers: [`https://${NLB}:6443`] },
  { server: `https://${NLB}:6443`, loadBalancers: ['other', NLB.toUpperCase()] },
  { server: 'https://10.0.0.9:6443', loadBalancers: ['10.0.0.9'] },
]) {
  test(`${server} is the API server that ACK knows at ${loadBalancers.join() || 'master_url'}`, () => {
    assert.deepEqual(check(server, loadBalancers), [])
  })
}

for (const [server, loadBalancers] of [
  ['https://evil.example:6443', [NLB]],
  [`https://${NLB}.evil.example:6443`, [NLB]],
  [`https://${NLB}:6444`, [`${NLB}:6443`]],
  [`http://${NLB}:6443`, [`https://${NLB}:6443`]],
  ['https://1.2.3.4:6444', []],
] as const) {
  test(`${server} is not the API server that ACK knows, and is allowed only by the identity of the cluster in \`expect\`, with a note`, () => {
    assert.throws(() => check(server, loadBalancers), { code: 'CLUSTER_MISMATCH', hint: /expect\.kubeSystemUid/ })
    assert.throws(() => check(server, loadBalancers, { server }), { code: 'CLUSTER_MISMATCH' })
    for (const expect of [{ kubeSystemUid: 'u' }, { caSha256: 'f' }]) {
      const [note, ...more] = check(server, loadBalancers, expect)
      assert.match(note ?? '', /^the kubeconfig of c1 points at .*, but ACK lists the API server at /)
      assert.deepEqual(more, [])
    }
  })
}

/**
 * `master_url`: DescribeClusterDetailResponseBody of @alicloud/cs20151215. It is not documented
 * which public kubeconfig ACK returns for such a cluster.
 */
const connectAck = (masters: object, privateEndpoint: boolean) => {
  const kubeconfig = { config: 'not a kubeconfig' }
  const { transport, sent } = scripted([
    json(200, { cluster_id: 'c1', master_url: JSON.stringify(masters) }),
    json(200, kubeconfig),
  ])
  const cs = () => ({ transport, endpoint: new URL('https://cs.example'), credentials: KEY })
  const settings = { name: 'c', access: { kind: 'ack', clusterId: 'c1', region: 'r', privateEndpoint }, expect: {} }
  const folder = { write: async () => '/nowhere/kubeconfig' }
  const context = {
    cloud: { cs },
    folder,
    mask: () => undefined,
    helm: { environment: {} },
    settings: { inputs: { timeout: '5m' } },
  }
  const work = { cluster: { name: 'c', settings }, context, signal: AbortSignal.timeout(60_000) }
  return { sent, connected: connectCluster(work as unknown as ClusterWork) }
}

test('a cluster without a public endpoint is refused with this reason before a kubeconfig is requested', async () => {
  for (const masters of [
    { intranet_api_server_endpoint: 'https://10.0.22.182:6443' },
    { intranet_api_server_endpoint: 'https://10.0.22.182:6443', api_server_endpoint: '' },
  ]) {
    const { sent, connected } = connectAck(masters, false)
    await assert.rejects(connected, {
      code: 'CLUSTER_PRIVATE',
      message: 'the API server of c1 has no public endpoint',
      hint: /`private-endpoint: true`.*in the cluster's VPC/,
    })
    assert.equal(sent.length, 1)
  }
})

test('a kubeconfig is requested with the private endpoint, with a public endpoint, and if ACK lists no address', async () => {
  const intranet = { intranet_api_server_endpoint: 'https://10.0.22.182:6443' }
  for (const { masters, isPrivate } of [
    { masters: intranet, isPrivate: true },
    { masters: { ...intranet, api_server_endpoint: 'https://8.8.8.8:6443' }, isPrivate: false },
    { masters: {}, isPrivate: false },
  ]) {
    const { sent, connected } = connectAck(masters, isPrivate)
    await assert.rejects(connected, ({ code }: NopassError) => code !== 'CLUSTER_PRIVATE')
    assert.equal(sent[1]?.url.searchParams.get('PrivateIpAddress'), String(isPrivate))
  }
})

test('an address that is no URL is not the API server that ACK knows', () => {
  assert.throws(() => check('no url', ['no url']), { code: 'CLUSTER_MISMATCH' })
})

test('if ACK lists no address, there is nothing to compare', () => {
  const detail = { clusterId: 'c1', apiServer: [] } as unknown as ClusterDetail
  const connection = { server: 'https://any.example' } as KubeConnection
  assert.deepEqual(checkAckServer(detail, connection, { expect: {} } as ClusterSettings), [])
})

interface Scene {
  readonly access: object
  readonly settings?: object
  readonly cloud?: object
  readonly hooks?: number
  /** The UID of kube-system that the API server has. */
  readonly uid?: string
}

/** Connects to an API server in memory. `access` and `cloud` are given its address. */
async function connect(t: TestContext, scene: (url: string, config: object) => Scene) {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-connect-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  let uid = 'u'
  const agents = new Set<unknown>()
  const server = createServer((request, response) => {
    agents.add(request.headers['user-agent'])
    response.end(`{"gitVersion":"v1.37.2","metadata":{"name":"kube-system","uid":"${uid}"}}`)
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = {
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'token-of-text' } }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u' } },
      { name: 'broken', context: { cluster: 'absent', user: 'u' } },
    ],
    'current-context': 'broken',
  }
  const { access, settings, cloud, hooks, ...more } = scene(url, config)
  uid = more.uid ?? uid
  const written: Record<string, string> = {}
  const masked: string[] = []
  const context = {
    cloud,
    mask: (secret: string) => masked.push(secret),
    helm: { environment: {} },
    settings: { inputs: { timeout: '5m' } },
    folder: {
      write: async (name: string, text: string) => {
        written[name] = text
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      },
    },
  }
  const cluster = { name: 'prod', release: 'r', namespace: 'n', access, expect: {}, ...settings }
  const work = { cluster: { name: 'prod', settings: cluster }, context, signal: AbortSignal.timeout(60_000) }
  const connecting = connectCluster(work as unknown as ClusterWork, hooks)
  connecting.then(({ client }) => t.after(() => client.close())).catch(() => undefined)
  return { connecting, written, masked, folder, agents }
}

test('a kubeconfig from a variable is written for helm, and its context is used', async (t) => {
  for (const [hooks, name] of [
    [0, 'prod.kubeconfig'],
    [2, 'prod.hooks.kubeconfig'],
  ] as const) {
    const { connecting, written, masked, folder, agents } = await connect(t, (_url, config) => ({
      access: { kind: 'kubeconfig-text', text: JSON.stringify(config), from: 'KUBE', context: 'x' },
      hooks,
    }))
    const { target, detail, notes, identity } = await connecting
    assert.deepEqual(target, { release: 'r', namespace: 'n', kubeconfig: join(folder, name), context: 'x' })
    assert.deepEqual([detail, notes, identity.kubeSystemUid], [undefined, [], 'u'])
    assert.deepEqual(Object.keys(written), [name])
    assert.deepEqual([[...new Set(masked)], [...agents]], [['token-of-text'], ['acr-nopass-action']])
  }
})

test('a kubeconfig of ACK is requested for as long as the rollout takes, and masked before it is used', async (t) => {
  let sent: readonly { readonly url: URL }[] = []
  const { connecting, masked, written } = await connect(t, (url, config) => {
    const scene = scripted([
      json(200, { cluster_id: 'c1', master_url: JSON.stringify({ api_server_endpoint: url }) }),
      json(200, { config: JSON.stringify({ ...config, 'current-context': 'x' }) }),
    ])
    sent = scene.sent
    const cs = () => ({ transport: scene.transport, endpoint: new URL('https://cs.example'), credentials: KEY })
    return { access: { kind: 'ack', clusterId: 'c1', region: 'r', privateEndpoint: false }, cloud: { cs }, hooks: 1 }
  })
  const { detail, notes, target } = await connecting
  assert.deepEqual([detail?.clusterId, notes, target.context], ['c1', [], undefined])
  assert.deepEqual([Object.keys(written), [...new Set(masked)]], [['prod.hooks.kubeconfig'], ['token-of-text']])
  // As long as a chart with one hook may take.
  assert.equal(sent[1]?.url.searchParams.get('TemporaryDurationMinutes'), '50')
})

test('another cluster than the entry expects is refused', async (t) => {
  const access = (config: object) => ({
    kind: 'kubeconfig-text',
    text: JSON.stringify(config),
    from: 'K',
    context: 'x',
  })
  const { connecting } = await connect(t, (_url, config) => ({
    access: access(config),
    settings: { expect: { kubeSystemUid: 'v' } },
  }))
  await assert.rejects(connecting, { code: 'CLUSTER_MISMATCH' })
  const same = await connect(t, (_url, config) => ({
    access: access(config),
    settings: { expect: { kubeSystemUid: 'v' } },
    uid: 'v',
  }))
  assert.equal((await same.connecting).identity.kubeSystemUid, 'v')
})

test('credentials of another account than the entry names are refused before anything is read', async (t) => {
  const cloud = { caller: async () => ({ accountId: '1001' }) }
  const scene = (account: string) =>
    connect(t, (_url, config) => ({
      access: { kind: 'kubeconfig-text', text: JSON.stringify(config), from: 'K', context: 'x' },
      settings: { account },
      cloud,
    }))
  const other = await scene('1002')
  await assert.rejects(other.connecting, {
    code: 'CLUSTER_MISMATCH',
    message: 'the credentials belong to account 1001, but 1002 is expected',
    hint: /^Correct `account`, `deployRole` or the credentials of the job\. Nothing was written\.$/,
  })
  assert.deepEqual([other.written, [...other.agents]], [{}, []])
  assert.equal((await (await scene('1001')).connecting).identity.kubeSystemUid, 'u')
})

test('a token that is read from a file is masked before it is used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-connect-'))
  const masked = new Set<string>()
  const server = createServer((_request, response) => {
    assert.deepEqual([...masked], ['token-of-a-file'])
    response.writeHead(403).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const file = join(folder, 'kubeconfig')
    writeFileSync(join(folder, 'token'), 'token-of-a-file')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const config = {
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { 'auth-provider': { name: 'x', config: { tokenFile: join(folder, 'token') } } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    writeFileSync(file, JSON.stringify(config))
    const settings = { name: 'c', access: { kind: 'kubeconfig-file', file }, expect: {} } as unknown as ClusterSettings
    const context = { mask: (secret: string) => masked.add(secret), helm: { environment: {} } }
    const work = { cluster: { name: 'c', settings }, context, signal: AbortSignal.timeout(60_000) }
    await assert.rejects(connectCluster(work as unknown as ClusterWork))
    assert.equal(masked.size, 1)
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test("a rollout uses the API server's clock, whatever the runner's clock says", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-clock-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const behindMs = 7 * 3_600_000
  const server = createServer((_request, response) => {
    response.setHeader('Date', new Date(Date.now() - behindMs).toUTCString())
    response.end('{"gitVersion":"v1.37.2","metadata":{"name":"kube-system","uid":"u"}}')
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const file = join(folder, 'kubeconfig')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = {
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(file, JSON.stringify(config))
  const settings = { name: 'c', access: { kind: 'kubeconfig-file', file }, expect: {} }
  const context = { mask: () => undefined, helm: { environment: {} } }
  const work = { cluster: { name: 'c', settings }, context, signal: AbortSignal.timeout(60_000) }
  const { client, now } = await connectCluster(work as unknown as ClusterWork)
  t.after(() => client.close())
  assert.equal(Math.round((Date.now() - now()) / 60_000), behindMs / 60_000)
})
