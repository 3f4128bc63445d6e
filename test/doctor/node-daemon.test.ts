import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { DaemonFacts, Observed } from '../../src/doctor/observed.ts'
import { readDaemon } from '../../src/doctor/read/read-daemon.ts'
import type { StopMark } from '../../src/installation/stop-mark.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { NODE_STOP_ANNOTATION } from '../../src/kube/names.ts'
import { answeringReader } from './answering-reader.ts'
import { testFindings } from './finding-table.ts'
import { account, fixture, stuckPod } from './fixture.ts'

const PLACE = { namespace: 'acr-nopass-node', name: 'acr-nopass-node' }
const MARK: StopMark = {
  node: 'n1',
  config: 'c1',
  why: 'NODE_UNDONE: the kubelet was not healthy with the new configuration',
  at: '2026-03-01T11:00:00.000Z',
}
const OLDER = '2026-03-01T10:58:00Z'
const NEWER = '2026-03-01T11:30:00Z'
const ALL = { isProcessed: true, nodes: 3, created: 3, done: 3 }
const SOME = { ...ALL, done: 1 }
const LEFT = [
  { name: 'n1', since: OLDER },
  { name: 'n2', since: OLDER },
]

function observed(change: Partial<DaemonFacts>, more: Parameters<typeof fixture>[0] = {}): Observed {
  return fixture({ daemon: { ...PLACE, progress: ALL, stop: 'none', waiting: undefined, ...change }, ...more })
}

const DAEMON = 'DaemonSet acr-nopass-node/acr-nopass-node'
const unread = [{ what: 'a part', why: 'you lack the right' }]

