import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { type ProbePlan, planExistingNamespace } from '../../src/rollout/preflight/what-to-verify.ts'
import type { JournalEntry, RunFolder } from '../../src/rollout/run-folder.ts'
import { verifyRelease } from '../../src/rollout/verify/verify-release.ts'
import { helperReport, reportedRegistry } from '../support/reports.ts'

const NOW = Date.parse('2026-11-27T10:00:00Z')
const OURS = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'n.r' }

interface Setup {
  readonly plan: ProbePlan | undefined
  readonly image?: string
  readonly secret?: object
  /** The status of the response to the creation of a namespace or ServiceAccount. */
  readonly refused?: number
  /**
   * What the API server responds to the first dry runs of a Pod: the names of its pull secrets, or
   * an error. The last response stays.
   */
  readonly answers?: readonly (readonly string[] | KubeApiError)[]
  /** How often the Secret is not there yet. */
  readonly late?: number
  /** How a webhook changes the container of the Pod that pulls. */
  readonly changed?: object
  /** True if the Pod gets no container, and Events cannot be listed. */
  readonly unstarted?: boolean
  /** The domains that the helper reports for its registry. */
  readonly domains?: readonly string[]
  /** The run is cancelled while the API server creates this resource. */
  readonly cancelled?: 'serviceaccounts' | 'pods'
}

interface Body {
  readonly metadata: { readonly name: string }
  readonly spec?: { readonly containers: readonly object[] }
}

/**
 * Runs a verification in a cluster with a working helper. Returns what it does to the cluster, and
 * what it reports.
 */
async function verify({ plan, image, secret = GOOD, refused, unstarted, cancelled, changed, ...rest }: Setup) {
  const answers = [...(rest.answers ?? [])]
  let absent = rest.late ?? 0
  const cancel = new AbortController()
  const calls: string[] = []
  const events: string[] = []
  const report = helperReport([reportedRegistry('prod', { domains: rest.domains ?? [] })])
  const objects = new Map<string, object>()
  const request = async (
    request: { method: string; path: string; query?: { dryRun: string }; body?: Body },
    signal?: AbortSignal,
  ) => {
    const { method, path, query, body } = request
    if (cancelled && method === 'POST' && path.endsWith(`/${cancelled}`) && !query?.dryRun) {
      cancel.abort()
      // The server creates the object whether or not the client waits.
      if (signal?.aborted) {
        setImmediate(() => objects.set(`${path}/${body?.metadata.name}`, {}))
        throw new KubeApiError(0, 'aborted')
      }
    }
    if (unstarted && path.endsWith('/events')) throw new KubeApiError(403, 'events is forbidden')
    const line = `${method} ${path}${body ? `/${body.metadata.name}` : ''}`
    if (method !== 'GET') calls.push(line.replaceAll(/probe-[0-9a-f]{8}/g, 'probe-X'))
    if (path.endsWith('/configmaps/s')) return { data: { [STATUS_KEY]: JSON.stringify(report) } }
    if (method === 'GET' && path.includes('/secrets/') && absent-- > 0) throw new KubeApiError(404, 'not found')
    // An image that no registry has: the Pod of a dry run never pulls.
    if (query?.dryRun) assert.match(JSON.stringify(body), /"image":"probe\.invalid\/probe"/)
    if (method === 'POST' && query?.dryRun && answers[0] !== undefined) {
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer instanceof KubeApiError) throw answer
      return { spec: answer && answer.length > 0 ? { imagePullSecrets: answer.map((name) => ({ name })) } : {} }
    }
    if (method === 'GET' && path.includes('/secrets/')) return { metadata: { name: 'acr', ...secret } }
    if (path.endsWith('/pods') && method === 'POST') {
      const [container] = body?.spec?.containers ?? []
      const containers = [
        { name: 'sidecar', image: 'mesh' },
        { ...container, ...changed },
      ]
      return { spec: { imagePullSecrets: [{ name: 'acr' }], containers } }
    }
    if (method === 'POST' && refused !== undefined) throw new KubeApiError(refused, 'a policy refuses it')
    if (method === 'POST') objects.set(`${path}/${body?.metadata.name}`, {})
    if (method === 'DELETE' && !objects.delete(path)) throw new KubeApiError(404, 'not found')
    if (method === 'GET' && path.includes('/pods/')) {
      if (unstarted) return { status: {} }
      return {
        status: {
          containerStatuses: [
            { name: 'sidecar', imageID: '' },
            { name: 'image', imageID: 'sha256:1' },
          ],
        },
      }
    }
    const pod = {
      metadata: { name: 'p' },
      status: { containerStatuses: [{ ready: true, restartCount: 0, image: 'i' }] },
    }
    return { items: path.endsWith('/namespaces/n/pods') ? [pod] : [] }
  }
  const note = ({ event }: JournalEntry): void => void events.push(event)
  const outcome = await verifyRelease({
    client: { request } as unknown as KubeClient,
    folder: { note, noteEnd: () => events.push('ended') } as unknown as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    parts: { namespace: 'n', selector: { app: 'h' }, statusConfigMap: 's', configHash: 'h', ramChanged: false },
    registries: ['prod'],
    secretName: 'acr',
    probe: plan,
    image,
    now: () => NOW,
    limitMs: 300,
    report: () => undefined,
    signal: AbortSignal.any([cancel.signal, AbortSignal.timeout(60_000)]),
  }).catch((error) => `${error.code} ${error.message}`)
  await new Promise(setImmediate)
  const words = typeof outcome === 'string' ? [outcome] : outcome
  return {
    calls,
    notes: words.map((line) => line.replaceAll(/\d+ ms/g, 'N ms').replaceAll(/probe-[0-9a-f]{8}/g, 'probe-X')),
    events,
    left: [...objects.keys()],
  }
}

