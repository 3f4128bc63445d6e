import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ManifestResult } from '../../src/acr/query-manifest.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { ContainerFacts, Observed, PodFacts } from '../../src/doctor/observed.ts'
import { attributeVolumes } from '../../src/doctor/pod/image-volumes.ts'
import { createPodContext } from '../../src/doctor/pod/pod-context.ts'
import { judgeContainer } from '../../src/doctor/pod/pull-outcome.ts'
import type { RegistryStatus } from '../../src/installation/helper-status.ts'
import { account, fixture, HOST, IMAGE, NOW, namespace, registry, secret, stuckPod } from './fixture.ts'

type Change = Parameters<typeof fixture>[0]
type PodChange = Parameters<typeof stuckPod>[0]

const NOT_ASKED = "registry's response unknown: not requested: --ask-registry reads the Secret and queries the registry"
const UNTIL = new Date(NOW + 40 * 60_000).toISOString()
const DENIED = `pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`

/** Returns the steps of the Pod's only container, and the result of its pull. */
function look(pod: PodFacts, observed: Observed) {
  const [container] = pod.containers
  assert.ok(container)
  const { outcome, steps } = judgeContainer(pod, container, observed, createPodContext(observed))
  return {
    outcome: `${outcome.state}: ${outcome.detail}`,
    steps: steps.map(({ step, state, detail }) => `${step} ${state}: ${detail}`),
  }
}
/** A Pod whose only container has these facts. */
const having = (facts: Partial<ContainerFacts>, change: PodChange = {}): PodFacts => ({
  ...stuckPod(change),
  containers: [{ name: 'app', image: IMAGE, ...facts }],
})
const running = (change: PodChange = {}, image = IMAGE): PodFacts => having({ image, running: true }, change)
const responding = (pod: PodFacts, response: Partial<ManifestResult>, platform: string | null = 'linux/amd64') => {
  const node = { name: 'n1', version: 'v1.37.2', platform: platform ?? undefined, cachePolicy: undefined }
  const full = { result: 'found', detail: 'it responded', platforms: [], ...response } as ManifestResult
  return { focus: { pod, node, responses: new Map([[IMAGE, full]]) } }
}

const ALL_WELL = [
  `image ok: ${HOST}`,
  'registry ok: demo',
  'namespace ok: shop is a target',
  'reference ok: the Pod names acr-nopass',
  `Secret ok: acr-nopass, until ${UNTIL}`,
  NOT_ASKED,
  'node ok: n1 runs it',
]
/**
 * Returns the steps of a Pod that pulls, up to a failed step or with some other steps at the end.
 */
const wellUntil = (count: number, ...more: readonly string[]) => [...ALL_WELL.slice(0, count), ...more]

/** An instance whose domain only the values name. */
const OWN_DOMAIN = {
  name: 'demo',
  edition: 'enterprise',
  instanceId: 'cri-abc123',
  region: 'cn-hangzhou',
  domains: ['images.corp.example'],
}

interface Row {
  readonly title: string
  readonly pod: PodFacts
  readonly change?: Change
  readonly steps: readonly string[]
}

