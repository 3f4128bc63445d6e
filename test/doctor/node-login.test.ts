import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  ContainerFacts,
  NodeFailure,
  Observed,
  PluginFacts,
  PluginNode,
  PodFacts,
} from '../../src/doctor/observed.ts'
import { createPodContext } from '../../src/doctor/pod/pod-context.ts'
import { judgeContainer } from '../../src/doctor/pod/pull-outcome.ts'
import { account, fixture, HOST, IMAGE, stuckPod } from './fixture.ts'

const node = (change: Partial<PluginNode> = {}): PluginNode => {
  return { name: 'n1', version: 'v1.37.2', pool: 'p', config: 'ours', calls: 5, errors: 0, ...change }
}
const RUNNING: Partial<ContainerFacts> = { running: true }
const WAITING: Partial<ContainerFacts> = { waiting: 'ImagePullBackOff', detail: 'insufficient_scope' }
const OFF = { config: { helper: { enabled: false }, retire: true }, status: null, secrets: new Map() } as const

interface Scene {
  readonly container: Partial<ContainerFacts>
  readonly pod?: Partial<PodFacts>
  readonly nodes?: readonly PluginNode[]
  readonly plugins?: Partial<PluginFacts>
  readonly change?: Parameters<typeof fixture>[0]
}

function observe({ nodes = [node()], plugins, change }: Scene): Observed {
  const facts: PluginFacts = {
    nodes,
    more: 0,
    matchImages: ['*.cn-hangzhou.cr.aliyuncs.com'],
    grantsTokens: false,
    mayRequestTokens: undefined,
    ...plugins,
  }
  return fixture({ plugins: facts, accounts: [account('shop')], ...change })
}

/** Returns the step about the node's own login, and all steps after it. */
function look(scene: Scene) {
  const { container: facts, pod: change } = scene
  const container = { name: 'app', image: IMAGE, ...facts }
  const pod = { ...stuckPod({ references: [] }), ...change, containers: [container] }
  const observed = observe(scene)
  const { steps } = judgeContainer(pod, container, observed, createPodContext(observed))
  return steps.slice(steps.findIndex(({ step }) => step === "node's login"))
}

const other = node({ config: 'other', calls: 0 })
const bare = node({ config: 'none', calls: 0 })
const far = node({ name: 'n2' })
const unread = node({ config: undefined, calls: 0, why: 'you lack the right' })
const NOT_KNOWN = 'unknown: whether the kubelet of n1 logs in for this image is not known: '

const SAYS: readonly (readonly [title: string, scene: Scene, says: string])[] = [
  [
    'runs on a node that asks the program',
    { container: RUNNING },
    'ok: by the node: the kubelet of n1 asks its program',
  ],
  [
    'runs on a node that asks the program, and has a pull secret too',
    { container: RUNNING, pod: { references: ['acr-nopass'] } },
    'ok: by the node: the kubelet of n1 asks its program',
  ],
  ['runs on a node that was not read', { container: RUNNING, nodes: [far] }, `${NOT_KNOWN}it was not read`],
  [
    'runs on a node with another configuration',
    { container: RUNNING, nodes: [far, other] },
    `${NOT_KNOWN}it has another configuration`,
  ],
  [
    'runs on a node that may not be read',
    { container: RUNNING, nodes: [far, unread] },
    `${NOT_KNOWN}you lack the right`,
  ],
  [
    'runs without a helper, on a node with another configuration',
    { container: RUNNING, nodes: [other], change: OFF },
    `${NOT_KNOWN}it has another configuration`,
  ],
]

for (const [title, scene, says] of SAYS) {
  test(`doctor pod says whether the node itself pulled, and nothing of the pull secret: a Pod ${title}`, () => {
    const [step, ...rest] = look(scene)
    assert.equal(`${step?.state}: ${step?.detail}`, says)
    assert.deepEqual(
      rest.map((one) => one.step),
      ['node'],
    )
  })
}

const OMITTED: readonly (readonly [title: string, scene: Scene])[] = [
  ['runs where no node uses the program', { container: RUNNING, nodes: [other] }],
  ['runs on a node without the program', { container: RUNNING, nodes: [far, bare] }],
  [
    'has the pull secret, and runs on a node with another configuration',
    {
      container: RUNNING,
      pod: { references: ['acr-nopass'] },
      nodes: [far, other],
    },
  ],
  ['has the pull secret, and cannot pull', { container: WAITING, pod: { references: ['acr-nopass'] } }],
  ['waits on a node that was not read', { container: WAITING, nodes: [far] }],
  ['waits for its turn', { container: { waiting: 'ContainerCreating' } }],
  ['has no node', { container: {}, pod: { node: undefined as never } }],
  [
    'has an image that nodes do not ask the program for',
    {
      container: RUNNING,
      plugins: { matchImages: [`${HOST}/other`] },
    },
  ],
  ['runs in a cluster whose nodes were not read', { container: RUNNING, change: { plugins: undefined } }],
  ['cannot pull on a node without the program, while there is a helper', { container: WAITING, nodes: [far, bare] }],
  ['runs on a node without the program, without a helper', { container: RUNNING, nodes: [bare], change: OFF }],
  [
    'names a pull secret on a node without the program, without a helper',
    {
      container: WAITING,
      pod: { references: ['acr-nopass'] },
      nodes: [bare],
      change: OFF,
    },
  ],
]