const EXISTING: ProbePlan = { existing: 'checks', registries: ['prod', 'stage'], attaches: true }
const NEW: ProbePlan = { existing: undefined, registries: ['prod', 'stage'], attaches: true }
const GOOD = {
  labels: OURS,
  annotations: { 'acr-nopass.io/registries': 'prod,stage', 'acr-nopass.io/expires-at': '2026-11-27T11:00:00Z' },
}

test('verify-namespace: no namespace is created or deleted; only the objects that the run created in it are removed', async () => {
  assert.deepEqual(await verify({ plan: EXISTING, secret: GOOD }), {
    calls: [
      'POST /api/v1/namespaces/checks/serviceaccounts/acr-nopass-probe-X',
      'POST /api/v1/namespaces/checks/pods/acr-nopass-probe-X',
      'DELETE /api/v1/namespaces/checks/serviceaccounts/acr-nopass-probe-X',
    ],
    notes: [
      'registries: prod accepted',
      'namespace checks had its Secret after N ms',
      'a new Pod had the reference after N ms',
    ],
    events: ['probe-made', 'ended'],
    left: [],
  })
})

test('verify-namespace with verify-image: the Pod that pulled is removed too, and a sidecar is not mistaken for it', async () => {
  const { calls, notes, left } = await verify({ plan: EXISTING, secret: GOOD, image: 'r.example/app:1' })
  assert.deepEqual(notes.slice(3), ['r.example/app:1 was pulled after N ms'])
  assert.deepEqual(calls.slice(-2), [
    'DELETE /api/v1/namespaces/checks/pods/acr-nopass-probe-X',
    'DELETE /api/v1/namespaces/checks/serviceaccounts/acr-nopass-probe-X',
  ])
  assert.deepEqual(left, [])
})

test('verify-image: a pull of an image that no registry of the Secret covers is not reported as a proof', async () => {
  const plan = { ...EXISTING, registries: ['prod'] }
  const secret = { ...GOOD, annotations: { ...GOOD.annotations, 'acr-nopass.io/registries': 'prod' } }
  const pull = async (image: string) => (await verify({ plan, secret, image, domains: ['r.example'] })).notes.slice(3)
  assert.deepEqual(await pull('r.example/app:1'), ['r.example/app:1 was pulled after N ms'])
  assert.deepEqual(await pull('mirror.example/app:1'), [
    'mirror.example/app:1 was pulled after N ms, but no registry of the pull secret covers it: this shows nothing about a login',
  ])
})

for (const [title, changed, note] of [
  [
    'another image, as a mirror',
    { image: 'mirror.example/app:1' },
    'r.example/app:1 was not checked: the cluster changes the image of Pods there to mirror.example/app:1',
  ],
  [
    'another repository of the same registry',
    { image: 'r.example/proxy/app:1' },
    'r.example/app:1 was not checked: the cluster changes the image of Pods there to r.example/proxy/app:1',
  ],
  [
    "an image of the node's cache",
    { imagePullPolicy: 'IfNotPresent' },
    "r.example/app:1 was not checked: the cluster changes the imagePullPolicy of Pods there to IfNotPresent, so the image may come from the node's cache",
  ],
  ['the digest of the tag', { image: 'r.example/app:1@sha256:0123' }, 'r.example/app:1 was pulled after N ms'],
] as const) {
  test(`verify-image: a pull proves something only about the requested image; the cluster changes the Pod's image to ${title}`, async () => {
    const { notes, left } = await verify({ plan: EXISTING, image: 'r.example/app:1', changed })
    assert.deepEqual(notes.slice(3), [note])
    assert.deepEqual(left, [])
  })
}

