import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEarlierState, readPods, watchRelease } from '../../src/installation/release-watch.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'

const parts = {
  namespace: 'n',
  selector: { app: 'helper' },
  statusConfigMap: undefined,
  configHash: undefined,
  ramChanged: false,
}

function crashing(name: string): object {
  const containerStatuses = [
    { ready: false, restartCount: 9, image: 'i', state: { waiting: { reason: 'CrashLoopBackOff' } } },
  ]
  return { metadata: { name }, status: { containerStatuses } }
}

/** An API server with these Pods. The next request sees each change. */
function clusterOf(pods: string[]): { readonly client: KubeClient; readonly nextQuery: () => Promise<void> } {
  let queried = Promise.withResolvers<void>()
  const request = async () => {
    queried.resolve()
    queried = Promise.withResolvers()
    return { items: pods.map(crashing) }
  }
  return { client: { request } as unknown as KubeClient, nextQuery: () => queried.promise }
}

test('a Pod that crashed before helm started does not fail the step that repairs it; a new Pod does', async (t) => {
  const pods = ['old']
  const { client, nextQuery } = clusterOf(pods)
  const earlier = await readEarlierState({ client, signal: t.signal }, parts)
  const watch = watchRelease({ client, signal: t.signal }, parts, earlier)
  try {
    await nextQuery()
    await nextQuery()
    assert.equal(await watch.evidence(), undefined)
    pods.push('new')
    assert.match((await watch.permanent).message, /^Pod n\/new ended 9 times/)
    assert.equal((await watch.evidence())?.key, 'pod new crash')
  } finally {
    watch.stop()
  }
})

test('without a list of the earlier Pods, none is judged', async (t) => {
  const { client, nextQuery } = clusterOf(['unknown'])
  const watch = watchRelease({ client, signal: t.signal }, parts, { pods: undefined, reportedAt: undefined })
  await nextQuery()
  await nextQuery()
  assert.equal(await watch.evidence(), undefined)
  watch.stop()
})

const MISSING = 'MountVolume.SetUp failed for volume "config" : secret "acr-login" not found'
const creating = (name: string, reason = 'ContainerCreating') => ({
  name,
  ready: false,
  restartCount: 0,
  image: 'i',
  state: { waiting: { reason } },
})
const event = (reason: string, message: string, second: number) => ({
  reason,
  message,
  lastTimestamp: `2026-03-01T12:00:0${second}Z`,
})
const failedMount = (message: string, second: number) => event('FailedMount', message, second)

for (const [title, status, events, expected] of [
  ['a missing Secret is named', {}, [failedMount(MISSING, 2), failedMount('older', 1)], ['FailedMount', MISSING]],
  [
    'a missing Secret is named although a webhook added an init container',
    {
      initContainerStatuses: [creating('istio-init', 'PodInitializing')],
      containerStatuses: [creating('helper', 'PodInitializing')],
    },
    [event('Scheduled', 'Successfully assigned n/new to node', 1), failedMount(MISSING, 1)],
    ['FailedMount', MISSING],
  ],
  [
    'what passes by itself is not a reason',
    {},
    [failedMount('failed to sync secret cache: timed out waiting for the condition', 1)],
    ['ContainerCreating', undefined],
  ],
  [
    'volumes that have been mounted since are not a reason',
    { conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] },
    [failedMount(MISSING, 2)],
    ['ContainerCreating', undefined],
  ],
  [
    'before Kubernetes 1.29, an image that is being pulled shows that they have been mounted',
    {},
    [failedMount(MISSING, 2), event('Pulling', 'Pulling image "i"', 3)],
    ['ContainerCreating', undefined],
  ],
  [
    'an image that was pulled earlier does not show that they are mounted now',
    {},
    [event('Pulled', 'Container image "i" already present', 1), failedMount(MISSING, 2)],
    ['FailedMount', MISSING],
  ],
  [
    'a sandbox that fails shows that they have been mounted',
    {},
    [failedMount(MISSING, 2), event('FailedCreatePodSandBox', 'failed to allocate for range 0', 3)],
    ['ContainerCreating', undefined],
  ],
  [
    'an Event that only sums up does not hide the one with the reason',
    {},
    [
      failedMount(MISSING, 2),
      failedMount(
        'Unable to attach or mount volumes: unmounted volumes=[config], unattached volumes=[], failed to process volumes=[]: context deadline exceeded',
        3,
      ),
    ],
    ['FailedMount', MISSING],
  ],
  ['without the right to list Events there is no reason', {}, 403, ['ContainerCreating', undefined]],
  [
    'where the API server cannot list Events there is no reason, and the Pods are still read',
    {},
    500,
    ['ContainerCreating', undefined],
  ],
] as const) {
  test(`a Pod that waits for its volumes: ${title}`, async () => {
    const request = async ({ path, query }: KubeCall): Promise<object> => {
      if (path.endsWith('/pods'))
        return {
          items: [{ metadata: { name: 'new' }, status: { containerStatuses: [creating('helper')], ...status } }],
        }
      assert.equal(query?.fieldSelector, 'involvedObject.kind=Pod,involvedObject.name=new')
      if (typeof events === 'number') throw new KubeApiError(events, 'no')
      return { items: events }
    }
    const [pod] = await readPods(
      { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) },
      parts,
    )
    assert.deepEqual([pod?.waiting, pod?.detail], expected)
  })
}

