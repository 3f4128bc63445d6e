import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../../src/kube/client.ts'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { planRemoval, type Removed, removeLegacy } from '../../../src/migrate/remove/remove-legacy.ts'
import { A, account, B, recipe2018 } from '../import/recipe-2018.ts'

/**
 * An API server with the few calls that a removal makes. It rejects the same calls as a real API
 * server.
 */
class FakeCluster {
  objects: readonly AnyObject[]
  readonly calls: string[] = []
  /** Called before each request; an error that it throws is the result of the request. */
  before: (call: KubeCall, index: number) => void = () => {}
  /** Pods of the old helper that remain after its Deployment was deleted. */
  endingPods = 0

  constructor(objects: readonly AnyObject[]) {
    this.objects = objects
  }

  readonly client: KubeClient = {
    request: async <T>(call: KubeCall): Promise<T> => {
      this.before(call, this.calls.length)
      const name = call.path.split('/').at(-1)
      this.calls.push(`${call.method} ${name}`)
      if (call.method === 'GET') return { items: this.endingPods-- > 0 ? [{}] : null } as T
      const found = this.objects.find(
        ({ metadata, kind }) => metadata.name === name && call.path.includes(plural(kind)),
      )
      if (found === undefined) throw new KubeApiError(404, 'gone')
      const body = call.body as { preconditions?: { uid: string }; metadata?: { uid: string; resourceVersion: string } }
      const { uid, resourceVersion } = { ...found.metadata, ...body.preconditions, ...body.metadata }
      if (uid !== found.metadata.uid || resourceVersion !== found.metadata.resourceVersion)
        throw new KubeApiError(409, 'x')
      const metadata = { ...found.metadata, resourceVersion: String(Number(resourceVersion ?? 1) + 1) }
      const changed = { ...found, ...(call.body as object), metadata }
      this.objects = this.objects.flatMap((one) => (one !== found ? [one] : call.method === 'DELETE' ? [] : [changed]))
      return (call.method === 'DELETE' ? {} : changed) as T
    },
    watch: async () => {},
    close: () => {},
  }

  plan() {
    return planRemoval(collectFacts(this.objects))
  }
}

const plural = (kind: string): string => `/${kind.toLowerCase()}s/`
const run = (cluster: FakeCluster, signal = new AbortController().signal): Promise<Removed> =>
  removeLegacy({ client: cluster.client, signal }, cluster.plan())

/**
 * Checks that no Secret is deleted, that no reference is removed while the helper could restore it,
 * and that rights are removed last.
 */
function assertSafe({ objects }: FakeCluster): void {
  const has = (kind: string, name: string): boolean =>
    objects.some((object) => object.kind === kind && object.metadata.name === name)
  assert.ok(has('Secret', A) && has('Secret', B))
  const naming = collectFacts(objects).accounts.some(({ old }) => old.length > 0)
  if (has('Deployment', 'aliyun-acr-credential-helper')) assert.ok(naming)
  if (naming) assert.ok(has('ServiceAccount', 'aliyun-acr-credential-helper'), 'rights go last')
}

test('a removal that is interrupted after any request leaves a safe state, and a second one completes it', async () => {
  const total = new FakeCluster(recipe2018())
  await run(total)
  assert.ok(total.calls.length > 4)
  for (let index = 0; index <= total.calls.length; index++) {
    const cluster = new FakeCluster(recipe2018())
    const interrupt = new AbortController()
    cluster.before = (_call, at) => {
      assertSafe(cluster)
      if (at === index) interrupt.abort(new Error('interrupted by SIGINT'))
      interrupt.signal.throwIfAborted()
    }
    if (index < total.calls.length) await assert.rejects(run(cluster, interrupt.signal), /interrupted by SIGINT/)
    assertSafe(cluster)
    cluster.before = () => assertSafe(cluster)
    const { left } = await run(cluster)
    assert.deepEqual(left, [])
    assert.deepEqual(
      cluster.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      [`Secret ${A}`, `Secret ${B}`, 'ServiceAccount default'],
    )
  }
})

test("the old helper's own ServiceAccount is deleted too if it names an old Secret; this run first removes that name", async () => {
  const own = (object: AnyObject): boolean =>
    object.kind === 'ServiceAccount' && object.metadata.name === 'aliyun-acr-credential-helper'
  const objects = recipe2018().map((object) => (own(object) ? { ...object, imagePullSecrets: [{ name: A }] } : object))
  const cluster = new FakeCluster(objects)
  const { left } = await run(cluster)
  assert.deepEqual([left, cluster.objects.filter(own)], [[], []])
})

test('a ServiceAccount that changed meanwhile is not changed, and the rights and the configuration stay', async () => {
  const cluster = new FakeCluster([...recipe2018(), account('shop', 'builder', A)])
  const plan = cluster.plan()
  cluster.objects = cluster.objects.map((object) =>
    object.metadata.name === 'builder' ? { ...object, metadata: { ...object.metadata, resourceVersion: '2' } } : object,
  )
  const { done, left } = await removeLegacy({ client: cluster.client, signal: AbortSignal.timeout(60_000) }, plan)
  assert.deepEqual(left, ['the old names out of ServiceAccount shop/builder: KUBE_CONFLICT'])
  assert.equal(done.length, 2)
  assert.deepEqual(
    cluster.calls.filter((call) => call.startsWith('DELETE')),
    ['DELETE aliyun-acr-credential-helper'],
  )
})

test('an object that cannot be deleted stops the removal before anything that it could recreate', async () => {
  const cluster = new FakeCluster(recipe2018())
  cluster.before = ({ path }) => {
    if (path.includes('/deployments/')) throw new KubeApiError(403, 'no')
  }
  const { done, left } = await run(cluster)
  assert.deepEqual([done, left], [[], ['Deployment kube-system/aliyun-acr-credential-helper: KUBE_FORBIDDEN']])
})

test('the removal waits until the Pods of the old helper have been deleted', async () => {
  const cluster = new FakeCluster(recipe2018())
  cluster.endingPods = 2
  await run(cluster)
  assert.deepEqual(cluster.calls.slice(0, 5), [
    'DELETE aliyun-acr-credential-helper',
    'GET pods',
    'GET pods',
    'GET pods',
    'PATCH default',
  ])
})

test('if the API server is lost half-way, the error says what was done before', async () => {
  const cluster = new FakeCluster(recipe2018())
  let deleted = 0
  cluster.before = ({ method }) => {
    if (method === 'DELETE') deleted += 1
    if (method === 'PATCH') throw new KubeApiError(0, 'no response', { code: 'KUBE_TIMEOUT' })
  }
  await assert.rejects(run(cluster), {
    code: 'KUBE_TIMEOUT',
    message: 'no response (done before: deleted Deployment kube-system/aliyun-acr-credential-helper)',
  })
  assert.equal(deleted, 1)
  const lost = new FakeCluster(recipe2018())
  lost.before = () => {
    throw new KubeApiError(0, 'no response', { code: 'KUBE_TIMEOUT' })
  }
  await assert.rejects(run(lost), { code: 'KUBE_TIMEOUT', message: 'no response' })
})