test('verify-image: without permission to list Events the run still reports that the image was not pulled', async () => {
  const { notes, left } = await verify({ plan: EXISTING, secret: GOOD, image: 'r.example/app:1', unstarted: true })
  assert.deepEqual(notes, [
    'VERIFY_IMAGE r.example/app:1 was not pulled in 0 s; its container did not start, and the deployer lacks the right to list the Events that show why',
  ])
  assert.deepEqual(left, [])
})

for (const cancelled of ['serviceaccounts', 'pods'] as const) {
  test(`a run that is cancelled while the probe's ${cancelled} are being created still removes them`, async () => {
    const image = 'r.example/app:1'
    const { notes, events, left } = await verify({ plan: EXISTING, secret: GOOD, image, cancelled })
    assert.deepEqual(left, [])
    assert.deepEqual(events, ['probe-made', 'ended'])
    assert.match(notes.join(), /abort/i)
  })
}

test('a probe whose creation is uncertain stays in the journal for the post step', async () => {
  const { events } = await verify({ plan: EXISTING, secret: GOOD, refused: 0 })
  assert.deepEqual(events, ['probe-made'])
})

for (const [name, secret, problem] of [
  ["another tool's Secret", { annotations: GOOD.annotations }, 'is not of this release'],
  [
    'a Secret of an older configuration',
    { labels: OURS, annotations: { 'acr-nopass.io/registries': 'prod' } },
    'holds prod instead of prod, stage',
  ],
  [
    'an expired credential',
    { labels: OURS, annotations: { ...GOOD.annotations, 'acr-nopass.io/expires-at': '2026-11-27T09:00:00Z' } },
    'expired at 2026-11-27T09:00:00Z',
  ],
] as const) {
  test(`verify-namespace: ${name} that existed before proves nothing`, async () => {
    const { notes, left } = await verify({ plan: EXISTING, secret })
    assert.deepEqual(notes, [`VERIFY_SECRET Secret acr in namespace checks ${problem} after 0.3 s`])
    assert.deepEqual(left, [])
  })

  test(`verify: ${name} in a new namespace proves nothing, because a policy may copy it to every namespace`, async () => {
    const { notes, left } = await verify({ plan: NEW, secret })
    assert.deepEqual(notes, [`VERIFY_SECRET Secret acr in a new namespace ${problem} after 0.3 s`])
    assert.deepEqual(left, [])
  })
}

test('a ServiceAccount that is not a target is not expected to get the reference, nor its Pod to pull', async () => {
  const plan = { ...NEW, attaches: false }
  const { notes, calls } = await verify({ plan, image: 'r.example/app:1' })
  assert.deepEqual(notes.slice(1), [
    'a new namespace had its Secret after N ms',
    'the reference was not checked, and r.example/app:1 not pulled: ServiceAccount default is not among the targets',
  ])
  assert.ok(!calls.some((line) => line.includes('/pods')))
  assert.equal(
    (await verify({ plan })).notes[2],
    'the reference was not checked: ServiceAccount default is not among the targets',
  )
})

test('if a cluster rejects the new namespace, the error is VERIFY_NAMESPACE, whose fix is verify-namespace', async () => {
  for (const refused of [400, 403, 422]) {
    const { notes } = await verify({ plan: NEW, refused })
    assert.deepEqual(notes, ['VERIFY_NAMESPACE Namespace acr-nopass-probe-X was refused: a policy refuses it'])
  }
})

const REFERENCE = 'a new Pod had the reference after N ms'
const ACCOUNT = new KubeApiError(403, 'error looking up service account n/x: serviceaccount "x" not found')
const REJECTED = new KubeApiError(403, 'violates PodSecurity "restricted:latest"')

for (const [title, answers, note] of [
  ['that gets the reference late', [[], ['other'], ['other', 'acr']], REFERENCE],
  ['whose ServiceAccount appears late', [ACCOUNT, ['acr']], REFERENCE],
  ['while a webhook is away for a moment', [new KubeApiError(503, 'away'), ['acr']], REFERENCE],
  ['while the API server is away for a moment', [new KubeApiError(0, 'reset'), ['acr']], REFERENCE],
  [
    'that a policy rejects',
    [REJECTED],
    'the reference was not checked: a Pod is rejected there (violates PodSecurity "restricted:latest")',
  ],
  [
    'that a webhook rejects which stays away',
    [new KubeApiError(503, 'away')],
    'the reference was not checked: a Pod is rejected there (away)',
  ],
  ['without any pull secret', [[]], 'VERIFY_ATTACH a new Pod did not get the reference to acr in 0.3 s'],
  ['with only another pull secret', [['other']], 'VERIFY_ATTACH a new Pod did not get the reference to acr in 0.3 s'],
  ['without its ServiceAccount', [ACCOUNT], 'VERIFY_ATTACH a new Pod did not get the reference to acr in 0.3 s'],
  ['with a login that ends meanwhile', [new KubeApiError(401, 'Unauthorized')], 'KUBE_UNAUTHORIZED Unauthorized'],
  ['while the API server stays away', [new KubeApiError(0, 'no route')], 'KUBE_REFUSED no route'],
] as const) {
  test(`the reference is verified in a Pod ${title}: ${note}`, async () => {
    const { notes, left } = await verify({ plan: NEW, answers })
    assert.equal(notes.at(-1), note)
    assert.deepEqual(left, [])
  })
}

