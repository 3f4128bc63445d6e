import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPodWatch } from '../../src/helper/pods/pod-watch.ts'
import type { EventReporter, Log } from '../../src/helper/report/event-reporter.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createFakeClock, settle } from '../kube/fake-clock.ts'

const nothing = () => undefined
const SILENT: Log = { isLevelEnabled: () => false, debug: nothing, info: nothing, warn: nothing, error: nothing }
const waiting = { state: { waiting: { reason: 'ImagePullBackOff' } } }
const pod = (name: string, kind: string) => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '5',
    ownerReferences: [
      { apiVersion: 'apps/v1', kind, name: `${kind}-of-${name}`, uid: `owner-${name}`, controller: true },
    ],
  },
  spec: { containers: [{ name: 'app', image: 'prod.example.com/app:1' }] },
  status: { phase: 'Pending', containerStatuses: [{ name: 'app', ...waiting }] },
})

/** Follows two stuck Pods with some settings and records all actions. */
function follow(settings: { heal?: boolean; dryRun?: boolean; retire?: boolean } = {}) {
  const clock = createFakeClock()
  const metrics = createMetrics()
  const problemStore = createProblemStore(() => undefined)
  const evictions: string[] = []
  const events: string[] = []
  const queries: unknown[] = []
  const fixture = { leads: true, current: true }
  const client: KubeClient = {
    request: (call: KubeCall) => {
      if (call.method === 'POST') evictions.push(call.path)
      else queries.push(call.query?.fieldSelector)
      const items = [pod('web', 'ReplicaSet'), pod('db', 'CloneSet')]
      return Promise.resolve({ metadata: { resourceVersion: '9' }, items } as never)
    },
    watch: (_call, _onEvent, signal) =>
      new Promise((_done, fail) => signal?.addEventListener('abort', () => fail(signal.reason))),
    close: () => undefined,
  }
  const reporter: EventReporter = { warn: ({ name }, reason) => events.push(`${reason} ${name}`) }
  const watch = createPodWatch({
    client,
    clock,
    random: () => 0.5,
    features: { watchList: false },
    config: { scope: 'cluster', secretName: 'acr-nopass', heal: false, dryRun: false, retire: false, ...settings },
    listedNamespaces: [],
    judge: ({ owner }) =>
      fixture.current
        ? { image: 'prod.example.com/app:1', why: 'too-old', evictable: owner?.kind === 'ReplicaSet' }
        : undefined,
    acts: () => fixture.leads,
    log: SILENT,
    metrics,
    events: reporter,
    problemStore,
    onProblem: () => undefined,
  })
  const end = new AbortController()
  const running = watch.run(end.signal)
  return {
    clock,
    problemStore,
    evictions,
    events,
    queries,
    fixture,
    watch,
    metric: async (name: string) =>
      (await metrics.registry.getSingleMetricAsString(name))
        .split('\n')
        .filter((line) => !line.startsWith('#') && line !== ''),
    async sweep() {
      await clock.advance(5_000)
      await settle()
    },
    async stop() {
      end.abort()
      await running
    },
  }
}

test('without heal, stuck Pods are reported by owner until they are no longer stuck', async () => {
  const one = follow()
  await one.sweep()
  assert.deepEqual(one.queries, ['status.phase=Pending'])
  assert.deepEqual(one.events, ['PullSecretMissing web', 'PullSecretMissing db'])
  assert.deepEqual(
    one.problemStore
      .newest(9)
      .map(({ code, object }) => `${code} ${object}`)
      .toSorted(),
    ['PULL_SECRET_MISSING CloneSet CloneSet-of-db', 'PULL_SECRET_MISSING ReplicaSet ReplicaSet-of-web'],
  )
  assert.deepEqual(await one.metric('acr_nopass_pods_without_reference'), ['acr_nopass_pods_without_reference 2'])
  one.fixture.current = false
  await one.sweep()
  assert.deepEqual(
    [one.problemStore.size, await one.metric('acr_nopass_pods_without_reference')],
    [0, ['acr_nopass_pods_without_reference 0']],
  )
  assert.deepEqual(one.evictions, [])
  await one.stop()
})

test('heal evicts Pods that their owner replaces, once per minute, and reports it', async () => {
  const one = follow({ heal: true })
  for (let round = 0; round < 12; round += 1) await one.sweep()
  assert.deepEqual(one.evictions, ['/api/v1/namespaces/shop/pods/web/eviction'])
  assert.ok(one.events.includes('PodEvicted web'))
  assert.deepEqual(await one.metric('acr_nopass_pods_evicted_total'), [
    'acr_nopass_pods_evicted_total{outcome="evicted"} 1',
  ])
  await one.sweep()
  assert.equal(one.evictions.length, 2)
  await one.stop()
})

test('a dry run counts Pods and evicts none; a retired, following or stopping helper neither counts nor evicts', async () => {
  const dry = follow({ heal: true, dryRun: true })
  await dry.sweep()
  assert.deepEqual(
    [dry.evictions, await dry.metric('acr_nopass_pods_evicted_total')],
    [[], ['acr_nopass_pods_evicted_total{outcome="dry-run"} 1']],
  )
  await dry.stop()
  const retired = follow({ heal: true, retire: true })
  const follower = follow({ heal: true })
  follower.fixture.leads = false
  const stopped = follow({ heal: true })
  stopped.watch.stop()
  for (const one of [retired, follower, stopped]) {
    await one.sweep()
    assert.deepEqual([one.evictions, await one.metric('acr_nopass_pods_evicted_total')], [[], []])
    await one.stop()
  }
  assert.deepEqual([follower.events, stopped.events], [[], []])
})