testFindings([
  { title: 'every node of the DaemonSet is finished', observed: observed({}), finds: [], healthy: true },
  {
    title: 'a node undid its change and stopped the nodes that wait',
    observed: observed({ progress: SOME, stop: MARK, waiting: LEFT }),
    finds: [['error', 'NODE_STOPPED', 'node n1']],
    says: 'it undid its change, so no further node is changed with the same values; not ready: n1, n2',
    message:
      /at 2026-03-01T11:00:00\.000Z: NODE_UNDONE: the kubelet was not healthy with the new configuration\.\n.*other values are not stopped.*\nkubectl -n acr-nopass-node annotate lease acr-nopass-node acr-nopass\.io\/node-stopped-$/,
    healthy: false,
  },
  {
    title: 'a node that could not undo its change is to be repaired first, and is not called undone',
    observed: observed({ progress: SOME, stop: { ...MARK, why: 'NODE_UNDO: not restored: /etc/x' }, waiting: LEFT }),
    finds: [['error', 'NODE_STOPPED', 'node n1']],
    says: 'it could not undo its change, so no further node is changed with the same values; not ready: n1, n2',
    message:
      /could not undo its change on this node.*NODE_UNDO: not restored: \/etc\/x\.\nRepair this node first: .*copies are/,
    healthy: false,
  },
  {
    title: 'Pods that are newer than the mark may have corrected values',
    observed: observed({ progress: SOME, stop: MARK, waiting: LEFT.map((one) => ({ ...one, since: NEWER })) }),
    finds: [['warning', 'NODE_STOPPED', 'node n1']],
    message: /The values may be others now: the log of the Pods shows/,
    healthy: null,
  },
  {
    title: 'a mark and Pods without a time are not compared',
    observed: observed({
      progress: SOME,
      stop: { ...MARK, node: '', at: '', why: '' },
      waiting: [{ name: 'n2', since: undefined }],
    }),
    finds: [['warning', 'NODE_STOPPED', 'a node without a name']],
    message: /at an unknown time: no reason is known\./,
    healthy: null,
  },
  {
    title: 'with a mark, and without the right to read the DaemonSet, it is not known whether nodes wait',
    observed: observed({ progress: undefined, stop: MARK }, { unread }),
    finds: [['warning', 'NODE_STOPPED', 'node n1']],
    says: 'it undid its change, so no further node is changed with the same values',
    healthy: null,
  },
  {
    title: 'every node is finished, and the mark of an earlier failure is left',
    observed: observed({ stop: MARK }),
    finds: [['info', 'NODE_STOPPED', 'node n1']],
    says: 'it undid its change; every node is finished now, but the mark still stops that change on other nodes',
    message: /remove the mark with the command\. Otherwise a new node may not be changed\./,
    healthy: true,
  },
  {
    title: 'a mark that cannot be read stops every node',
    observed: observed({ progress: SOME, stop: 'unreadable', waiting: LEFT }),
    finds: [['error', 'NODE_STOPPED', 'Lease acr-nopass-node/acr-nopass-node']],
    says: 'its mark of a stopped node cannot be read, so no node is changed; not ready: n1, n2',
    message: /acr-nopass\.io\/node-stopped was not written by the DaemonSet/,
    healthy: false,
  },
  {
    title: 'a mark that cannot be read will stop the next node',
    observed: observed({ stop: 'unreadable' }),
    finds: [['warning', 'NODE_STOPPED', 'Lease acr-nopass-node/acr-nopass-node']],
    says: 'its mark of a stopped node cannot be read, so no node is changed',
  },
  {
    title: 'nodes of the DaemonSet are not finished',
    observed: observed({ progress: SOME, waiting: LEFT }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'nodes: 1 of 3 are ready; not ready: n1, n2',
    message: /one at a time.*\nWait.*\nkubectl -n acr-nopass-node logs daemonset\/acr-nopass-node --all-pods --tail=5$/,
    healthy: null,
  },
  {
    title: 'without the right to read Pods, unfinished nodes are counted',
    observed: observed({ progress: SOME }, { unread }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'nodes: 1 of 3 are ready',
    healthy: null,
  },
  {
    title: 'without the right to read the Lease, unfinished nodes are still reported',
    observed: observed({ progress: SOME, stop: undefined, waiting: LEFT }, { unread }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
  },
  {
    title: 'Pods of the DaemonSet cannot be created',
    observed: observed({ progress: { ...SOME, created: 1 }, waiting: [] }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'nodes: 1 of 3 are ready',
    message: /^2 Pods could not be created: [\s\S]*\nkubectl -n acr-nopass-node describe daemonset acr-nopass-node$/,
  },
  {
    title: 'one Pod of the DaemonSet cannot be created',
    observed: observed({ progress: { ...SOME, created: 2 }, waiting: [] }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    message: /^1 Pod could not be created: /,
  },
  {
    title: 'Pods that are missing before the last change is processed are no failure yet',
    observed: observed({ progress: { ...SOME, isProcessed: false, created: 1 }, waiting: [] }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'its last change was not processed yet',
    message: /^A Pod is ready when [\s\S]*\nkubectl -n acr-nopass-node logs daemonset/,
  },
  {
    title: 'one Pod that is older than the mark shows that its values are stopped',
    observed: observed({
      progress: SOME,
      stop: MARK,
      waiting: [
        { name: 'n1', since: NEWER },
        { name: 'n2', since: OLDER },
      ],
    }),
    finds: [['error', 'NODE_STOPPED', 'node n1']],
    healthy: false,
  },
  {
    title: 'a Pod of the same moment as the mark may have corrected values',
    observed: observed({ progress: SOME, stop: MARK, waiting: [{ name: 'n2', since: MARK.at }] }),
    finds: [['warning', 'NODE_STOPPED', 'node n1']],
    healthy: null,
  },
  {
    title: 'Kubernetes has not processed the last change of the DaemonSet',
    observed: observed({ progress: { isProcessed: false, nodes: 0, created: 0, done: 0 } }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'its last change was not processed yet',
    message: /logs daemonset/,
    healthy: null,
  },
  {
    title: 'no node fits the DaemonSet',
    observed: observed({ progress: { isProcessed: true, nodes: 0, created: 0, done: 0 } }),
    finds: [['warning', 'NODE_PENDING', DAEMON]],
    says: 'it has no node',
    message: /node\.nodeSelector/,
    healthy: null,
  },
  {
    title: 'the DaemonSet was deleted, whatever its Lease says',
    observed: observed({ progress: null, stop: MARK }),
    finds: [['error', 'NODE_PENDING', DAEMON]],
    says: 'it does not exist, so nothing installs the program on nodes',
    message: /\nUpgrade the release with the same values[\s\S]*\nkubectl -n acr-nopass-node get daemonsets$/,
    healthy: false,
  },
])

test('each finding about the DaemonSet lists the nodes that it is about', () => {
  const objectsOf = (change: Partial<DaemonFacts>) => diagnose(observed(change)).map(({ id, objects }) => [id, objects])
  assert.deepEqual(objectsOf({ progress: SOME, waiting: LEFT }), [['NODE_PENDING', ['n1', 'n2']]])
  assert.deepEqual(objectsOf({ progress: SOME, waiting: [] }), [['NODE_PENDING', undefined]])
  assert.deepEqual(objectsOf({ progress: SOME }), [['NODE_PENDING', undefined]])
  const others = LEFT.slice(1)
  assert.deepEqual(objectsOf({ progress: SOME, stop: MARK, waiting: others }), [['NODE_STOPPED', ['n1', 'n2']]])
  assert.deepEqual(objectsOf({ progress: SOME, stop: 'unreadable', waiting: others }), [['NODE_STOPPED', ['n2']]])
  assert.deepEqual(objectsOf({ stop: { ...MARK, node: '' } }), [['NODE_STOPPED', undefined]])
})

test('a hostile mark gets into no command, and its long reason is cut', () => {
  const stop = { ...MARK, node: 'n1; reboot', why: 'x'.repeat(5000) }
  const [finding] = diagnose(observed({ progress: SOME, stop, waiting: LEFT }))
  assert.equal(
    finding?.command,
    'kubectl -n acr-nopass-node annotate lease acr-nopass-node acr-nopass.io/node-stopped-',
  )
  assert.ok((finding?.cause.length ?? 0) < 600)
  assert.deepEqual(finding?.objects, ['n1; reboot', 'n1', 'n2'])
  const [foreign] = diagnose(observed({ namespace: '$(reboot)', progress: SOME, stop }))
  assert.equal(foreign?.command, undefined)
})

test('nodes without the program follow from the node that stopped them, and the fix is about the DaemonSet', () => {
  const kubelet = { version: 'v1.37.2', pool: 'workers', calls: 0, errors: 0 }
  const plugins = {
    nodes: [
      { ...kubelet, name: 'n0', config: 'ours' as const, identity: 'worker-role' as const },
      { ...kubelet, name: 'n2', config: 'none' as const },
    ],
    more: 0,
    matchImages: [],
    grantsTokens: false,
    mayRequestTokens: undefined,
  }
  const find = (stop: DaemonFacts['stop']) =>
    diagnose(observed({ progress: SOME, stop, waiting: LEFT }, { plugins, config: { retire: true } })).find(
      ({ id }) => id === 'NODE_WITHOUT_PLUGIN',
    )
  assert.equal(find(MARK)?.causedBy, 'NODE_STOPPED')
  const alone = find('none')
  assert.equal(alone?.causedBy, undefined)
  assert.match(alone?.fix ?? '', /^The DaemonSet acr-nopass-node\/acr-nopass-node installs it\. .*`node\.tolerations`/)
})

test('a Pod on a node that waits cannot pull because of the node that stopped it', () => {
  const kubelet = { name: 'n1', version: 'v1.37.2', pool: 'workers', calls: 0, errors: 0, config: 'none' as const }
  const find = (nodes: readonly string[]) => {
    const waiting = nodes.map((name) => ({ name, since: OLDER }))
    const pod = stuckPod({ references: [], detail: 'insufficient_scope: authorization failed' })
    const findings = diagnose(
      observed(
        { progress: SOME, stop: MARK, waiting },
        {
          config: { helper: { enabled: false }, retire: true },
          status: null,
          deployment: null,
          secrets: new Map(),
          accounts: [account('shop')],
          focus: { pod, node: undefined, responses: new Map() },
          plugins: {
            nodes: [kubelet],
            more: 0,
            matchImages: ['*.cn-hangzhou.cr.aliyuncs.com'],
            grantsTokens: false,
            mayRequestTokens: undefined,
          },
        },
      ),
    )
    return findings.map(({ id, causedBy }) => [id, causedBy])
  }
  assert.deepEqual(find(['n1', 'n2']), [
    ['NODE_STOPPED', undefined],
    ['POD_NODE_LOGIN', 'NODE_STOPPED'],
    ['HELPER_OFF', undefined],
  ])
  assert.deepEqual(
    find(['n2']).find(([id]) => id === 'POD_NODE_LOGIN'),
    ['POD_NODE_LOGIN', undefined],
  )
})

interface Cluster {
  readonly daemonSet?: object | Error
  readonly lease?: object | Error
  readonly pods?: object | Error
}

const denied = () => new KubeApiError(403, 'GET /x returned 403: it is forbidden')
const status = {
  observedGeneration: 2,
  desiredNumberScheduled: 3,
  currentNumberScheduled: 3,
  updatedNumberScheduled: 2,
  numberAvailable: 3,
}
const released = (node: object | null) => {
  const { release } = fixture({
    config: {
      release: {
        name: 'acr-nopass',
        namespace: 'acr-nopass',
        fullname: 'acr-nopass',
        serviceAccount: 'acr-nopass',
        lease: 'acr-nopass',
        status: 'acr-nopass-status',
        ...(node && { node }),
      },
    },
  })
  assert.ok(release)
  return release
}

function read({ daemonSet, lease, pods }: Cluster, node: object | null = PLACE) {
  const { reader, calls } = answeringReader(({ path }) => {
    const answer = path.endsWith('/pods') ? pods : path.includes('/leases/') ? lease : daemonSet
    if (answer === undefined) throw new KubeApiError(404, 'not found')
    if (answer instanceof Error) throw answer
    return answer
  })
  return { facts: readDaemon(reader, released(node)), reader, calls }
}

test('a release without a DaemonSet reads nothing', async () => {
  const { facts, calls } = read({}, null)
  assert.deepEqual([await facts, calls], [undefined, []])
})

test('a finished DaemonSet is read by two requests, and its Lease may have no mark', async () => {
  const daemonSet = { metadata: { generation: 2 }, status: { ...status, updatedNumberScheduled: 3 } }
  const { facts, calls } = read({ daemonSet, lease: { metadata: {} } })
  assert.deepEqual(await facts, { ...PLACE, progress: ALL, stop: 'none', waiting: undefined })
  assert.deepEqual(calls.map(({ path }) => path).toSorted(), [
    '/apis/apps/v1/namespaces/acr-nopass-node/daemonsets/acr-nopass-node',
    '/apis/coordination.k8s.io/v1/namespaces/acr-nopass-node/leases/acr-nopass-node',
  ])
})

const owned = (name: string, kind = 'DaemonSet') => ({ ownerReferences: [{ kind, name, controller: true }] })

test('the mark and the nodes that wait are read', async () => {
  const pod = (nodeName: string | undefined, ready: string) => ({
    metadata: { ...owned(PLACE.name), creationTimestamp: OLDER },
    spec: { nodeName },
    status: {
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: ready },
      ],
    },
  })
  const { facts, reader, calls } = read({
    daemonSet: { metadata: { generation: 2 }, status },
    lease: { metadata: { annotations: { [NODE_STOP_ANNOTATION]: JSON.stringify(MARK) } } },
    pods: {
      metadata: {},
      items: [
        pod('n2', 'False'),
        pod('n3', 'True'),
        // It is replaced, so it may have other values than those of its successor.
        {
          ...pod('n4', 'False'),
          metadata: { ...owned(PLACE.name), creationTimestamp: OLDER, deletionTimestamp: NEWER },
        },
        pod('n1', 'False'),
        pod(undefined, 'False'),
        { metadata: owned(PLACE.name), spec: { nodeName: 'n5' }, status: {} },
        { metadata: owned(PLACE.name), spec: { nodeName: 'n0' } },
        { metadata: owned(PLACE.name) },
      ],
    },
  })
  const [first, last] = ['n0', 'n5'].map((name) => ({ name, since: undefined }))
  const waiting = [first, ...LEFT, { name: 'n4', since: undefined }, last]
  assert.deepEqual(await facts, { ...PLACE, progress: { ...ALL, done: 2 }, stop: MARK, waiting })
  assert.deepEqual(reader.unread, [])
  const list = calls.find(({ path }) => path === '/api/v1/namespaces/acr-nopass-node/pods')
  assert.equal(list?.query?.labelSelector, 'app.kubernetes.io/name=acr-nopass-node')
  const none = read({ daemonSet: { metadata: { generation: 2 }, status }, pods: { metadata: {}, items: null } })
  assert.deepEqual((await none.facts)?.waiting, [])
})

test('nodes that wait for another release with the same `node.namespace` are not named', async () => {
  const pod = (nodeName: string, metadata: object) => ({ metadata, spec: { nodeName } })
  const items = [
    pod('n1', owned(PLACE.name)),
    pod('n2', owned('second-acr-nopass-node')),
    pod('n3', owned(PLACE.name, 'ReplicaSet')),
    // Anyone who may create Pods there can give them these labels.
    pod('n4', {}),
  ]
  const daemonSet = { metadata: { generation: 2 }, status }
  const { facts } = read({ daemonSet, pods: { metadata: {}, items } })
  assert.deepEqual((await facts)?.waiting, [{ name: 'n1', since: undefined }])
})

test('nodes that wait are read in pages', async () => {
  const all = Array.from({ length: 250 }, (_, index) => `n${index}`).sort()
  const pages: (readonly [unknown, unknown])[] = []
  const { reader } = answeringReader(({ path, query = {} }) => {
    if (!path.endsWith('/pods')) return { metadata: { generation: 2 }, status }
    pages.push([query.limit, query.continue])
    const from = Number(query.continue ?? 0)
    const to = from + Number(query.limit)
    const items = all.slice(from, to).map((nodeName) => ({ metadata: owned(PLACE.name), spec: { nodeName } }))
    return { metadata: to < all.length ? { continue: String(to) } : {}, items }
  })
  const facts = await readDaemon(reader, released(PLACE))
  assert.deepEqual(
    facts?.waiting?.map(({ name }) => name),
    all,
  )
  assert.deepEqual(pages, [
    [100, undefined],
    [100, '100'],
    [100, '200'],
  ])
})

test('nodes that wait are named only if every page could be read', async () => {
  const readWith = (failure: Error) => {
    const { reader } = answeringReader(({ path, query = {} }) => {
      if (!path.endsWith('/pods')) return { metadata: { generation: 2 }, status }
      if (query.continue !== undefined) throw failure
      const items = [{ metadata: owned(PLACE.name), spec: { nodeName: 'n1' } }]
      return { metadata: { continue: 'next' }, items }
    })
    return { facts: readDaemon(reader, released(PLACE)), reader }
  }
  const { facts, reader } = readWith(denied())
  assert.equal((await facts)?.waiting, undefined)
  assert.deepEqual(
    reader.unread.map(({ what }) => what),
    ['Which nodes wait, by the Pods of namespace acr-nopass-node'],
  )
  const old = new KubeApiError(410, 'GET /x returned 410: the continue token is too old')
  await assert.rejects(readWith(old).facts, old)
})

test('objects that do not exist are known to be absent', async () => {
  const { facts, reader } = read({})
  assert.deepEqual(await facts, { ...PLACE, progress: null, stop: 'none', waiting: undefined })
  assert.deepEqual(reader.unread, [])
})

test('a mark with other content than the DaemonSet writes cannot be read', async () => {
  for (const mark of ['yes', '[]', '{"config":1}', '{"node":"n1"}']) {
    const { facts } = read({ lease: { metadata: { annotations: { [NODE_STOP_ANNOTATION]: mark } } } })
    assert.equal((await facts)?.stop, 'unreadable', mark)
  }
})

test('what may not be read is listed as not checked', async () => {
  const { facts, reader } = read({ daemonSet: denied(), lease: denied() })
  assert.deepEqual(await facts, { ...PLACE, progress: undefined, stop: undefined, waiting: undefined })
  assert.deepEqual(reader.unread, [
    { what: 'The nodes of DaemonSet acr-nopass-node/acr-nopass-node', why: 'it is forbidden' },
    { what: 'Whether a node stopped the others, in Lease acr-nopass-node/acr-nopass-node', why: 'it is forbidden' },
  ])
  const counted = read({ daemonSet: { metadata: { generation: 3 }, status }, lease: { metadata: {} }, pods: denied() })
  const { progress, waiting } = (await counted.facts) ?? {}
  assert.deepEqual([progress?.isProcessed, waiting], [false, undefined])
  assert.deepEqual(counted.reader.unread, [
    { what: 'Which nodes wait, by the Pods of namespace acr-nopass-node', why: 'it is forbidden' },
  ])
})