const REFUSED = JSON.stringify({
  level: 40,
  code: 'CREDENTIALS_REFUSED',
  fix: 'Renew it',
  msg: 'no new credential: refused',
})
const DEBUG = JSON.stringify({ level: 20, code: 'KUBE_CONFLICT', msg: 'the Lease could not be written' })
for (const [why, isReady, log, expected] of [
  [
    'its last warning with a code, whatever is logged after it',
    false,
    `${REFUSED}\n${DEBUG}\nnot JSON\n`,
    ['CREDENTIALS_REFUSED', 'Pod n/new is not ready: no new credential: refused', 'Renew it'],
  ],
  ['a log without one is not a reason', false, `${DEBUG}\n`, undefined],
  ['without the right to read the log there is no reason', false, 403, undefined],
  ['a Pod that is ready has none', true, REFUSED, undefined],
] as const) {
  test(`a Pod that runs and is not ready has its reason from the helper's log: ${why}`, async (t) => {
    const nextQuery = Promise.withResolvers<void>()
    let queries = 0
    const helper = { name: 'helper', ready: isReady, restartCount: 0, image: 'i', state: { running: {} } }
    const request = async ({ path, query, isText }: KubeCall): Promise<unknown> => {
      if (path === '/api/v1/namespaces/n/pods/new/log') {
        assert.deepEqual([query?.container, isText], ['helper', true])
        if (typeof log === 'number') throw new KubeApiError(log, 'no')
        return log
      }
      queries += 1
      if (queries > 1) nextQuery.resolve()
      return { items: [{ metadata: { name: 'new' }, status: { containerStatuses: [helper] } }] }
    }
    const client = { request } as unknown as KubeClient
    const watch = watchRelease({ client, signal: t.signal }, parts, { pods: new Set(), reportedAt: undefined })
    await nextQuery.promise
    watch.stop()
    const { reason, message, hint } = (await watch.evidence())?.error ?? {}
    assert.deepEqual(message && [reason, message, hint], expected)
  })
}

test('a Pod that was evicted, and has been replaced, is no evidence', async () => {
  const items = ['Failed', 'Succeeded', 'Running'].map((phase) => ({ metadata: { name: phase }, status: { phase } }))
  const client = { request: async () => ({ items }) } as unknown as KubeClient
  const pods = await readPods({ client, signal: AbortSignal.timeout(60_000) }, parts)
  assert.deepEqual(
    pods.map(({ name }) => name),
    ['Running'],
  )
})

for (const [why, message, fix] of [
  [
    'a quota that is used up',
    'pods "acr-1" is forbidden: exceeded quota: small, requested: limits.memory=256Mi, used: limits.memory=1Gi, limited: limits.memory=1Gi',
    'Raise `limits.memory` of ResourceQuota small, or lower `resources` or `replicas` in the values; `kubectl describe resourcequota small -n n` shows what is used.',
  ],
  [
    'a quota that is used up in three ways',
    'pods "acr-1" is forbidden: exceeded quota: small, requested: limits.cpu=1,pods=1,requests.memory=64Mi, used: limits.cpu=4,pods=2,requests.memory=1Gi, limited: limits.cpu=4,pods=2,requests.memory=1Gi',
    'Raise `limits.cpu`, `pods`, and `requests.memory` of ResourceQuota small, or lower `resources` or `replicas` in the values; `kubectl describe resourcequota small -n n` shows what is used.',
  ],
  [
    'a quota for a resource that the Pod does not set',
    'pods "acr-1" is forbidden: failed quota: cpus: must specify limits.cpu for: helper',
    'ResourceQuota cpus needs limits.cpu of every container: write it in `resources` of the values.',
  ],
  [
    'a LimitRange',
    'pods "acr-1" is forbidden: maximum memory usage per Container is 64Mi, but limit is 256Mi',
    'Change `resources` in the values, or the LimitRange; `kubectl describe limitrange -n n` shows what it allows.',
  ],
  [
    "a LimitRange's ratio",
    'pods "acr-1" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 12.800000',
    'Change `resources` in the values, or the LimitRange; `kubectl describe limitrange -n n` shows what it allows.',
  ],
  [
    'a webhook that quotes a quota which no cluster can have',
    'admission webhook "w" denied the request: exceeded quota: q;$(reboot), requested: pods=1',
    'The message names the Pod Security level, the policy or the webhook: change what it rejects in the values, or the namespace.',
  ],
  [
    'a Pod Security level',
    'pods "acr-1" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)',
    'The message names the Pod Security level, the policy or the webhook: change what it rejects in the values, or the namespace.',
  ],
] as const) {
  test(`a Pod that the API server rejects is the evidence when helm times out: ${why}`, async (t) => {
    let queries = 0
    const queriedTwice = Promise.withResolvers<void>()
    const request = async ({ path }: { path: string }): Promise<object> => {
      if (!path.endsWith('/deployments/acr')) return { items: [] }
      queries += 1
      if (queries > 1) queriedTwice.resolve()
      return { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message }] } }
    }
    const client = { request } as unknown as KubeClient
    const watched = { ...parts, deployment: 'acr' }
    const watch = watchRelease({ client, signal: t.signal }, watched, { pods: new Set(), reportedAt: undefined })
    await queriedTwice.promise
    watch.stop()
    const { patienceMs, error } = (await watch.evidence()) ?? assert.fail()
    assert.deepEqual(
      [patienceMs, error.code, error.message, error.hint],
      [Number.POSITIVE_INFINITY, 'POD_FAILING', `the API server creates no Pod of Deployment n/acr: ${message}`, fix],
    )
  })
}
