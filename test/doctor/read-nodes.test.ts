import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNodes } from '../../src/doctor/read/read-nodes.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { expectConfigs } from '../../src/node/expected-configs.ts'
import { answeringReader } from './answering-reader.ts'
import { fixture, NOW } from './fixture.ts'

const { release } = fixture()
const expected = expectConfigs(release?.config?.registries ?? [])
const hashOf = (identity: string): string => {
  return [...(expected?.identities ?? [])].find(([, one]) => one === identity)?.[0] ?? ''
}
const metrics = (hash: string | undefined, calls = 0): string =>
  [
    '# HELP kubelet_node_name',
    'kubelet_node_name{node="n"} 1',
    ...(hash === undefined ? [] : [`kubelet_credential_provider_config_info{hash="${hash}"} 1`]),
    ...(calls > 0
      ? [`kubelet_credential_provider_plugin_duration_count{plugin_name="acr-nopass-provider"} ${calls}`]
      : []),
    '',
  ].join('\n')

const object = (name: string, version = 'v1.37.2', labels: Record<string, string> = {}, ready = 'True') => ({
  metadata: { name, uid: name, resourceVersion: '1', labels },
  status: { nodeInfo: { kubeletVersion: version }, conditions: [{ type: 'Ready', status: ready }] },
})

interface Cluster {
  readonly nodes: readonly object[]
  /** Metrics by node; an error is thrown. */
  readonly metrics?: Readonly<Record<string, string | Error>>
  readonly grants?: boolean
  readonly may?: boolean
  readonly log?: string
  readonly remaining?: number
}

const denied = () => new KubeApiError(403, 'GET /x returned 403: nodes "n1" is forbidden')

function read(cluster: Cluster, { isReadOnly = false, only }: { isReadOnly?: boolean; only?: string } = {}) {
  const respond = ({ path, body }: KubeCall): unknown => {
    const answer = respondTo(cluster, path, body)
    if (answer instanceof Error) throw answer
    return answer
  }
  const { reader, calls } = answeringReader(respond)
  const rules = { expectConfigs, now: NOW, isReadOnly }
  return { facts: readNodes(reader, release, rules, only), calls, reader }
}

function respondTo(cluster: Cluster, path: string, body: unknown): unknown {
  const [, kubelet, what] = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/(metrics|logs)/.exec(path) ?? []
  if (kubelet !== undefined) {
    if (what === 'logs') return cluster.log ?? '<pre></pre>'
    return cluster.metrics?.[kubelet] ?? new KubeApiError(503, 'the kubelet does not respond')
  }
  if (path === '/api/v1/nodes') {
    return { metadata: { remainingItemCount: cluster.remaining }, items: cluster.nodes }
  }
  if (path.startsWith('/api/v1/nodes/')) return cluster.nodes[0]
  if (path.includes('/clusterroles/')) {
    assert.match(path, /\/acr-nopass\.acr-nopass\.acr-nopass\.node-audience$/)
    return cluster.grants ? {} : new KubeApiError(404, 'not found')
  }
  if (path.endsWith('/leases')) {
    const managedFields = [{ time: '2026-03-01T12:00:00Z' }]
    return { items: [{ metadata: { name: 'n1', managedFields }, spec: { renewTime: '2026-03-01T12:05:00.000000Z' } }] }
  }
  const { resourceAttributes } = (body as { spec: { resourceAttributes: { verb: string } } }).spec
  return { status: { allowed: resourceAttributes.verb !== '*' && cluster.may } }
}

test('each node is told by the hash that its kubelet reports', async () => {
  const all = {
    n1: metrics(hashOf('worker-role'), 3),
    n2: metrics(hashOf('service-account')),
    n3: metrics(`sha256:${'0'.repeat(64)}`),
    n4: metrics(undefined),
    n5: metrics(undefined, 2),
    n6: 'another program',
  }
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n6'].map((name) => object(name))
  const virtual = object('eci', 'v1.37.2', { type: 'virtual-kubelet' })
  const { facts, reader } = read({
    nodes: [...nodes, object('n5', 'v1.30.1'), virtual, object('n7', 'v1.37.2', {}, 'Unknown')],
    metrics: all,
    may: true,
  })
  assert.deepEqual(
    (await facts)?.nodes.map(({ name, config, identity, calls }) => [name, config, identity, calls]),
    [
      ['n1', 'ours', 'worker-role', 3],
      ['n2', 'ours', 'service-account', 0],
      ['n3', 'other', undefined, 0],
      ['n4', 'none', undefined, 0],
      ['n6', undefined, undefined, 0],
      ['n5', undefined, undefined, 2],
      ['eci', 'none', undefined, 0],
      ['n7', undefined, undefined, 0],
    ],
  )
  assert.equal((await facts)?.mayRequestTokens, true)
  assert.equal((await facts)?.nodes[0]?.aheadMs, 300_000)
  assert.deepEqual(reader.unread, [
    { what: 'Whether these nodes pull without a Secret: n6', why: 'its metrics are not those of a kubelet' },
  ])
})

test('without the right to read kubelets nothing is said, unless the chart shows that nodes pull', async () => {
  const nodes = [object('n1'), object('n2')]
  const all = { n1: denied(), n2: denied() }
  const quiet = read({ nodes, metrics: all })
  assert.deepEqual(
    (await quiet.facts)?.nodes.map(({ config }) => config),
    [undefined, undefined],
  )
  assert.deepEqual(quiet.reader.unread, [])
  const noted = read({ nodes, metrics: all, grants: true })
  await noted.facts
  assert.deepEqual(noted.reader.unread, [
    {
      what: 'Whether these nodes pull without a Secret: n1, n2',
      why: 'you lack the right (nodes "n1" is forbidden)',
    },
  ])
})

test('a check that writes nothing does not review the rights of nodes', async () => {
  const cluster = { nodes: [object('n1')], metrics: { n1: metrics(hashOf('service-account')) }, may: false }
  assert.equal((await read(cluster).facts)?.mayRequestTokens, false)
  const { facts, calls } = read(cluster, { isReadOnly: true })
  assert.equal((await facts)?.mayRequestTokens, undefined)
  assert.deepEqual([...new Set(calls.map(({ method }) => method))], ['GET'])
})

test('of a large cluster the rest is listed as not read', async () => {
  const { facts, reader, calls } = read({
    nodes: [object('n1')],
    metrics: { n1: metrics(hashOf('worker-role')) },
    remaining: 40,
  })
  assert.equal((await facts)?.more, 40)
  assert.equal(reader.unread[0]?.why, '40 more nodes were not read')
  assert.equal(calls.find(({ path }) => path === '/api/v1/nodes')?.query?.limit, 100)
})

test('for one Pod only its node is read', async () => {
  const { facts, calls } = read({ nodes: [object('n1')], metrics: { n1: metrics(undefined) } }, { only: 'n1' })
  assert.deepEqual(
    (await facts)?.nodes.map(({ name, config }) => [name, config]),
    [['n1', 'none']],
  )
  assert.ok(!calls.some(({ path }) => path === '/api/v1/nodes'))
})

test('a release without a registry that nodes can use reads no node', async () => {
  const { reader, calls } = answeringReader(() => assert.fail())
  const rules = { expectConfigs: () => undefined, now: NOW, isReadOnly: false }
  assert.equal(await readNodes(reader, release, rules), undefined)
  assert.equal(await readNodes(reader, undefined, { ...rules, expectConfigs }), undefined)
  assert.deepEqual(calls, [])
})
