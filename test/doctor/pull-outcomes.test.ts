import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describePodReport, renderPodReport } from '../../src/cli/doctor/pod-report.ts'
import { describeReport } from '../../src/cli/doctor/report.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { Observed, PodFacts } from '../../src/doctor/observed.ts'
import { addEvents, addOwnEvents } from '../../src/doctor/read/pod-events.ts'
import { describePlatform, describePod, imagesOf, selectPod } from '../../src/doctor/read/pod-facts.ts'
import type { Reader } from '../../src/kube/read/reader.ts'
import type { ContainerStatus, PodObject } from '../../src/kube/types.ts'
import { isOver } from '../../src/kube/types.ts'
import { fixture, HOST, IMAGE, NOW, registry, secret } from './fixture.ts'

const DENIED = `failed to pull and unpack image "${IMAGE}": failed to resolve reference "${IMAGE}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
const PAUSE = `${HOST}/base/pause:3.10`
const SANDBOX = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox "1f": failed to get sandbox image "${PAUSE}": failed to pull image "${PAUSE}": failed to pull and unpack image "${PAUSE}": failed to resolve reference "${PAUSE}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`

type State = NonNullable<ContainerStatus['state']>
type Spec = Partial<PodObject['spec']>

const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString()
const waiting = (reason: string, message = ''): State => ({ waiting: { reason, message } })

/** A Pod as the API server returns it. */
function pod(
  states: Readonly<Record<string, State>>,
  spec: Spec = {},
  { status = {}, metadata = {} }: { readonly status?: object; readonly metadata?: object } = {},
): PodObject {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r', controller: true }
  const statuses = (list: readonly { readonly name: string }[] = []) =>
    list.flatMap(({ name }) => {
      const state = states[name]
      return state === undefined ? [] : [{ name, state, ...(state.terminated && { containerID: 'containerd://1' }) }]
    })
  const full = {
    containers: [{ name: 'app', image: IMAGE, imagePullPolicy: 'Always' }],
    nodeName: 'n1',
    imagePullSecrets: [{ name: 'acr-nopass' }],
    ...spec,
  }
  return {
    metadata: {
      namespace: 'shop',
      name: 'web-1',
      uid: 'u1',
      resourceVersion: '1',
      ownerReferences: [owner],
      ...metadata,
    },
    spec: full,
    status: {
      phase: 'Pending',
      initContainerStatuses: statuses(full.initContainers),
      containerStatuses: statuses(full.containers),
      ephemeralContainerStatuses: statuses(full.ephemeralContainers),
      ...status,
    },
  }
}

interface Event {
  readonly reason: string
  readonly message: string
  readonly minutes?: number
  readonly uid?: string
}

/** A Reader that returns these Events. */
function readerOf(events: readonly Event[]): { readonly reader: Reader; readonly queries: readonly string[] } {
  const queries: string[] = []
  const list = async (
    _what: string,
    _path: string,
    call: { query: { fieldSelector: string }; transform: (event: object) => unknown },
  ) => {
    const { fieldSelector } = call.query
    queries.push(fieldSelector)
    const reason = /reason=(\w+)/.exec(fieldSelector)?.[1]
    return events
      .filter((event) => reason === undefined || event.reason === reason)
      .map(({ reason, message, minutes = -1, uid = 'u1' }) =>
        call.transform({
          reason,
          type: 'Warning',
          message,
          lastTimestamp: at(minutes),
          metadata: { creationTimestamp: at(minutes) },
          involvedObject: { uid },
        }),
      )
  }
  return { reader: { list } as unknown as Reader, queries }
}

interface Seen {
  /** Name and state of each container. */
  readonly pulls: readonly string[]
  readonly ids: readonly string[]
  readonly healthy: boolean | null
  readonly text: string
}

type Change = Parameters<typeof fixture>[0]

/** Returns the results of `doctor pod` and `doctor` for one Pod. */
async function look(
  object: PodObject,
  change: Change = {},
  events: readonly Event[] = [],
): Promise<readonly [Seen, Seen]> {
  const own = await addOwnEvents(readerOf(events).reader, describePod(object), NOW)
  const node = { name: 'n1', version: 'v1.37.2', platform: 'linux/amd64', cachePolicy: 'AlwaysVerify' }
  const one = fixture({ ...change, focus: { pod: own, node, responses: new Map() } })
  const all = fixture({
    ...change,
    pods: isOver(object)
      ? []
      : await addEvents(readerOf(events).reader, selectPod(describePod(object), 'acr-nopass'), NOW),
  })
  return [
    see(one, describePodReport(one, diagnose(one)) as Report, true),
    see(all, describeReport(all, diagnose(all)) as Report, false),
  ]
}

