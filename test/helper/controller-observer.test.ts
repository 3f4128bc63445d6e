import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { WriteAction } from '../../src/helper/plan/actions.ts'
import type { EventReporter } from '../../src/helper/report/event-reporter.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import { createControllerObserver } from '../../src/helper/writes/controller-observer.ts'
import type { FailureVerdict } from '../../src/helper/writes/decision-problem.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

const PRECONDITION = { uid: 'u', resourceVersion: '1' }
const SECRET: WriteAction = {
  kind: 'writeSecret',
  namespace: 'shop',
  group: 'g',
  by: 'patch',
  precondition: PRECONDITION,
  reason: 'rotated',
}
const ATTACH: WriteAction = {
  kind: 'attach',
  namespace: 'shop',
  serviceAccount: 'web',
  precondition: PRECONDITION,
  list: [],
}

function open({ isLeader = true, debug = true } = {}) {
  const clock = createFakeClock()
  const metrics = createMetrics()
  const lines: unknown[] = []
  const events: unknown[] = []
  const changes: string[] = []
  const line =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push([level, fields, message])
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const problemStore = createProblemStore(() => undefined)
  const observer = createControllerObserver({
    clock,
    log: { ...log, isLevelEnabled: () => debug },
    metrics,
    problemStore,
    ownNamespace: 'home',
    events: { warn: (...event: unknown[]) => void events.push(event) } as unknown as EventReporter,
    isLeader: () => isLeader,
    onChange: () => changes.push('change'),
    onSynced: () => changes.push('synced'),
  })
  const values = async (metric: 'writes' | 'watchRestarts' | 'fights' | 'ready') =>
    (await metrics[metric].get()).values
      .filter((one) => !('metricName' in one && one.metricName?.endsWith('_bucket')))
      .map(({ labels, value }) => [...Object.values(labels), value])
  return { observer, clock, lines, events, changes, values, problemStore, metrics }
}

test('a log that cannot be written is a metric, a problem of its namespace and an Event, until it is written', async () => {
  const { observer, lines, events, problemStore, metrics } = open()
  const metric = async () => (await metrics.logUnwritable.get()).values.map(({ value }) => value)
  observer.logStuck(true)
  assert.deepEqual(await metric(), [1])
  const [problem] = problemStore.newest(5)
  assert.deepEqual([problem?.code, problem?.namespace, lines.length, events.length], ['LOG_UNWRITABLE', 'home', 1, 1])
  assert.deepEqual((events[0] as unknown[]).slice(0, 2), [
    { apiVersion: 'v1', kind: 'Namespace', name: 'home', namespace: 'home' },
    'LogUnwritable',
  ])
  observer.logStuck(false)
  assert.deepEqual([await metric(), problemStore.newest(5)], [[0], []])
})

test('a successful write is counted by its kind, clears the problem of its key, and is logged only at level debug', async () => {
  const { observer, lines, changes, values, problemStore } = open()
  observer.problem('shop', new NopassError('SECRET_CONFLICT', 'again'))
  observer.wrote('shop', SECRET)
  observer.wrote('shop/web', ATTACH)
  observer.wrote('shop/web', { ...ATTACH, kind: 'detach' })
  assert.deepEqual(await values('writes'), [
    ['secret', 'ok', 1],
    ['attach', 'ok', 1],
    ['detach', 'ok', 1],
  ])
  assert.equal(problemStore.size, 0)
  assert.deepEqual(changes, ['change', 'change', 'change'])
  const account = { namespace: 'shop', serviceAccount: 'web' }
  assert.deepEqual(lines, [
    ['debug', { namespace: 'shop', kind: 'writeSecret', reason: 'rotated' }, 'written'],
    ['debug', { ...account, kind: 'attach' }, 'written'],
    ['debug', { ...account, kind: 'detach' }, 'written'],
  ])
  const quiet = open({ debug: false })
  quiet.observer.wrote('shop', SECRET)
  assert.deepEqual(quiet.lines, [])
})

test('the time from an object’s appearance to our write is measured once, and not if the write comes a minute later', async () => {
  const { observer, clock, values } = open()
  observer.appeared('shop')
  observer.appeared('shop/web')
  clock.pause(250)
  for (let time = 0; time < 2; time += 1) {
    observer.wrote('shop', SECRET)
    observer.wrote('shop/web', ATTACH)
  }
  observer.appeared('late')
  clock.pause(59_999)
  observer.appeared('a')
  observer.wrote('late', { ...SECRET, namespace: 'late' })
  observer.appeared('later')
  clock.pause(60_000)
  observer.appeared('b')
  observer.wrote('later', { ...SECRET, namespace: 'later' })
  assert.deepEqual(await values('ready'), [
    ['namespace', 0.25 + 59.999],
    ['namespace', 2],
    ['serviceaccount', 0.25],
    ['serviceaccount', 1],
  ])
})