const ROWS: readonly Row[] = [
  { title: 'a Pod that runs', pod: running(), steps: ALL_WELL },
  {
    title: 'a Pod that ran',
    pod: having({ ended: true }),
    steps: wellUntil(6, 'node ok: n1 has the image'),
  },
  {
    title: 'a Pod that runs on a node that is not known',
    pod: { ...running(), node: undefined as never },
    steps: wellUntil(6, 'node ok: the node runs it'),
  },
  {
    title: 'a Pod whose container restarts',
    pod: having({ waiting: 'CrashLoopBackOff' }),
    steps: wellUntil(6, 'node ok: n1 has the image: it waits as CrashLoopBackOff'),
  },
  {
    title: 'a Secret without an expiry',
    pod: running(),
    change: { secrets: new Map([['shop', secret({ expiresAt: null })]]) },
    steps: [...ALL_WELL.slice(0, 4), 'Secret ok: acr-nopass, without expiry', ...ALL_WELL.slice(5)],
  },
  {
    title: 'P14 a Secret that does not say when it expires',
    pod: running(),
    change: { secrets: new Map([['shop', secret({ expiresAt: undefined })]]) },
    steps: [
      ...ALL_WELL.slice(0, 4),
      'Secret unknown: acr-nopass, which does not say when it expires',
      ...ALL_WELL.slice(5),
    ],
  },
  {
    title: 'Secrets that may not be read',
    pod: running(),
    change: { secrets: undefined },
    steps: [
      ...ALL_WELL.slice(0, 4),
      'Secret unknown: you lack the right to list Secrets by that name',
      ...ALL_WELL.slice(5),
    ],
  },
  {
    title: 'a Namespace that may not be read',
    pod: running(),
    change: { namespaces: undefined },
    steps: [
      ...ALL_WELL.slice(0, 2),
      'namespace unknown: you lack the right to read the Namespace',
      ...ALL_WELL.slice(3),
    ],
  },
  {
    title: 'an image of another registry, which runs',
    pod: running({}, 'nginx'),
    steps: [
      'image ok: docker.io',
      'registry ok: not needed: the node has the image without a credential of acr-nopass',
      'namespace ok: not needed',
      'reference ok: not needed',
      'Secret ok: not needed',
      NOT_ASKED,
      'node ok: n1 runs it',
    ],
  },
  {
    title: 'an image of another registry, which waits for its turn',
    pod: having({ image: 'nginx', waiting: 'PodInitializing' }),
    steps: [
      'image ok: docker.io',
      'registry ok: no registry of the release covers the image',
      'namespace ok: not needed',
      'reference ok: not needed',
      'Secret ok: not needed',
      NOT_ASKED,
      'node unknown: waits for its turn (PodInitializing)',
    ],
  },
  {
    title: 'an image of another instance, which waits for its turn: whether it needs a credential is not known',
    pod: having({ image: 'other-registry.cn-beijing.cr.aliyuncs.com/a/b', waiting: 'PodInitializing' }),
    steps: [
      'image ok: other-registry.cn-beijing.cr.aliyuncs.com',
      'registry unknown: no registry of the release covers the image; it is not known whether the image needs a credential until the node pulls it',
      'namespace ok: not needed',
      'reference ok: not needed',
      'Secret ok: not needed',
      NOT_ASKED,
      'node unknown: waits for its turn (PodInitializing)',
    ],
  },
  {
    title: 'an image of another instance that fails for a reason that no credential changes',
    pod: having({
      image: 'other-registry.cn-beijing.cr.aliyuncs.com/a/b',
      waiting: 'ErrImagePull',
      detail: 'x: no space left on device',
    }),
    steps: [
      'image ok: other-registry.cn-beijing.cr.aliyuncs.com',
      'registry ok: no registry of the release covers the image, and the pull fails for another reason',
      'node wrong: The disk of the node is full.',
    ],
  },
  {
    title: 'an image by a domain that only the values name',
    pod: running({}, 'images.corp.example/team/app:1'),
    change: {
      config: { registries: [OWN_DOMAIN] },
    },
    steps: ['image ok: images.corp.example', ...ALL_WELL.slice(1)],
  },
  {
    title: 'an image of ACR, without a report of the helper',
    pod: running(),
    change: { status: null },
    steps: [
      `image ok: ${HOST}`,
      `registry unknown: the helper has not reported whether it covers ${HOST}`,
      'namespace ok: not needed',
      'reference ok: not needed',
      'Secret ok: not needed',
      NOT_ASKED,
      'node ok: n1 runs it',
    ],
  },
  {
    title: 'a Pod with other pull secrets that runs: whether they work is not known',
    pod: running({ references: ['own'] }),
    steps: [
      ...ALL_WELL.slice(0, 3),
      'reference unknown: the Pod names other pull secrets (own); whether they work is not known',
      ...ALL_WELL.slice(4),
    ],
  },
  {
    title: 'a static Pod that runs: whether its node could pull again is not known',
    pod: running({ references: [], isStatic: true }),
    steps: [
      ...ALL_WELL.slice(0, 3),
      'reference unknown: a static Pod names no pull secret; whether the node could pull again is not known',
      ...ALL_WELL.slice(4),
    ],
  },
  {
    title: 'an image that the registry has',
    pod: running(),
    change: responding(running(), {}),
    steps: [...ALL_WELL.slice(0, 5), "registry's response ok: it is there", 'node ok: n1 runs it'],
  },
  {
    title: "an image that the registry has for the node's platform",
    pod: running(),
    change: responding(running(), { platforms: ['linux/arm64', 'linux/amd64'] }),
    steps: [
      ...ALL_WELL.slice(0, 5),
      "registry's response ok: it is there for linux/arm64, linux/amd64",
      'node ok: n1 runs it',
    ],
  },
  {
    title: 'an image for other platforms, on a node that does not report its platform',
    pod: running(),
    change: responding(running(), { platforms: ['linux/arm64'] }, null),
    steps: [...ALL_WELL.slice(0, 5), "registry's response ok: it is there for linux/arm64", 'node ok: n1 runs it'],
  },
  {
    title: 'a registry that cannot be reached from here proves nothing',
    pod: running(),
    change: responding(running(), { result: 'unreachable', detail: 'it did not respond' }),
    steps: [...ALL_WELL.slice(0, 5), "registry's response unknown: it did not respond", 'node ok: n1 runs it'],
  },
  {
    title: 'an image for other platforms',
    pod: having({ waiting: 'ErrImagePull', detail: 'no' }),
    change: responding(running(), { platforms: ['linux/arm64'] }),
    steps: wellUntil(2, "node wrong: The node's platform is linux/amd64, but the image exists only for linux/arm64."),
  },
  {
    title: 'a Pod that is over has no steps but the last',
    pod: { ...having({ waiting: 'ContainerCreating' }), over: 'Failed: Evicted' },
    steps: ['node unknown: waits for nothing: the Pod has finished (Failed: Evicted)'],
  },
  {
    title: 'a Pod without a node',
    pod: { ...having({}), node: undefined as never },
    steps: wellUntil(6, 'node unknown: waits for a node'),
  },
  {
    title: 'a Pod about which its node has not reported',
    pod: having({}),
    steps: wellUntil(6, 'node unknown: waits for a report of node n1'),
  },
  {
    title: 'a Pod whose sandbox fails',
    pod: having({ waiting: 'ContainerCreating' }, { sandboxTrouble: 'no network' }),
    steps: wellUntil(6, "node unknown: waits for the Pod's sandbox"),
  },
  {
    title: 'a Pod whose volume cannot be mounted',
    pod: having({ waiting: 'ContainerCreating' }, { lastWarning: 'FailedMount: x' }),
    steps: wellUntil(6, 'node unknown: waits for its turn (ContainerCreating); the last warning is FailedMount: x'),
  },
  {
    title: 'a container that waits for an image volume',
    pod: having({ waitsFor: 'volume model' }),
    steps: wellUntil(6, 'node unknown: waits for volume model'),
  },
  {
    title: 'a Pod that waits for longer than pulls take',
    pod: having({ waiting: 'ContainerCreating' }, { createdAt: NOW - 600_001 }),
    steps: wellUntil(
      6,
      'node unknown: it waits as ContainerCreating for more than ten minutes, and nothing shows the reason: a pull may hang',
    ),
  },
  {
    title: 'P14 a Pod about which its node reports nothing for longer than pulls take',
    pod: having({}, { createdAt: NOW - 600_001 }),
    steps: wellUntil(6, 'node unknown: node n1 has reported nothing about the Pod for more than ten minutes'),
  },
  {
    title: 'a Pod that waited long for its node',
    pod: having({ waiting: 'ContainerCreating' }, { createdAt: NOW - 3_600_000, scheduledAt: NOW - 1_000 }),
    steps: wellUntil(6, 'node unknown: waits for its turn (ContainerCreating)'),
  },
  {
    title: 'a Pod that waited long for its node, which has not reported yet',
    pod: having({}, { createdAt: NOW - 3_600_000, scheduledAt: NOW - 1_000 }),
    steps: wellUntil(6, 'node unknown: waits for a report of node n1'),
  },
  {
    title: 'a container that is lost beside a container that runs',
    pod: {
      ...having({}, { createdAt: NOW - 600_001 }),
      containers: [
        { name: 'app', image: IMAGE },
        { name: 'side', image: IMAGE, running: true },
      ],
    },
    steps: wellUntil(6, 'node unknown: waits for a report of node n1'),
  },
  {
    title: 'P14 an added container that waits for longer than pulls take',
    pod: having({ waiting: 'ContainerCreating', added: true, addedAt: NOW - 600_001 }, { createdAt: NOW - 3_600_000 }),
    steps: wellUntil(
      6,
      'node unknown: it waits as ContainerCreating for more than ten minutes, and nothing shows the reason: a pull may hang',
    ),
  },
  {
    title: 'an added container, of which nobody knows when it was added',
    pod: having({ waiting: 'ContainerCreating', added: true }, { createdAt: NOW - 3_600_000 }),
    steps: wellUntil(6, 'node unknown: waits for its turn (ContainerCreating)'),
  },
  {
    title: 'a Pod that waits for as long as pulls may take',
    pod: having({ waiting: 'ContainerCreating' }, { createdAt: NOW - 600_000 }),
    steps: wellUntil(6, 'node unknown: waits for its turn (ContainerCreating)'),
  },
  {
    title: 'a reason that doctor does not know',
    pod: having({ waiting: 'ErrImageFrobnicated' }),
    steps: wellUntil(6, 'node unknown: the node gives a reason that doctor does not know: ErrImageFrobnicated'),
  },
  {
    title: 'a node that denies the pull of an image which the helper may cover',
    pod: having({ waiting: 'ErrImagePull', detail: DENIED }),
    change: { status: null },
    steps: [
      `image ok: ${HOST}`,
      `registry unknown: the helper has not reported whether it covers ${HOST}`,
      'namespace ok: not needed',
      'reference ok: not needed',
      'Secret ok: not needed',
      NOT_ASKED,
      'node unknown: The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist.',
    ],
  },
]