interface Report {
  readonly healthy: boolean | null
  readonly pod?: { readonly containers: readonly { readonly name: string; readonly pull: string }[] }
}

function see(observed: Observed, report: Report, isOne: boolean): Seen {
  const findings = diagnose(observed)
  const plain = (text: string): string => text
  const paint = { red: plain, yellow: plain, green: plain, dim: plain, bold: plain } as never
  return {
    pulls: (report.pod?.containers ?? []).map(({ name, pull }) => `${name} ${pull}`),
    ids: findings.map(({ id }) => id),
    healthy: report.healthy,
    text: isOne ? renderPodReport(observed, findings, paint) : JSON.stringify(findings),
  }
}

interface Case {
  readonly title: string
  readonly pod: PodObject
  readonly pulls: readonly string[]
  readonly ids: readonly string[]
  readonly healthy: boolean | null
  /** The report of the Pod by itself says that its pull was not seen yet. */
  readonly unseen?: true
  readonly events?: readonly Event[]
  readonly says?: RegExp
  readonly change?: Change
}

const refused = waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}": ErrImagePull: ${DENIED}`)
const MODEL = `${HOST}/team/app-model:1`
const withModel: Spec = {
  containers: [
    { name: 'app', image: IMAGE, volumeMounts: [{ name: 'model' }] },
    { name: 'side', image: IMAGE },
  ],
  volumes: [{ name: 'model', image: { reference: MODEL } }],
}