test('a failed write is counted by its outcome; a failure that another writer causes is logged only at level debug', async () => {
  const { observer, lines, values } = open()
  const error = new KubeApiError(409, 'no', { reason: 'Conflict' })
  for (const outcome of ['conflict', 'gone', 'refused'] as const)
    observer.failed('shop/web', ATTACH, { outcome } as FailureVerdict, error)
  const fields = { namespace: 'shop', serviceAccount: 'web', kind: 'attach', code: error.code, reason: 'Conflict' }
  assert.deepEqual(lines, [
    ['debug', { ...fields, outcome: 'conflict' }, 'not written'],
    ['debug', { ...fields, outcome: 'gone' }, 'not written'],
    ['warn', { ...fields, outcome: 'refused' }, 'not written'],
  ])
  assert.deepEqual(await values('writes'), [
    ['attach', 'conflict', 1],
    ['attach', 'gone', 1],
    ['attach', 'refused', 1],
  ])
})

test('a problem is in the status with its object, and the leader writes an Event about that object', async () => {
  const { observer, events, problemStore, values } = open()
  const fought = new NopassError('LIST_CONFLICT', 'again and again', { hint: 'Find it.' })
  observer.problem('shop/web', fought)
  observer.problem('shop', new NopassError('SECRET_CONFLICT', 'again', { hint: 'Find it.' }))
  observer.problem('lab', new NopassError('FOREIGN_SECRET', 'it is theirs', { hint: 'Rename it.' }))
  const about = (kind: string, name: string, namespace: string) => ({ apiVersion: 'v1', kind, name, namespace })
  assert.deepEqual(events, [
    [about('ServiceAccount', 'web', 'shop'), 'ListConflict', 'again and again. Find it.'],
    [about('Namespace', 'shop', 'shop'), 'SecretConflict', 'again. Find it.'],
    [about('Namespace', 'lab', 'lab'), 'ForeignSecret', 'it is theirs. Rename it.'],
  ])
  assert.deepEqual(
    problemStore
      .newest(9)
      .map(({ code, namespace, object }) => [code, namespace, object])
      .toSorted(),
    [
      ['FOREIGN_SECRET', 'lab', undefined],
      ['LIST_CONFLICT', 'shop', 'ServiceAccount web'],
      ['SECRET_CONFLICT', 'shop', undefined],
    ],
  )
  assert.deepEqual(await values('fights'), [[2]])
  observer.solved('shop')
  assert.equal(problemStore.size, 2)
  const follower = open({ isLeader: false })
  follower.observer.problem('shop/web', fought)
  assert.deepEqual([follower.events, follower.problemStore.size, await follower.values('fights')], [[], 1, [[0]]])
})

test("the vendor's add-on is one problem for all ServiceAccounts, which the leader also logs", () => {
  const { observer, lines, events, problemStore } = open()
  const rival = new NopassError('RIVAL_ADDON', 'two of them')
  observer.rival('shop/web', rival)
  observer.rival('lab/web', rival)
  assert.deepEqual(
    problemStore.newest(9).map(({ object }) => object),
    ['ServiceAccount web'],
  )
  assert.deepEqual([events.length, lines.length], [2, 2])
  assert.deepEqual(lines[0], ['warn', { namespace: 'shop', serviceAccount: 'web', code: 'RIVAL_ADDON' }, 'two of them'])
  observer.rival()
  assert.equal(problemStore.size, 0)
  const follower = open({ isLeader: false })
  follower.observer.rival('shop/web', rival)
  assert.deepEqual([follower.lines, follower.problemStore.size], [[], 1])
})

test('a write that another writer undid, and a broken watch, are logged with their place', async () => {
  const { observer, lines, values, changes } = open()
  observer.lost('shop')
  observer.lost('shop/web')
  observer.watchFailed('secrets', new KubeApiError(410, 'gone', { reason: 'Expired' }), 1_234.6)
  observer.changed()
  observer.synced()
  const { code } = new KubeApiError(410, 'gone')
  assert.deepEqual(lines, [
    ['info', { namespace: 'shop' }, 'another writer changed or deleted the pull secret'],
    ['info', { namespace: 'shop', serviceAccount: 'web' }, 'another writer removed the reference'],
    ['info', { resource: 'secrets', code, reason: 'Expired', retryInMs: 1_235 }, 'a watch broke and is restarted'],
  ])
  assert.deepEqual([await values('watchRestarts'), changes], [[['secrets', 1]], ['change', 'synced']])
})

test('the queue is measured with the names and units of client-go', async () => {
  const { observer, metrics, problemStore } = open()
  observer.queue.added()
  observer.queue.started(1_500)
  observer.queue.finished(250)
  observer.queue.retried()
  const text = await metrics.registry.metrics()
  assert.deepEqual(
    text.split('\n').filter((line) => /^workqueue_\w*(total|sum)\{/.test(line)),
    [
      'workqueue_adds_total{name="acr-nopass"} 1',
      'workqueue_queue_duration_seconds_sum{name="acr-nopass"} 1.5',
      'workqueue_work_duration_seconds_sum{name="acr-nopass"} 0.25',
      'workqueue_retries_total{name="acr-nopass"} 1',
    ],
  )
  // Clearing the problem of the add-on clears no other problem.
  observer.problem('', new NopassError('SECRET_CONFLICT', 'again'))
  observer.rival()
  assert.equal(problemStore.size, 1)
})