for (const [title, scene] of OMITTED) {
  test(`doctor pod has no step about the login of the node for a Pod that ${title}`, () => {
    const container = { name: 'app', image: IMAGE, ...scene.container }
    const pod = { ...stuckPod({ references: [] }), ...scene.pod, containers: [container] }
    const observed = observe(scene)
    const { steps } = judgeContainer(pod, container, observed, createPodContext(observed))
    assert.deepEqual(
      steps.filter(({ step }) => step === "node's login"),
      [],
    )
    assert.ok(steps.length > 1)
  })
}

/** The cause of a Pod that cannot pull on a node that asks the program. */
function causeOf(change: Partial<PluginNode>, scene: Partial<Scene> = {}): string {
  const last = look({ container: WAITING, nodes: [node(change)], ...scene }).at(-1)
  assert.ok(last?.state === 'wrong')
  assert.deepEqual([last.verdict.id, last.verdict.command], ['POD_NODE_LOGIN', 'kubectl describe node n1'])
  return last.verdict.cause
}
const failure = (change: Partial<NodeFailure> = {}): NodeFailure => {
  return { kind: 'NODE_TIMEOUT', message: 'slow', pod: 'shop/web-1', ...change }
}
const asks = { identity: 'service-account' } as const
const NO_RIGHT = /the role of the node lacks the permission, or no entry of `registries` has the repository\.$/

test('the newest failure that the kubelet logged for this Pod is the reason, and no failure of another Pod', () => {
  const cause = (...failures: readonly NodeFailure[]) => causeOf({ failures })
  assert.equal(
    cause(
      failure({ message: 'first' }),
      failure({ message: 'last' }),
      failure({ pod: 'shop/web-2', message: 'other' }),
    ),
    'The program on n1 got no login. NODE_TIMEOUT: last.',
  )
  assert.match(cause(failure({ pod: 'bank/web-1' })), NO_RIGHT)
  const { pod: _, ...nameless } = failure()
  assert.match(cause({ ...nameless, image: `${HOST}/team/app` }), /NODE_TIMEOUT: slow\.$/)
  assert.match(cause({ ...nameless, image: `${HOST}/team/other` }), NO_RIGHT)
  // A failure of this image that names another Pod says nothing about this Pod.
  assert.match(cause(failure({ pod: 'shop/web-2', image: `${HOST}/team/app` })), NO_RIGHT)
})

test('a failure without a code is shown without one', () => {
  assert.equal(
    causeOf({ failures: [failure({ kind: 'program', message: 'no such file' })] }),
    'The program on n1 got no login. no such file.',
  )
})

test('the annotation is looked up on the ServiceAccount of the Pod, by namespace and name', () => {
  const role = { pullRole: 'acs:ram::1:role/a' }
  const accounts = [account('bank', 'default', role), account('shop', 'other', role), account('shop', 'default')]
  assert.match(causeOf(asks, { change: { accounts } }), /^ServiceAccount default has no annotation /)
  const right = [account('bank', 'default'), account('shop', 'other'), account('shop', 'default', role)]
  assert.match(causeOf(asks, { change: { accounts: right } }), /the role of ServiceAccount default lacks/)
  // Without the right to read ServiceAccounts, nothing is said about the annotation.
  assert.match(causeOf(asks, { change: { accounts: undefined } }), /the role of ServiceAccount default lacks/)
})

test('a right to request tokens matters only where the node requests one', () => {
  const plugins = { mayRequestTokens: false }
  assert.match(causeOf(asks, { plugins }), /^The kubelet of n1 may not request a token for sts\.aliyuncs\.com/)
  assert.match(causeOf({}, { plugins }), NO_RIGHT)
  assert.match(causeOf(asks, { plugins, pod: { isStatic: true } }), NO_RIGHT)
})

test('without a helper and without a pull secret, a node without the program cannot pull', () => {
  assert.equal(
    causeOf({ config: 'none', calls: 0 }, { change: OFF }),
    'The Pod names no pull secret, the helper is off, and the kubelet of n1 has no configuration for image credentials.',
  )
})