const CASES: readonly Case[] = [
  { title: 'it runs', pod: pod({ app: { running: {} } }), pulls: ['app pulled'], ids: [], healthy: true },
  { title: 'it is denied', pod: pod({ app: refused }), pulls: ['app cannot'], ids: ['POD_DENIED'], healthy: false },
  {
    title: 'CRI-O cannot reach the registry',
    pod: pod({
      app: waiting(
        'RegistryUnavailable',
        `image pull failed for ${IMAGE} because the registry is unavailable: dial tcp 10.1.2.3:443: connect: connection refused`,
      ),
    }),
    pulls: ['app cannot'],
    ids: ['POD_NETWORK'],
    healthy: false,
  },
  {
    title: 'the signature of the image is refused',
    pod: pod({
      app: waiting(
        'SignatureValidationFailed',
        `image pull failed for ${IMAGE} because the signature validation failed: Source image rejected`,
      ),
    }),
    pulls: ['app cannot'],
    ids: ['POD_STUCK'],
    healthy: false,
    says: /signature policy[\s\S]*Source image rejected/,
  },
  {
    title: 'the node cannot pull the sandbox image',
    pod: pod({ app: waiting('ContainerCreating') }),
    events: [{ reason: 'FailedCreatePodSandBox', message: SANDBOX }],
    pulls: ['app waits'],
    ids: ['POD_SANDBOX'],
    healthy: false,
    says: /sandbox image demo-registry\S+\/base\/pause:3\.10[\s\S]*No pull secret is used for this image/,
  },
  {
    title: 'the Pod waits for a network',
    pod: pod({ app: waiting('ContainerCreating') }),
    events: [
      {
        reason: 'FailedCreatePodSandBox',
        message:
          'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "1f": no addresses',
      },
    ],
    pulls: ['app waits'],
    ids: [],
    unseen: true,
    healthy: true,
  },
  {
    title: 'the sandbox was created after a failure',
    pod: pod(
      { app: waiting('ContainerCreating') },
      {},
      { status: { conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] } },
    ),
    events: [{ reason: 'FailedCreatePodSandBox', message: SANDBOX }],
    pulls: ['app waits'],
    ids: [],
    unseen: true,
    healthy: true,
  },
  {
    title: 'the sandbox failed long ago',
    pod: pod({ app: waiting('ContainerCreating') }),
    events: [{ reason: 'FailedCreatePodSandBox', message: SANDBOX, minutes: -30 }],
    pulls: ['app waits'],
    ids: [],
    unseen: true,
    healthy: true,
  },
  {
    title: 'the debug container is denied',
    pod: pod({ app: { running: {} }, debug: refused }, { ephemeralContainers: [{ name: 'debug', image: IMAGE }] }),
    pulls: ['app pulled', 'debug cannot'],
    ids: ['POD_DENIED'],
    healthy: false,
    says: /debug cannot pull/,
  },
  {
    title: 'an image volume is denied',
    pod: pod(
      {
        app: waiting(
          'ImagePullBackOff',
          `Back-off pulling image "${MODEL}": ErrImagePull: ${DENIED.replaceAll(IMAGE, MODEL)}`,
        ),
        side: { running: {} },
      },
      withModel,
    ),
    pulls: ['app waits', 'side pulled', 'volume model cannot'],
    ids: ['POD_DENIED'],
    healthy: false,
    says: /volume model cannot pull \S+app-model:1/,
  },
  {
    title: 'the container is denied, and its image volume is not the reason',
    pod: pod({ app: refused, side: { running: {} } }, withModel),
    pulls: ['app cannot', 'side pulled', 'volume model pulled'],
    ids: ['POD_DENIED'],
    healthy: false,
  },
  {
    title: 'a denied image volume has another tag of the image of its container',
    pod: pod(
      { app: waiting('ErrImagePull', DENIED.replaceAll(IMAGE, `${HOST}/team/app:2`)) },
      {
        containers: [{ name: 'app', image: IMAGE, volumeMounts: [{ name: 'model' }] }],
        volumes: [{ name: 'model', image: { reference: `${HOST}/team/app:2` } }],
      },
    ),
    pulls: ['app waits', 'volume model cannot'],
    ids: ['POD_DENIED'],
    healthy: false,
  },
  {
    title: 'an image volume of Docker Hub is out of reach, in the words of the runtime',
    pod: pod(
      {
        app: waiting(
          'ErrImagePull',
          'failed to pull and unpack image "docker.io/library/model:latest": toomanyrequests: x',
        ),
      },
      {
        containers: [{ name: 'app', image: IMAGE, volumeMounts: [{ name: 'model' }] }],
        volumes: [{ name: 'model', image: { reference: 'model' } }],
      },
    ),
    pulls: ['app waits', 'volume model cannot'],
    ids: ['POD_UNCOVERED'],
    healthy: false,
  },
  {
    title: 'the first container has run, so the sandbox exists',
    pod: pod(
      { first: { terminated: { exitCode: 0 } }, app: waiting('PodInitializing') },
      { initContainers: [{ name: 'first', image: IMAGE }] },
    ),
    events: [{ reason: 'FailedCreatePodSandBox', message: SANDBOX }],
    pulls: ['first pulled', 'app waits'],
    ids: [],
    unseen: true,
    healthy: true,
  },
  {
    title: "a static Pod's Events have the UID of its file",
    pod: pod(
      { app: waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`) },
      { imagePullSecrets: [] },
      { metadata: { ownerReferences: [], annotations: { 'kubernetes.io/config.mirror': 'hash' } } },
    ),
    events: [
      {
        reason: 'Failed',
        uid: 'hash',
        message: `Failed to pull image "${IMAGE}": write /var/lib/x: no space left on device`,
      },
    ],
    pulls: ['app cannot'],
    ids: ['POD_DISK_FULL'],
    healthy: false,
  },
  {
    title: 'the Pod waits for an init container that is denied',
    pod: pod(
      { first: refused, app: waiting('PodInitializing') },
      { initContainers: [{ name: 'first', image: IMAGE }] },
    ),
    pulls: ['first cannot', 'app waits'],
    ids: ['POD_DENIED'],
    healthy: false,
  },
  ...['CrashLoopBackOff', 'CreateContainerConfigError', 'RunContainerError'].map((reason) => ({
    title: `the container has its image and waits as ${reason}`,
    pod: pod({ app: waiting(reason, 'x') }),
    pulls: ['app pulled'],
    ids: [],
    healthy: true,
  })),
  {
    title: 'the container was created',
    pod: pod({ app: { waiting: {} } }),
    pulls: ['app pulled'],
    ids: [],
    healthy: true,
  },
  {
    title: 'the kubelet gives a reason that doctor does not know',
    pod: pod({ app: waiting('ErrImageFrobnicated', 'no') }),
    pulls: ['app unknown'],
    ids: ['POD_UNKNOWN'],
    healthy: null,
    says: /ErrImageFrobnicated/,
  },
  {
    title: 'an image outside of the release cannot be pulled',
    pod: pod(
      { app: waiting('ErrImagePull', 'toomanyrequests: You have reached your pull rate limit') },
      { containers: [{ name: 'app', image: 'nginx' }] },
    ),
    pulls: ['app cannot'],
    ids: ['POD_UNCOVERED'],
    healthy: false,
  },
  {
    title: 'a public image of ACR runs',
    pod: pod(
      { app: { running: {} } },
      {
        containers: [{ name: 'app', image: 'registry.cn-hangzhou.aliyuncs.com/google_containers/pause:3.9' }],
        imagePullSecrets: [],
      },
    ),
    pulls: ['app pulled'],
    ids: [],
    healthy: true,
    says: /without a credential of acr-nopass/,
  },
  {
    title: 'a Pod that lacks the reference fails for a reason that is not known',
    pod: pod({ app: waiting('ErrImagePull', 'the flux capacitor is unaligned') }, { imagePullSecrets: [] }),
    pulls: ['app cannot'],
    ids: ['POD_STUCK'],
    healthy: false,
    says: /lacks the reference/,
  },
  ...(
    [
      ['a TLS handshake timeout', 'net/http: TLS handshake timeout', 'POD_NETWORK'],
      ['a proxy', 'Forbidden', 'POD_PROXY'],
    ] as const
  ).map(([what, error, id]) => ({
    title: `a Pod that lacks the reference fails for ${what}`,
    pod: pod(
      {
        app: waiting('ErrImagePull', `failed to do request: Head "https://${HOST}/v2/team/app/manifests/1": ${error}`),
      },
      { imagePullSecrets: [] },
    ),
    pulls: ['app cannot'],
    ids: [id],
    healthy: false,
  })),
  {
    title: 'a static Pod is denied',
    pod: pod(
      { app: refused },
      { imagePullSecrets: [] },
      {
        metadata: {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n', controller: true }],
          annotations: { 'kubernetes.io/config.mirror': 'hash' },
        },
      },
    ),
    pulls: ['app cannot'],
    ids: ['POD_STATIC'],
    healthy: false,
    says: /n1 creates it from a file/,
  },
  { title: 'no node reports it', pod: pod({}), pulls: ['app waits'], ids: [], unseen: true, healthy: true },
]

for (const { title, pod, pulls, ids, healthy, unseen, events, says, change } of CASES) {
  test(`doctor: each container of a Pod gets one verdict: ${title}`, async () => {
    const [one, all] = await look(pod, change, events)
    assert.deepEqual(one.pulls, pulls)
    assert.deepEqual([one.ids, one.healthy], unseen ? [['POD_UNKNOWN'], null] : [ids, healthy])
    assert.deepEqual([all.ids, all.healthy], [ids, healthy])
    if (says) assert.match(one.text, says)
  })
}

test('doctor pod: a Pod that is over is judged by what happened', async () => {
  const ran = pod(
    { app: { terminated: { exitCode: 0 } } },
    { imagePullSecrets: [] },
    { status: { phase: 'Succeeded' } },
  )
  const evicted = pod(
    { app: waiting('ContainerCreating') },
    { imagePullSecrets: [] },
    { status: { phase: 'Failed', reason: 'Evicted' } },
  )
  const given = { name: 'app', state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }
  const unseen = pod({}, {}, { status: { phase: 'Failed', reason: 'Evicted', containerStatuses: [given] } })
  for (const [object, pulls, ids, healthy] of [
    [unseen, 'app waits', ['POD_UNKNOWN'], null],
    [ran, 'app pulled', [], true],
    [evicted, 'app waits', ['POD_UNKNOWN'], null],
  ] as const) {
    const [one, all] = await look(object)
    assert.deepEqual([one.pulls, one.ids, one.healthy], [[pulls], ids, healthy])
    assert.deepEqual(all.ids, [])
  }
})

test('doctor pod: a Pod that has not pulled yet and lacks the reference is not called healthy', async () => {
  const [one, all] = await look(pod({ app: waiting('ContainerCreating') }, { imagePullSecrets: [] }))
  assert.deepEqual([one.pulls, one.ids, one.healthy], [['app waits'], ['POD_TOO_OLD'], null])
  assert.match(one.text, /app could not pull \S+ now/)
  assert.deepEqual(all.ids, ['PODS_OLD'])
})

test("doctor: a node's denial from before the Secret was written decides nothing", async () => {
  const written = (minutes: number): Change => ({
    secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, { ...secret(), writtenAt: NOW + minutes * 60_000 }])),
  })
  const failed = (minutes: number): readonly Event[] => [
    { reason: 'Failed', message: `Failed to pull image "${IMAGE}": ${DENIED}`, minutes },
  ]
  const both = async (state: State, change: Change, events: readonly Event[], metadata = {}) =>
    (await look(pod({ app: state }, {}, { metadata }), change, events)).map(({ ids, healthy }) => [...ids, healthy])
  const twice = (...seen: readonly unknown[]) => [seen, seen]
  // The Secret is newer than the node's message, or may be newer.
  assert.deepEqual(await both(refused, written(-1), []), twice('POD_UNKNOWN', null))
  assert.deepEqual(await both(refused, written(-1), failed(-4)), twice('POD_UNKNOWN', null))
  // The node has pulled again with the current Secret.
  assert.deepEqual(await both(refused, written(-5), failed(-2)), twice('POD_DENIED', false))
  assert.deepEqual(await both(refused, written(-30), []), twice('POD_DENIED', false))
  assert.deepEqual(
    await both(refused, written(-5), [], { creationTimestamp: at(-3) }),
    twice('POD_DENIED', false),
    'the Pod is newer than the Secret',
  )
  // The kubelet's limit may hold back the Event, while the status contains the message of the last
  // pause.
  assert.deepEqual(await both(refused, written(-30), failed(-40)), twice('POD_DENIED', false))
  for (const order of [
    [...failed(-8), ...failed(-2)],
    [...failed(-2), ...failed(-8)],
  ])
    assert.deepEqual(await both(refused, written(-5), order), twice('POD_DENIED', false))
  // A kubelet that pauses without a reason in the status: only the Event contains it.
  const pause = waiting('ImagePullBackOff', `Back-off pulling image "${IMAGE}"`)
  assert.deepEqual(await both(pause, written(-30), failed(-20)), twice('POD_DENIED', false))
  assert.deepEqual(await both(pause, written(-30), failed(-40)), twice('POD_UNKNOWN', null))
  assert.deepEqual(await both(pause, written(-30), []), twice('POD_STUCK', false))
  // A cause that no credential changes stays valid.
  const full = waiting('ErrImagePull', 'write /var/lib/x: no space left on device')
  assert.deepEqual(await both(full, written(-1), []), twice('POD_DISK_FULL', false))
  const [one] = await look(pod({ app: refused }), written(-1))
  assert.match(
    one.text,
    /from an earlier attempt, before the Secret was written[\s\S]*\$ acr-nopass doctor pod shop\/web-1 --ask-registry/,
  )
})

test("doctor compares a virtual node's platform in the notation of registries, and compares nothing if the node does not report its platform", () => {
  assert.equal(describePlatform({ operatingSystem: 'Linux', architecture: 'amd64' }), 'linux/amd64')
  assert.equal(describePlatform({ operatingSystem: 'linux', architecture: '' }), undefined)
  assert.equal(describePlatform({}), undefined)
})

test('doctor reads Events only if a Pod waits for its image or its sandbox', async () => {
  const queriesFor = async (object: PodObject): Promise<readonly string[]> => {
    const { reader, queries } = readerOf([])
    await addEvents(reader, selectPod(describePod(object), 'acr-nopass'), NOW)
    return queries
  }
  assert.deepEqual(await queriesFor(pod({ app: { running: {} } }, { imagePullSecrets: [] })), [])
  assert.deepEqual(await queriesFor(pod({ app: refused })), ['involvedObject.kind=Pod,reason=Failed'])
  assert.deepEqual(await queriesFor(pod({ app: waiting('ContainerCreating') })), [
    'involvedObject.kind=Pod,reason=FailedCreatePodSandBox',
  ])
})

test('doctor compares the limit with images that the node has, also those of init containers and volumes', () => {
  const mounted = [{ name: 'v', mountPath: '/v' }]
  const object = pod(
    { app: { running: {} }, init: { terminated: { exitCode: 0 } }, waits: refused },
    {
      initContainers: [{ name: 'init', image: 'h/init' }],
      containers: [
        { name: 'app', image: 'h/app', volumeMounts: mounted },
        { name: 'waits', image: 'h/waits' },
      ],
      volumes: [{ name: 'v', image: { reference: 'h/volume' } }],
    },
  )
  const found = imagesOf(describePod(object))
  assert.deepEqual(found.map(({ namespace, pod: name, image }) => `${namespace}/${name} ${image}`).sort(), [
    'shop/web-1 h/app',
    'shop/web-1 h/init',
    'shop/web-1 h/volume',
  ])
  assert.deepEqual([isOver(object), isOver(pod({}, {}, { status: { phase: 'Succeeded' } }))], [false, true])
})

test("doctor pod: without the right to read the release a node's message is explained all the same", async () => {
  const without: Change = { release: null, secrets: undefined, namespaces: undefined, accounts: undefined }
  const explained = async (message: string, change: Change): Promise<Seen> =>
    (await look(pod({ app: waiting('ErrImagePull', message) }), change))[0]
  for (const change of [without, { release: { config: undefined } }] as const) {
    const full = await explained('write /var/lib/containerd/x: no space left on device', change)
    assert.ok(full.ids.includes('POD_DISK_FULL'), full.ids.join())
    const proxy = await explained(`Head "https://${HOST}/v2/": Forbidden`, change)
    assert.ok(proxy.ids.includes('POD_PROXY'), proxy.ids.join())
    const denied = await explained(DENIED, change)
    assert.ok(denied.ids.includes('POD_DENIED'), denied.ids.join())
    assert.match(denied.text, /Ask the operator of the release/)
    assert.doesNotMatch(denied.text, /apply the RAM policy again/)
    assert.equal(denied.healthy, false)
  }
})

const NOT_RECREATED: readonly (readonly [object | undefined, RegExp])[] = [
  [undefined, /Create the Pod again from its manifest/],
  [{ apiVersion: 'batch/v1', kind: 'Job' }, /Let Job\/x create its Pods again/],
  [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' }, /Let Workflow\/x create its Pods again/],
  // Anyone who may create Pods can write this owner, but nothing creates the Pod again.
  [{ apiVersion: 'apps.example.com/v1', kind: 'ReplicaSet' }, /Let ReplicaSet\/x create its Pods again/],
]

test('doctor never advises to delete a Pod that nothing creates again', async () => {
  for (const [owner, fix] of NOT_RECREATED) {
    const ownerReferences = owner === undefined ? [] : [{ ...owner, name: 'x', uid: 'x', controller: true }]
    const changes: readonly Change[] = [
      {},
      { config: { targets: { namespaces: { exclude: ['shop'] } } } },
      { config: { targets: { serviceAccounts: { exclude: ['*'] } } } },
    ]
    for (const change of changes) {
      const seen = await look(
        pod({ app: refused }, { imagePullSecrets: [] }, { metadata: { ownerReferences } }),
        change,
      )
      for (const { text } of seen) assert.doesNotMatch(text, /delete pod|[Dd]elete the Pod/)
      if (change?.config === undefined) for (const { text } of seen) assert.match(text, fix)
    }
  }
})

test('doctor says that deleting a Pod of a DaemonSet may also roll out its new template', async () => {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'x', uid: 'x', controller: true }]
  const [one] = await look(pod({ app: refused }, { imagePullSecrets: [] }, { metadata: { ownerReferences } }))
  assert.match(one.text, /updateStrategy OnDelete, deleting the Pod also rolls out later changes/)
})

test('doctor: different kinds of Pods with the same cause are separate findings, because each kind has its own fix', () => {
  const objects = (
    [
      ['a-replica', { apiVersion: 'apps/v1', kind: 'ReplicaSet' }],
      ['b-replica', { apiVersion: 'apps/v1', kind: 'ReplicaSet' }],
      ['bare', undefined],
      ['step', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow' }],
    ] as const
  ).map(([name, owner]) =>
    describePod(
      pod(
        { app: refused },
        { imagePullSecrets: [] },
        { metadata: { name, ownerReferences: owner ? [{ ...owner, name: 'x', uid: 'x', controller: true }] : [] } },
      ),
    ),
  )
  const findings = diagnose(fixture({ pods: objects }))
  assert.deepEqual(
    findings.map(({ id, objects, command }) => [id, objects, /delete pod/.test(command ?? '')]),
    [
      ['POD_TOO_OLD', ['shop/a-replica', 'shop/b-replica'], true],
      ['POD_TOO_OLD', ['shop/bare'], false],
      ['POD_TOO_OLD', ['shop/step'], false],
    ],
  )
})

test('doctor: one node that cannot pull its sandbox image is one finding for all its Pods', async () => {
  const objects = ['a', 'b'].map((name) =>
    pod({ app: waiting('ContainerCreating') }, {}, { metadata: { name, uid: name } }),
  )
  const facts: readonly PodFacts[] = objects.map(describePod)
  const { reader } = readerOf(['a', 'b'].map((uid) => ({ reason: 'FailedCreatePodSandBox', message: SANDBOX, uid })))
  const findings = diagnose(fixture({ pods: await addEvents(reader, facts, NOW) }))
  assert.deepEqual(
    findings.map(({ id, subject, objects, command }) => [id, subject, objects, command]),
    [['POD_SANDBOX', 'node n1', ['shop/a', 'shop/b'], 'kubectl get node n1 -o wide']],
  )
})

const SANDBOX_WORDS = [
  ['containerd 1.7', `failed to get sandbox image "${PAUSE}": failed to pull image "${PAUSE}": x`],
  ['cri-dockerd', `unable to pull sandbox image "${PAUSE}": Error response from daemon: x`],
  [
    'CRI-O',
    `creating pod sandbox with name "k8s_web-1_shop_u1_0": initializing source docker://${PAUSE}: pinging container registry ${HOST}: x`,
  ],
]

for (const [runtime, words] of SANDBOX_WORDS) {
  test(`doctor: a sandbox image that cannot be pulled is named, in the words of ${runtime}`, async () => {
    const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = ${words}`
    const [one] = await look(pod({ app: waiting('ContainerCreating') }), {}, [
      { reason: 'FailedCreatePodSandBox', message },
    ])
    assert.deepEqual(one.ids, ['POD_SANDBOX'])
    assert.ok(one.text.includes(`the sandbox image ${PAUSE},`), one.text)
  })
}

test('doctor: a public image of ACR that runs next to covered images is not an error, but a denied image is an error', async () => {
  const image = 'registry.cn-hangzhou.aliyuncs.com/google_containers/pause:3.9'
  const spec = { containers: [{ name: 'app', image }] }
  const ids = async (state: State): Promise<readonly string[]> =>
    (await look(pod({ app: state }, spec), { registries: [registry()] }))[0].ids
  assert.deepEqual(await ids({ running: {} }), [])
  assert.deepEqual(await ids(waiting('ErrImagePull', DENIED.replaceAll(IMAGE, image))), ['POD_UNCOVERED'])
  assert.deepEqual(await ids(waiting('ErrImagePull', `Head "https://registry.cn-hangzhou.aliyuncs.com/v2/": EOF`)), [
    'POD_NETWORK',
  ])
})

test('doctor: a Pod that waited long for its node is unknown only when the node has had it for longer than pulls take', async () => {
  const healthOf = async (minutes: number, states: Parameters<typeof pod>[0]): Promise<boolean | null> => {
    const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: at(-minutes) }
    const ready = { type: 'PodReadyToStartContainers', status: 'True' }
    const more = { metadata: { creationTimestamp: at(-60) }, status: { conditions: [scheduled, ready] } }
    return (await look(pod(states, {}, more)))[1].healthy
  }
  for (const states of [{ app: waiting('ContainerCreating') }, {}]) {
    assert.deepEqual([await healthOf(9, states), await healthOf(11, states)], [true, null])
  }
})

// The kubelet starts containers one after the other, init containers first
// (pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod).
test('doctor: a container whose turn came long ago is unknown, even while other containers of its Pod run', async () => {
  const healthOf = async (states: Parameters<typeof pod>[0], spec: Spec, added = {}): Promise<boolean | null> => {
    const more = { metadata: { creationTimestamp: at(-60), ...added }, status: READY }
    const [one, all] = await look(pod(states, spec, more))
    // The Pod by itself is not called well before its pull was seen.
    assert.equal(one.healthy, null)
    return all.healthy
  }
  const READY = { conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] }
  const [since, creating] = [(minutes: number) => at(-minutes), waiting('ContainerCreating')]
  const image = { image: IMAGE, imagePullPolicy: 'Always' }
  const two: Spec = {
    containers: [
      { name: 'web', ...image },
      { name: 'app', ...image },
    ],
  }
  const running = (minutes: number): State => ({ running: { startedAt: since(minutes) } })
  const ended = (minutes: number): State => ({ terminated: { exitCode: 0, finishedAt: since(minutes) } })
  assert.equal(await healthOf({ web: running(11), app: creating }, two), null)
  assert.equal(await healthOf({ web: waiting('CrashLoopBackOff'), app: creating }, two), null)
  // The container's turn came only when the container before it had started.
  assert.equal(await healthOf({ web: running(9), app: creating }, two), true)

  const app = waiting('PodInitializing')
  const init: Spec = { initContainers: [{ name: 'init', ...image }] }
  assert.equal(await healthOf({ init: ended(11), app }, init), null)
  assert.equal(await healthOf({ init: ended(9), app }, init), true)
  assert.equal(await healthOf({ init: running(30), app }, init), true)

  // The ephemeral container may have been added a moment ago.
  const debug: Spec = { ephemeralContainers: [{ name: 'debug', ...image }] }
  const added = (minutes: number, subresource: string) => {
    const entry = { manager: 'kubectl-debug', operation: 'Update', time: at(-minutes), subresource }
    return healthOf({ app: running(60), debug: creating }, debug, { managedFields: [entry] })
  }
  assert.equal(await healthOf({ app: running(60), debug: creating }, debug), true)
  assert.equal(await added(50, 'ephemeralcontainers'), null)
  assert.equal(await added(9, 'ephemeralcontainers'), true)
  assert.equal(await added(50, 'status'), true)

  const proxy: Spec = { initContainers: [{ name: 'proxy', ...image, restartPolicy: 'Always' }] }
  const whole = pod({}, proxy, { metadata: { creationTimestamp: at(-60) } })
  const status = (started: boolean): object => ({
    ...READY,
    initContainerStatuses: [{ name: 'proxy', started, state: running(11) }],
    containerStatuses: [{ name: 'app', state: app }],
  })
  const sidecar = async (started: boolean): Promise<boolean | null> => {
    const [, all] = await look({ ...whole, status: { phase: 'Pending', ...status(started) } } as PodObject)
    return all.healthy
  }
  assert.equal(await sidecar(true), null)
  // The other containers wait for the sidecar's startup probe.
  assert.equal(await sidecar(false), true)
})

// During a pull the kubelet reports the same reasons as before the pull, so a pull that hangs looks
// like a volume that is being mounted.
test('doctor: a Pod that has started nothing for long is unknown, unless an Event or another container shows why', async () => {
  const made = (minutes: number) => ({
    metadata: { creationTimestamp: at(-minutes) },
    status: { conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] },
  })
  const creating = { app: waiting('ContainerCreating') }
  const healthOf = async (...given: Parameters<typeof pod>): Promise<readonly (boolean | null)[]> =>
    (await look(pod(...given))).map(({ healthy }) => healthy)
  assert.deepEqual(await healthOf(creating, {}, made(9)), [null, true])
  assert.deepEqual(await healthOf(creating, {}, made(11)), [null, null])
  const [one] = await look(pod(creating, {}, made(11)))
  assert.deepEqual(one.ids, ['POD_UNKNOWN'])
  assert.match(one.text, /waits as ContainerCreating for more than ten minutes/)

  const withInit: Spec = { initContainers: [{ name: 'init', image: IMAGE }] }
  const initializing = { app: waiting('PodInitializing') }
  const init = (state: State) => healthOf({ init: state, ...initializing }, withInit, made(11))
  assert.deepEqual(await init({ running: {} }), [null, true])
  assert.deepEqual(await init(waiting('CrashLoopBackOff')), [null, true])
  assert.deepEqual(await init({ terminated: { exitCode: 0 } }), [null, null])

  const noSandbox = { metadata: made(11).metadata }
  const mount = { reason: 'FailedMount', message: 'MountVolume.SetUp failed' }
  const [told, listed] = await look(pod(creating, {}, noSandbox), {}, [mount])
  assert.deepEqual([told.healthy, listed.healthy], [null, null])
  assert.match(told.text, /\ninfo POD_UNKNOWN /)
  assert.deepEqual([told.ids, listed.ids], [['POD_UNKNOWN'], ['POD_UNKNOWN']])

  assert.deepEqual(await healthOf({}, {}, { metadata: made(9).metadata }), [null, true])
  assert.deepEqual(await healthOf({}, {}, { metadata: made(11).metadata }), [null, null])
  const [silent] = await look(pod({}, {}, { metadata: made(11).metadata }))
  assert.match(silent.text, /warning POD_UNKNOWN [\s\S]*node n1 has reported nothing about the Pod for more than ten/i)
})