test('a Secret that comes late is waited for; one that never comes fails the verification', async () => {
  assert.equal((await verify({ plan: NEW, late: 2 })).notes[1], 'a new namespace had its Secret after N ms')
  const { notes } = await verify({ plan: NEW, late: 100 })
  assert.deepEqual(notes, ['VERIFY_SECRET Secret acr in a new namespace did not appear after 0.3 s'])
})

test('a Secret whose registries are in another order is good; one without registries is not', async () => {
  const holding = async (annotations: object) =>
    (await verify({ plan: NEW, secret: { labels: OURS, annotations } })).notes
  const listed = { 'acr-nopass.io/registries': 'stage,prod' }
  assert.equal((await holding(listed))[1], 'a new namespace had its Secret after N ms')
  assert.deepEqual(await holding({}), [
    'VERIFY_SECRET Secret acr in a new namespace holds no registry instead of prod, stage after 0.3 s',
  ])
  const foreign = { ...OURS, 'app.kubernetes.io/instance': 'n.other' }
  assert.deepEqual((await verify({ plan: NEW, secret: { ...GOOD, labels: foreign } })).notes, [
    'VERIFY_SECRET Secret acr in a new namespace is not of this release after 0.3 s',
  ])
})

interface NamespaceState {
  readonly labels?: Readonly<Record<string, string>>
  readonly deletionTimestamp?: string
}

async function planFor(more: object, state: NamespaceState | undefined): Promise<unknown> {
  const config = {
    registries: ['prod', 'stage'].map((name) => {
      return { name, edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }
    }),
    identity: { type: 'worker-role' },
    attach: 'serviceAccounts',
    release: { name: 'r', namespace: 'n', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 's' },
    ...more,
  }
  const request = async ({ path }: { path: string }): Promise<unknown> => {
    if (state === undefined) throw new KubeApiError(404, `${path} returned 404`)
    return { metadata: { name: 'checks', uid: 'u', resourceVersion: '1', ...state } }
  }
  const client = { request } as unknown as KubeClient
  return planExistingNamespace({ client, signal: AbortSignal.timeout(60_000) }, 'checks', {
    text: JSON.stringify(config),
  }).catch((error) => `${error.code} ${error.message}`)
}

const within = (namespaces: object): object => ({ targets: { namespaces } })

test('verify-namespace is rejected before the first write if the helper does not write there', async () => {
  for (const [more, state, why] of [
    [{}, undefined, 'does not exist'],
    [{}, { deletionTimestamp: '2026-11-27T10:00:00Z' }, 'is being deleted'],
    [{}, { labels: { 'acr-nopass.io/skip': 'true' } }, 'carries the label acr-nopass.io/skip: "true"'],
    [within({ include: ['team-*'] }), {}, 'is not a target of any registry in the values'],
    [within({ exclude: ['checks'] }), {}, 'is not a target of any registry in the values'],
    [within({ selector: { matchLabels: { team: 'a' } } }), {}, 'is not a target of any registry in the values'],
    [{ scope: 'namespaces', ...within({ include: ['team-a'] }) }, {}, 'is not a target of any registry in the values'],
  ] as const) {
    assert.equal(await planFor(more, state), `VERIFY_NAMESPACE namespace checks ${why}. Nothing was written.`)
  }
})

test('verify-namespace accepts a namespace that selectors, a list of names or only one registry make a target', async () => {
  const both = { existing: 'checks', registries: ['prod', 'stage'], attaches: true }
  assert.deepEqual(await planFor({}, {}), both)
  assert.deepEqual(await planFor(within({ selector: { matchLabels: { team: 'a' } } }), { labels: { team: 'a' } }), both)
  assert.deepEqual(await planFor({ scope: 'namespaces', ...within({ include: ['checks'] }) }, {}), both)
  const registries = ['prod', 'stage'].map((name) => {
    const targets = name === 'stage' ? { namespaces: { include: ['stage-*'] } } : undefined
    return { name, edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou', targets }
  })
  assert.deepEqual(await planFor({ registries }, {}), {
    existing: 'checks',
    registries: ['prod'],
    attaches: true,
  })
  assert.deepEqual(await planFor({ targets: { serviceAccounts: { include: ['builder'] } } }, {}), {
    ...both,
    attaches: false,
  })
})