for (const { title, pod, change, steps } of ROWS) {
  test(`doctor pod shows each step of a pull: ${title}`, () => {
    assert.deepEqual(look(pod, fixture(change)).steps, steps)
  })
}

interface Failure {
  readonly title: string
  readonly pod?: PodChange
  readonly change?: Change
  /** `step: id: cause`. */
  readonly fails: string
  readonly fix: RegExp
}

const limited = { edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou', limit: 'repositories' }
/** Two limited registries of one instance; only the first has the namespace `shop`. */
const LIMITED = {
  registries: [
    { ...limited, name: 'demo', repositories: ['team/*'] },
    { ...limited, name: 'other', repositories: ['b/*'], targets: { namespaces: { include: ['b'] } } },
  ],
}
/** The credential of one limited registry. */
function union(entry: string, change: Partial<RegistryStatus> = {}): RegistryStatus {
  const limit = { entries: [entry], repositories: ['x/*'], granted: 'granted', width: 'limited' } as const
  return registry({ name: `demo.${entry.length}123abcd`, limit, ...change })
}

const FAILURES: readonly Failure[] = [
  {
    title: 'a node that denies the pull, while Secrets may not be read',
    change: { secrets: undefined },
    fails: `node: POD_DENIED: The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist. The node says: ${DENIED}`,
    fix: /repositories/,
  },
  {
    title: 'a node that denies an image by a domain that only the values name, before the helper reports',
    pod: { image: 'images.corp.example/team/app:1' },
    change: {
      status: null,
      config: { registries: [OWN_DOMAIN] },
    },
    fails: `node: POD_DENIED: The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist. The node says: ${DENIED}`,
    fix: /repositories/,
  },
  {
    title: 'a node that may not pull',
    pod: { waiting: 'ErrImageNeverPull' },
    fails:
      'image: POD_NEVER_PULLS: imagePullPolicy is Never: the node uses only images that it has, and it does not have this one for this Pod.',
    fix: /IfNotPresent[^\n]*\nkubectl -n shop describe pod web-1$/,
  },
  {
    title: 'a Pod without the reference that fails for a reason that is not known',
    pod: { references: [], detail: 'the flux capacitor is unaligned' },
    fails:
      'reference: POD_STUCK: The node reports a reason that doctor does not know. The Pod also lacks the reference, because it was admitted before the reference existed; but that may not be the reason. The node says: the flux capacitor is unaligned',
    fix: /^Read the message of the node first: a new Pod has the reference/,
  },
  {
    title: 'one of two ServiceAccounts in a namespace',
    pod: { references: [] },
    change: { accounts: [account('shop', 'other'), account('shop', 'default', { list: [] })] },
    fails: 'reference: POD_UNREFERENCED: ServiceAccount default does not name acr-nopass, so none of its Pods does.',
    fix: /serviceaccount default/,
  },
  {
    title: 'a Secret of another owner',
    change: { secrets: new Map([['shop', secret({ ours: false })]]) },
    fails: 'Secret: POD_CREDENTIAL: Secret acr-nopass in namespace shop belongs to another owner.',
    fix: /^See the finding about that; once it is fixed, the Pod pulls automatically\.\nacr-nopass refresh$/,
  },
  {
    title: 'a Secret whose credential expires at this moment',
    change: { secrets: new Map([['shop', secret({ expiresAt: NOW })]]) },
    fails: 'Secret: POD_CREDENTIAL: The credential in Secret acr-nopass has expired.',
    fix: /refresh$/,
  },
  ...(
    [
      ['has none yet', { state: 'pending' }],
      ['has one that the registry rejects', { verified: 'refused' }],
      ['has one that has expired', { expiresAt: new Date(NOW).toISOString() }],
    ] as const
  ).map(
    ([what, change]): Failure => ({
      title: `a registry that ${what}`,
      change: { registries: [registry(change)] },
      fails: 'Secret: POD_CREDENTIAL: Registry demo has no working credential.',
      fix: /refresh$/,
    }),
  ),
  {
    title: 'another registry of the namespace whose credentials the registry rejects',
    change: {
      config: {
        registries: ['demo', 'other'].map((name) => ({
          name,
          edition: 'enterprise',
          instanceId: `cri-${name}12345`,
          region: 'cn-hangzhou',
        })),
      },
      registries: [registry(), registry({ name: 'other', domains: ['x.example'], verified: 'refused' })],
    },
    fails: `node: POD_DENIED: The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist. The node says: ${DENIED}`,
    fix: /repositories/,
  },
  {
    title: 'a limited registry of the namespace whose credentials the registry rejects',
    change: {
      config: LIMITED,
      registries: [union('demo', { verified: 'refused' }), union('other')],
    },
    fails: 'Secret: POD_CREDENTIAL: Registry demo has no working credential.',
    fix: /refresh$/,
  },
  {
    title: 'a limited registry of another namespace whose credentials the registry rejects',
    change: {
      config: LIMITED,
      registries: [union('demo'), union('other', { verified: 'refused' })],
    },
    fails: `node: POD_DENIED: The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist. The node says: ${DENIED}`,
    fix: /repositories/,
  },
  {
    title: 'no Secret',
    change: { secrets: new Map() },
    fails: 'Secret: POD_WITHOUT_SECRET: There is no Secret acr-nopass in namespace shop.',
    fix: /missing pull secret[^\n]*\nkubectl -n shop get secret acr-nopass$/,
  },
  {
    title: 'a ServiceAccount that opted out',
    pod: { references: [] },
    change: { accounts: [account('bank'), account('shop', 'default', { list: [], optedOut: true })] },
    fails: 'reference: POD_OPTED_OUT: ServiceAccount default carries the annotation acr-nopass.io/skip: "true".',
    fix: /^Remove the annotation, then let ReplicaSet\/web create its Pods again[^\n]*\nkubectl -n shop annotate serviceaccount default acr-nopass\.io\/skip-$/,
  },
  {
    title: 'a ServiceAccount without the reference',
    pod: { references: [] },
    change: { accounts: [account('shop', 'default', { list: ['x'] })] },
    fails: 'reference: POD_UNREFERENCED: ServiceAccount default does not name acr-nopass, so none of its Pods does.',
    fix: /ServiceAccounts; then let[^\n]*\nkubectl -n shop get serviceaccount default -o yaml --show-managed-fields$/,
  },
  {
    title: 'a ServiceAccount that is not a target',
    pod: { references: [], serviceAccount: 'ci' },
    change: { config: { targets: { serviceAccounts: { include: ['*'], exclude: ['ci'] } } } },
    fails: 'reference: POD_NOT_TARGETED: ServiceAccount ci is not one of `targets.serviceAccounts`.',
    fix: /targets\.serviceAccounts\.include[^\n]*\nkubectl -n shop get serviceaccount ci$/,
  },
  {
    title: 'a Namespace that opted out',
    change: { namespaces: [namespace('shop', { optedOut: true })] },
    fails: 'namespace: POD_OPTED_OUT: Namespace shop carries the label acr-nopass.io/skip: "true".',
    fix: /^Remove the label, then [^\n]*\nkubectl label namespace shop acr-nopass\.io\/skip-$/,
  },
  {
    title: 'a Namespace that is not a target',
    change: { config: { targets: { namespaces: { exclude: ['shop'] } } } },
    fails: 'namespace: POD_NOT_TARGETED: Namespace shop is not a target of registry demo.',
    fix: /targets\.namespaces[^\n]*\nkubectl get namespace shop --show-labels$/,
  },
  {
    title: 'an image of another instance',
    pod: { image: 'other-registry.cn-beijing.cr.aliyuncs.com/a/b:1', detail: DENIED },
    fails: `registry: POD_UNCOVERED: No registry of the release covers other-registry.cn-beijing.cr.aliyuncs.com (it has demo). The node says: ${DENIED}`,
    fix: /^Add the instance of other-registry[^\n]*\nacr-nopass validate -f values\.yaml$/,
  },
  {
    title: 'a name that is no image',
    pod: { image: `http://${HOST}/app`, waiting: 'ErrImagePull' },
    fails: `image: POD_IMAGE_NAME: http://${HOST}/app is not the name of an image.`,
    fix: /no https:\/\/ before it[^\n]*\nkubectl -n shop describe pod web-1$/,
  },
  {
    title: 'a name that the kubelet rejects',
    pod: { image: 'App', waiting: 'InvalidImageName' },
    fails: 'image: POD_IMAGE_NAME: App is not the name of an image.',
    fix: /capitals/,
  },
]

for (const { title, pod: given, change, fails, fix } of FAILURES) {
  test(`doctor pod ends with the step that fails, its cause and its fix: ${title}`, () => {
    const pod = { ...stuckPod({ detail: DENIED, ...given }), isReplaced: false }
    const [container] = pod.containers
    assert.ok(container)
    const observed = fixture(change)
    const { steps } = judgeContainer(pod, container, observed, createPodContext(observed))
    const last = steps.at(-1)
    assert.ok(last?.state === 'wrong')
    const { id, cause, fix: how, command } = last.verdict
    assert.equal(`${last.step}: ${id}: ${cause}`, fails)
    assert.match(`${how}\n${command}`, fix)
  })
}

test('doctor pod says which facts of a pull are not known, why, and how to find them', () => {
  const pod = having({ waiting: 'ErrImagePull', detail: DENIED })
  const observed = fixture({ status: null, focus: { pod, node: undefined, responses: new Map() } })
  const [finding] = diagnose(observed).filter(({ id }) => id === 'POD_UNKNOWN')
  const why =
    'the identity of the credential lacks the right to pull this repository, or the repository does not exist.'
  assert.equal(finding?.cause, `The registry denies the pull: ${why}. The node says: ${DENIED}`)
  assert.match(
    `${finding?.fix}\n${finding?.command}`,
    /at most five minutes[\s\S]*\nacr-nopass doctor pod shop\/web-1 --ask-registry$/,
  )
})

const onNode = (change: object) => ({
  name: 'n1',
  version: 'v1.37.2',
  platform: undefined,
  cachePolicy: undefined,
  ...change,
})
const focusOn = (pod: PodFacts, node: Parameters<typeof onNode>[0] | null | undefined): Observed =>
  fixture({
    focus: { pod, node: node && onNode(node), responses: responding(pod, {}).focus.responses },
  })

test('doctor pod reports a Pod that waits for a node, unless it is over or its node has reported', () => {
  const ids = (pod: PodFacts) => diagnose(focusOn(pod, null)).map(({ id, severity, health }) => [id, severity, health])
  const unseen = [['POD_UNKNOWN', 'info', 'unknown']]
  assert.deepEqual(ids(having({})), [['POD_UNSCHEDULED', 'warning', 'unknown']])
  assert.deepEqual(ids({ ...having({}), over: 'Failed: Evicted' }), unseen)
  assert.deepEqual(ids(having({ waiting: 'ContainerCreating' })), unseen)
  assert.deepEqual(ids(running()), [])
  assert.deepEqual(ids({ ...having({ ended: true }), over: 'Succeeded' }), [])
  const [finding] = diagnose(focusOn(having({}), null))
  assert.equal(`${finding?.subject} ${finding?.message}`, 'Pod shop/web-1 waits for a node')
  assert.match(
    `${finding?.cause}\n${finding?.fix}\n${finding?.command}`,
    /no node yet[\s\S]*Events[\s\S]*\nkubectl -n shop describe pod web-1$/,
  )
  assert.deepEqual(finding?.objects, ['shop/web-1'])
})

test('P14 doctor pod does not call a Pod well whose pull nobody has seen, and says so once', () => {
  const waiting = { image: IMAGE, waiting: 'ContainerCreating' }
  const containers = [
    { name: 'app', ...waiting },
    { name: 'side', ...waiting },
    { name: 'proxy', image: IMAGE, running: true } as const,
  ]
  const [found, ...more] = diagnose(focusOn({ ...stuckPod(), containers }, null))
  assert.deepEqual(more, [])
  assert.equal(`${found?.severity} ${found?.id} ${found?.health}`, 'info POD_UNKNOWN unknown')
  const turn = 'waits for its turn (ContainerCreating)'
  assert.equal(found?.message, `no pull was seen yet: app ${turn}, side ${turn}`)
  assert.match(`${found?.fix}\n${found?.command}`, /Run doctor again[\s\S]*\nkubectl -n shop describe pod web-1$/)
  const [over] = diagnose(focusOn({ ...having({}), over: 'Failed: Evicted' }, null))
  assert.equal(over?.message, 'no pull was seen: app waits for nothing: the Pod has finished (Failed: Evicted)')
  assert.match(`${over?.cause}\n${over?.fix}`, /has finished[\s\S]*replaced it/)
  // Another finding already says that the result is not known.
  const denied = { name: 'first', image: IMAGE, waiting: 'ErrImagePull', detail: DENIED }
  const [error, ...rest] = diagnose(focusOn({ ...stuckPod(), containers: [denied, ...containers] }, null))
  assert.deepEqual([error?.id, error?.health, rest], ['POD_DENIED', 'failing', []])
})

test('doctor pod reports that a kubelet lets Pods use cached images without a credential', () => {
  const lenient = (node: object) =>
    diagnose(focusOn(running(), node)).map(({ id, severity, subject }) => [id, severity, subject])
  const found = [['KUBELET_LENIENT', 'info', 'node n1']]
  assert.deepEqual(lenient({ version: 'v1.34.9' }), found)
  assert.deepEqual(lenient({ version: 'v1.35.0' }), [])
  assert.deepEqual(lenient({ version: 'unknown' }), [])
  assert.deepEqual(lenient({ version: 'v1.34.9', cachePolicy: 'AlwaysVerify' }), [])
  assert.deepEqual(lenient({ cachePolicy: 'NeverVerify' }), found)
  const [finding] = diagnose(focusOn(running(), { version: 'v1.34.9' }))
  assert.equal(finding?.command, 'kubectl get node n1 -o wide')
  // An image without a credential of the release needs no check of credentials.
  assert.deepEqual(diagnose(focusOn(running({}, 'nginx'), { version: 'v1.34.9' })), [])
  const causes = [{ version: 'v1.34.9' }, { cachePolicy: 'NeverVerify' }].map(
    (node) => diagnose(focusOn(running(), node))[0]?.cause,
  )
  assert.deepEqual(causes, [
    'Kubelet v1.34.9 does not check credentials for cached images (KubeletEnsureSecretPulledImages is on by default from 1.35).',
    'imagePullCredentialsVerificationPolicy is NeverVerify.',
  ])
})

test('doctor pod of a Pod that runs says nothing of it without the configuration of the release', () => {
  const pod = having({ running: true, pullPolicy: 'IfNotPresent' })
  const ids = (change: Change) =>
    diagnose(fixture({ ...change, focus: { pod, node: undefined, responses: new Map() } })).map(({ id }) => id)
  assert.deepEqual(ids({ release: { config: undefined, configError: 'no YAML.' } }), ['CONFIG_UNREADABLE'])
  assert.deepEqual(ids({}), ['POD_CACHED'])
})

test('doctor pod says that an image may be from the cache only if a credential of the release is for it', () => {
  const ids = (facts: Partial<ContainerFacts>, change: Change = {}) => {
    const pod = having({ running: true, pullPolicy: 'IfNotPresent', ...facts })
    return diagnose(fixture({ focus: { pod, node: undefined, responses: new Map() }, ...change })).map(({ id }) => id)
  }
  assert.deepEqual(ids({}), ['POD_CACHED'])
  assert.deepEqual(ids({ image: 'nginx' }), [])
  assert.deepEqual(ids({ pullPolicy: 'Always' }), [])
  assert.deepEqual(ids({}, responding(having({ running: true, pullPolicy: 'IfNotPresent' }), {})), [])
})

test('doctor pod reports the registry that its images need, and no other', () => {
  const registries = [
    registry({ verified: 'refused' }),
    registry({ name: 'other', domains: ['x.example'], verified: 'refused' }),
  ]
  const findings = diagnose({ ...focusOn(running(), {}), release: fixture({ registries }).release })
  assert.deepEqual(
    findings.filter(({ id }) => id === 'REGISTRY_REFUSES').map(({ subject }) => subject),
    ['registry demo'],
  )
})

test('nodes and sandbox images that fail are findings of their own, each with its Pods', () => {
  const trouble = (image: string) => `failed to get sandbox image "${image}": dial tcp 10.1.2.3:443: i/o timeout`
  const pods = (
    [
      ['a', 'n1', 'pause:3'],
      ['b', 'n2', 'pause:3'],
      ['c', 'n1', 'pause:4'],
      ['d', 'n1', 'pause:3'],
    ] as const
  ).map(([name, node, image]) =>
    having({ waiting: 'ContainerCreating' }, { name, node, sandboxTrouble: trouble(image) }),
  )
  const findings = diagnose(fixture({ pods }))
  assert.deepEqual(
    findings.map(({ id, subject, message, objects, health }) => [id, subject, message, objects, health]),
    (
      [
        ['n1', 'pause:3', '2 Pods (shop/a, shop/d)', ['shop/a', 'shop/d']],
        ['n2', 'pause:3', '1 Pod (shop/b)', ['shop/b']],
        ['n1', 'pause:4', '1 Pod (shop/c)', ['shop/c']],
      ] as const
    ).map(([node, image, list, objects]) => [
      'POD_SANDBOX',
      `node ${node}`,
      `it cannot pull the sandbox image ${image}, which every Pod needs: ${list}`,
      objects,
      'failing',
    ]),
  )
  // The message of the node is explained like that of any image.
  assert.match(
    findings[0]?.cause ?? '',
    /No pull secret is used[^:]*: [^.]*\. The node cannot reach [\s\S]* The node says: /,
  )
})

test('trouble of a sandbox that is not about its image is no finding', () => {
  const pods = [having({ waiting: 'ContainerCreating' }, { sandboxTrouble: 'failed to setup network for sandbox "1"' })]
  assert.deepEqual(diagnose(fixture({ pods })), [])
})

test("the registry's own response decides before the Pod is looked at, unless it is about the credential", () => {
  const pod = { ...stuckPod({ references: [], detail: DENIED }), isReplaced: true }
  const idOf = (result: ManifestResult['result']) => {
    const observed = fixture(responding(pod, { result }))
    const [container] = pod.containers
    assert.ok(container)
    const last = judgeContainer(pod, container, observed, createPodContext(observed)).steps.at(-1)
    return last?.state === 'wrong' ? `${last.step}: ${last.verdict.id}` : last?.state
  }
  assert.equal(idOf('tag-absent'), 'node: POD_TAG_ABSENT')
  assert.equal(idOf('repository-absent'), 'node: POD_IMAGE_ABSENT')
  assert.equal(idOf('throttled'), 'node: POD_THROTTLED')
  assert.equal(idOf('denied'), 'reference: POD_TOO_OLD')
  assert.equal(idOf('login-refused'), 'reference: POD_TOO_OLD')
})

test('doctor names the Pod whose sandbox fails on a node that is not known', () => {
  const trouble = 'failed to get sandbox image "pause:3": x'
  const pod = { ...having({ waiting: 'ContainerCreating' }, { sandboxTrouble: trouble }), node: undefined as never }
  const [finding] = diagnose(fixture({ pods: [pod] }))
  assert.deepEqual([finding?.id, finding?.subject, finding?.objects], ['POD_SANDBOX', 'a node', ['shop/web-1']])
  assert.equal(finding?.command, 'kubectl -n shop describe pod web-1')
})

test('an image volume waits as long as the containers that mount it, and is present when one of those containers has its image', () => {
  const volume = { name: 'model', image: 'model:1' }
  const container = (change: Partial<ContainerFacts> = {}, mounts: readonly string[] = ['model']) => ({
    name: 'app',
    image: IMAGE,
    mounts,
    ...change,
  })
  const see = (...containers: ReturnType<typeof container>[]) => attributeVolumes(containers, [volume]).at(-1)
  const own = { image: 'model:1', name: 'volume model' }
  assert.deepEqual(see(container({ waiting: 'ContainerCreating' })), { ...own, waiting: 'ContainerCreating' })
  assert.deepEqual(see(container({ waiting: 'CrashLoopBackOff' })), { ...own, created: true })
  assert.deepEqual(see(container({ running: true }, [])), own)
  assert.deepEqual(see(container({ waiting: 'ContainerCreating', detail: `quotes "${IMAGE}"` })), {
    ...own,
    waiting: 'ContainerCreating',
  })
  assert.deepEqual(see(container({ waiting: 'ErrImagePull', detail: 'no reason' })), own)
  // A longer name is the name of another image, wherever it comes from.
  const near = { name: 'model', image: `${HOST}/team/model` }
  const about = (image: string) => {
    const detail = `Error response from daemon: pull access denied for ${HOST}/team/${image}, repository does not exist`
    return attributeVolumes([container({ waiting: 'ErrImagePull', detail })], [near]).at(-1)?.waiting
  }
  assert.deepEqual([about('model'), about('model-2'), about('model/x')], ['ErrImagePull', undefined, undefined])
})
