import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPodWatch } from '../../src/helper/pods/pod-watch.ts'
import type { EventReporter, Log } from '../../src/helper/report/event-reporter.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
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

interface World {
  readonly pods?: readonly object[]
  readonly scope?: 'cluster' | 'namespaces'
  /** Called for each eviction. */
  readonly onEviction?: (path: string) => void
  readonly onList?: () => void
}

type Pod = ReturnType<typeof pod>

/** Follows two stuck Pods with some settings and records all actions. */
function follow(settings: { heal?: boolean; retire?: boolean } = {}, world: World = {}) {
  const clock = createFakeClock()
  const metrics = createMetrics()
  const problemStore = createProblemStore(() => {
    changes += 1
  })
  const evictions: string[] = []
  const events: string[] = []
  const queries: unknown[] = []
  const paths: string[] = []
  const logged: unknown[] = []
  const warned: string[] = []
  const objects: object[] = []
  let changes = 0
  const problems: string[] = []
  const fixture = { leads: true, current: true, broken: false }
  const log: Log = {
    ...SILENT,
    info: (fields: object, message: string) => void logged.push({ ...fields, message }),
    error: (fields: object, message: string) => void logged.push({ ...fields, message }),
  }
  let emit: (event: object) => void = nothing
  const client: KubeClient = {
    request: (call: KubeCall) => {
      try {
        if (call.method === 'POST') {
          evictions.push(call.path)
          world.onEviction?.(call.path)
        } else {
          queries.push(call.query?.fieldSelector)
          paths.push(call.path)
          world.onList?.()
        }
      } catch (error) {
        return Promise.reject(error as Error)
      }
      const items = world.pods ?? [pod('web', 'ReplicaSet'), pod('db', 'CloneSet')]
      return Promise.resolve({ metadata: { resourceVersion: '9' }, items } as never)
    },
    watch: (_call, onEvent, signal) =>
      new Promise((_done, fail) => {
        emit = onEvent as typeof emit
        signal?.addEventListener('abort', () => fail(signal.reason))
      }),
    close: () => undefined,
  }
  const reporter: EventReporter = {
    warn: (object, reason, message) => {
      events.push(`${reason} ${object.name}`)
      objects.push(object)
      warned.push(message)
    },
  }
  const watch = createPodWatch({
    client,
    clock,
    random: () => 0.5,
    features: { watchList: false },
    config: {
      scope: world.scope ?? 'cluster',
      secretName: 'acr-nopass',
      heal: false,
      retire: false,
      ...settings,
    },
    listedNamespaces: ['shop', 'bank'],
    judge: ({ owner, name, failing: [image = ''] }) => {
      if (fixture.broken) throw new Error('a broken cache')
      return fixture.current && name !== 'fine'
        ? { image, why: 'too-old', evictable: owner?.kind === 'ReplicaSet' }
        : undefined
    },
    acts: () => fixture.leads,
    log,
    metrics,
    events: reporter,
    problemStore,
    onProblem: (what) => void problems.push(what),
  })
  const end = new AbortController()
  const running = watch.run(end.signal)
  return {
    clock,
    problemStore,
    evictions,
    events,
    queries,
    paths,
    logged,
    warned,
    objects,
    changes: () => changes,
    problems,
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
    /** The Pod is deleted, and another one is created. */
    replace(old: Pod, next: Pod) {
      emit({ type: 'DELETED', object: old })
      emit({ type: 'ADDED', object: { ...next, metadata: { ...next.metadata, resourceVersion: '10' } } })
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

test('a retired, following or stopping helper neither counts nor evicts', async () => {
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

test('with scope: namespaces, the Pods of the listed namespaces are read', async () => {
  const one = follow({}, { scope: 'namespaces' })
  await one.sweep()
  assert.deepEqual(one.paths.toSorted(), ['/api/v1/namespaces/bank/pods', '/api/v1/namespaces/shop/pods'])
  await one.stop()
  const all = follow()
  await all.sweep()
  assert.deepEqual(all.paths, ['/api/v1/pods'])
  await all.stop()
})

test('Pods of one owner are one problem, and a problem goes away without the others', async () => {
  const owned = (name: string, owner: string) => {
    const { metadata, ...rest } = pod(name, 'ReplicaSet')
    return { ...rest, metadata: { ...metadata, ownerReferences: [{ ...metadata.ownerReferences[0], name: owner }] } }
  }
  const { ownerReferences: _, ...alone } = pod('alone', 'ReplicaSet').metadata
  // During a rolling update, the Pods of one owner may have different images.
  const next = { containers: [{ name: 'app', image: 'prod.example.com/app:2' }] }
  const pods = [
    owned('web-1', 'web'),
    { ...owned('web-2', 'web'), spec: next },
    { ...pod('alone', 'x'), metadata: alone },
  ]
  const world = { pods: [...pods, owned('fine', 'fine')] }
  const one = follow({}, world)
  await one.sweep()
  const shown = () =>
    one.problemStore
      .newest(9)
      .map(({ namespace, object }) => `${namespace} ${object}`)
      .toSorted()
  assert.deepEqual(shown(), ['shop Pod alone', 'shop ReplicaSet web'])
  assert.equal(
    one.problemStore
      .newest(9)
      .find(({ object }) => object === 'ReplicaSet web')
      ?.message.includes('Pods of ReplicaSet web'),
    true,
  )
  assert.deepEqual(
    one.events,
    ['web-1', 'web-2', 'alone'].map((name) => `PullSecretMissing ${name}`),
  )
  assert.deepEqual(await one.metric('acr_nopass_pods_without_reference'), ['acr_nopass_pods_without_reference 3'])
  const before = one.changes()
  await one.sweep()
  assert.deepEqual([shown(), one.changes()], [['shop Pod alone', 'shop ReplicaSet web'], before])
  await one.stop()
})

test('a Pod whose images are not failing is not looked at', async () => {
  const { status: _, ...starting } = pod('starting', 'ReplicaSet')
  const one = follow({}, { pods: [{ ...starting, status: { phase: 'Pending' } }, pod('web', 'ReplicaSet')] })
  await one.sweep()
  assert.deepEqual(one.events, ['PullSecretMissing web'])
  await one.stop()
})

test('each Pod without the reference is told whether it is evicted', async () => {
  const saysOf = async (settings: Parameters<typeof follow>[0]) => {
    const one = follow(settings)
    await one.sweep()
    await one.stop()
    const [web = '', db = ''] = one.warned.filter((message) => !message.startsWith('Evicted'))
    return [web, db].map((message) => (/Nothing to do: it is evicted/.test(message) ? 'evicted' : 'left'))
  }
  assert.deepEqual(await saysOf({ heal: true }), ['evicted', 'left'])
  assert.deepEqual(await saysOf({}), ['left', 'left'])
  assert.deepEqual(await saysOf({ heal: true, retire: true }), ['left', 'left'])
})

test('each eviction is logged with its result, and only an eviction that happened has an Event', async () => {
  const one = follow({ heal: true })
  await one.sweep()
  const entry = { namespace: 'shop', pod: 'web', owner: 'ReplicaSet ReplicaSet-of-web', message: 'a Pod to be evicted' }
  assert.deepEqual(one.logged, [{ ...entry, outcome: 'evicted' }])
  const web = { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop', uid: 'uid-web' }
  assert.deepEqual(one.objects, [web, { ...web, name: 'db', uid: 'uid-db' }, web])
  assert.ok(one.warned.includes('Evicted (heal: true): it could not pull, because it was admitted without acr-nopass'))
  await one.stop()
  const blocked = follow(
    { heal: true },
    {
      onEviction: () => {
        throw new KubeApiError(429, 'POST /x returned 429: a budget', { retryAfterMs: 90_000 })
      },
    },
  )
  for (let round = 0; round < 18; round += 1) await blocked.sweep()
  assert.equal(blocked.evictions.length, 1)
  assert.deepEqual(
    blocked.logged.map((one) => ({ ...(one as object), code: typeof (one as { code: unknown }).code })),
    [{ ...entry, outcome: 'blocked', code: 'string' }],
  )
  assert.deepEqual(
    blocked.events.filter((one) => one.startsWith('PodEvicted')),
    [],
  )
  // The API server asked for 90 s.
  await blocked.sweep()
  assert.equal(blocked.evictions.length, 2)
  await blocked.stop()
})

test('an eviction that did not help is reported, and no new Pod of its owner is evicted', async () => {
  const web = pod('web', 'ReplicaSet')
  const one = follow({ heal: true }, { pods: [web] })
  await one.sweep()
  one.replace(web, { ...web, metadata: { ...web.metadata, name: 'next', uid: 'uid-next' } })
  for (let round = 0; round < 13; round += 1) await one.sweep()
  assert.equal(one.evictions.length, 1)
  assert.match(one.warned.at(-1) ?? '', /A Pod created after an eviction lacks it too, so no more are evicted/)
  await one.stop()
})

test('a helper that stops to lead between two evictions does not evict the second Pod', async () => {
  const one = follow(
    { heal: true },
    {
      pods: ['a', 'b'].map((name) => pod(name, 'ReplicaSet')),
      onEviction: () => {
        one.fixture.leads = false
      },
    },
  )
  await one.sweep()
  assert.deepEqual(one.evictions, ['/api/v1/namespaces/shop/pods/a/eviction'])
  await one.stop()
})

test('a failure while Pods are judged is logged, and the next round judges them again', async () => {
  const one = follow()
  one.fixture.broken = true
  await one.sweep()
  assert.deepEqual(one.logged, [{ error: 'Error: a broken cache', message: 'Pods could not be read' }])
  one.fixture.broken = false
  await one.sweep()
  assert.equal(one.problemStore.size, 2)
  await one.stop()
})

test('Pods that cannot be listed are reported, and nothing is judged until they are', async () => {
  const world = { fails: true }
  const one = follow(
    { heal: true },
    {
      onList: () => {
        if (world.fails) throw new KubeApiError(403, 'GET /api/v1/pods returned 403: no')
      },
    },
  )
  await one.sweep()
  assert.deepEqual([...new Set(one.problems)], ['pods'])
  assert.deepEqual(await one.metric('acr_nopass_pods_without_reference'), ['acr_nopass_pods_without_reference 0'])
  assert.deepEqual([one.events, one.evictions], [[], []])
  await one.stop()
})

test('a stopped helper shows no Pods without the reference', async () => {
  const one = follow()
  await one.sweep()
  one.watch.stop()
  assert.deepEqual(await one.metric('acr_nopass_pods_without_reference'), ['acr_nopass_pods_without_reference 0'])
  await one.sweep()
  assert.deepEqual(await one.metric('acr_nopass_pods_without_reference'), ['acr_nopass_pods_without_reference 0'])
  await one.stop()
})
