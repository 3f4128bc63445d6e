import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { verifyImage } from '../../src/rollout/verify/verify-image.ts'

const IMAGE = 'r.example/app:1'
const PROBE = { namespace: 'checks', isNew: false, serviceAccount: 'sa', pod: 'probe' }

interface Setup {
  /** The container statuses that the API server shows, one after another; the last one stays. */
  readonly statuses?: readonly (object | undefined)[]
  readonly events?: readonly object[]
  /** What the cluster makes of the container. */
  readonly changed?: object
  readonly node?: string
  readonly limitMs?: number
  readonly signal?: AbortSignal
}

async function verify({ statuses = [], events = [], changed, node, limitMs = 0, ...rest }: Setup) {
  const calls: string[] = []
  const bodies: unknown[] = []
  let reads = 0
  const request = async ({ method, path, body, query }: KubeCall): Promise<unknown> => {
    calls.push(`${method} ${path}`)
    if (method === 'POST') {
      bodies.push(body)
      const { spec } = body as { readonly spec: { readonly containers: readonly object[] } }
      return { ...(body as object), spec: { ...spec, containers: [{ ...spec.containers[0], ...changed }] } }
    }
    if (path.endsWith('/events')) {
      assert.equal(query?.fieldSelector, 'involvedObject.kind=Pod,involvedObject.name=probe')
      return { items: events }
    }
    const status = statuses[Math.min(reads++, statuses.length - 1)]
    if (status instanceof Error) throw status
    return { status: { ...(status && { containerStatuses: [{ name: 'sidecar', imageID: 'x' }, status] }) } }
  }
  const signal = rest.signal ?? AbortSignal.timeout(60_000)
  const caller = { client: { request } as unknown as KubeClient, signal }
  const target = node === undefined ? PROBE : { ...PROBE, node }
  const note = await verifyImage(caller, target, IMAGE, limitMs).catch((error) => `${error.code} ${error.message}`)
  return { note: note.replace(/\d+ ms/, 'N ms'), calls, bodies }
}

const waiting = (reason: string, message?: string) => ({
  name: 'image',
  imageID: '',
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
})
const PULLED = { name: 'image', imageID: 'sha256:1' }
const FAILED = `VERIFY_IMAGE ${IMAGE} was not pulled in 0 s; `

test('the Pod always pulls, with the ServiceAccount and nothing else of the cluster', async () => {
  const { note, calls, bodies } = await verify({ statuses: [PULLED] })
  assert.equal(note, `${IMAGE} was pulled after N ms`)
  assert.deepEqual(calls, ['POST /api/v1/namespaces/checks/pods', 'GET /api/v1/namespaces/checks/pods/probe'])
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65532,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  }
  assert.deepEqual(bodies, [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe', labels: { 'acr-nopass.io/probe': 'true' } },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        serviceAccountName: 'sa',
        containers: [{ name: 'image', image: IMAGE, imagePullPolicy: 'Always', securityContext }],
      },
    },
  ])
})

test('a pull that fails at first and then succeeds is a pull', async () => {
  const statuses = [undefined, waiting('ErrImagePull', 'denied'), waiting('ImagePullBackOff'), PULLED]
  assert.equal((await verify({ statuses, limitMs: 60_000 })).note, `${IMAGE} was pulled after N ms`)
})

test('the error has the kubelet’s cause, which no later back-off hides', async () => {
  const back = waiting('ImagePullBackOff', 'Back-off pulling image')
  const said = async (statuses: Setup['statuses'], limitMs = 120) => {
    const { note } = await verify({ statuses: statuses ?? [], limitMs })
    return note.replace(FAILED, '')
  }
  assert.equal(await said([waiting('ErrImagePull', 'denied'), back]), 'ErrImagePull: denied')
  assert.equal(
    await said([waiting('ErrImagePull', 'denied'), waiting('ErrImagePull', 'no host')]),
    'ErrImagePull: no host',
  )
  assert.equal(await said([back], 0), 'ImagePullBackOff: Back-off pulling image')
  assert.equal(await said([back, waiting('ErrImagePull', 'denied')]), 'ErrImagePull: denied')
  // While the kubelet tries again, the container has no cause.
  assert.equal(await said([waiting('ErrImagePull', 'denied'), waiting('ContainerCreating')]), 'ErrImagePull: denied')
})

test('an image that no retry can pull fails at once, not after the limit', async () => {
  const absent = waiting('ErrImagePull', `failed to resolve: ${IMAGE}: not found`)
  const { note, calls } = await verify({ statuses: [absent, PULLED], limitMs: 60_000 })
  assert.equal(note, `${FAILED}ErrImagePull: failed to resolve: ${IMAGE}: not found`)
  assert.equal(calls.length, 2)
})

for (const [what, statuses, reads] of [
  ['lasts', [waiting('ErrImagePull', 'denied')], 3],
  [
    'starts again after the kubelet has tried again',
    [waiting('ErrImagePull', 'denied'), waiting('ContainerCreating'), waiting('ErrImagePull', 'denied')],
    5,
  ],
] as const) {
  test(`a pull that fails for more than 35 s fails the verification before the limit; a failure that ${what}`, async (t) => {
    let clock = 0
    t.mock.method(performance, 'now', () => {
      clock += 10_000
      return clock
    })
    const { note, calls } = await verify({ statuses, limitMs: 3_600_000 })
    assert.match(note, /^VERIFY_IMAGE .* s; ErrImagePull: denied$/)
    assert.equal(calls.filter((line) => line.startsWith('GET')).length, reads)
  })
}

test('the error has no credential of a message, and at most 700 characters of it', async () => {
  const long = `https://user:hunter2hunter2@r.example ${'x'.repeat(1000)}`
  const { note } = await verify({ statuses: [waiting('ErrImagePull', long)] })
  assert.ok(!note.includes('hunter2'))
  assert.equal(note.length, FAILED.length + 700)
})

test('a Pod whose container never started: its last Event says why, or nothing scheduled it', async () => {
  const event = (second: number, reason: string, message: string) => {
    return { lastTimestamp: `2026-11-27T10:00:0${second}Z`, reason, message }
  }
  const events = [event(2, 'FailedMount', 'no volume'), event(1, 'Scheduled', 'to n1')]
  assert.equal((await verify({ events })).note, `${FAILED}FailedMount: no volume`)
  assert.equal((await verify({})).note, `${FAILED}the Pod was not scheduled to a node`)
})

test('a cluster whose Pod has no such container any more has pulled another image', async () => {
  const { note } = await verify({ statuses: [PULLED], changed: { name: 'other' } })
  assert.equal(note, `${IMAGE} was not checked: the cluster changes the image of Pods there to nothing`)
  const policy = await verify({ statuses: [PULLED], changed: { imagePullPolicy: undefined } })
  assert.match(policy.note, /: the cluster changes the imagePullPolicy of Pods there to nothing, so the image may /)
})

test('a run that was cancelled creates the Pod, whose removal waits for it, and asks nothing more', async () => {
  const { note, calls } = await verify({ signal: AbortSignal.abort() })
  assert.match(note, /abort/i)
  assert.deepEqual(calls, ['POST /api/v1/namespaces/checks/pods'])
})

test('an API server that fails while the Pod pulls is an error of its own', async () => {
  const gone = new KubeApiError(404, 'the Pod is gone')
  assert.equal((await verify({ statuses: [gone], limitMs: 60_000 })).note, 'KUBE_NOT_FOUND the Pod is gone')
})
