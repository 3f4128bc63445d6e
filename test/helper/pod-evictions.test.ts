import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEvictionPace, evictPod } from '../../src/helper/pods/evict-pod.ts'
import type { PodView } from '../../src/helper/pods/pod-view.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { pod, REPLICASET } from './pod-fixtures.ts'

const ofOwner = (owner: string, name: string) => pod({ name, uid: `uid-${name}`, owner: { ...REPLICASET, uid: owner } })
const named = (pods: readonly PodView[]) => pods.map(({ name }) => name)

test('evictions: at most one per owner and minute, and five in total', () => {
  const pace = createEvictionPace()
  const all = [1, 2, 3, 4, 5, 6].flatMap((owner) => [
    ofOwner(`o${owner}`, `${owner}a`),
    ofOwner(`o${owner}`, `${owner}b`),
  ])
  const evictAll = (now: number): string[] => {
    const chosen = pace.choose(all, now)
    for (const one of chosen) {
      pace.begin(one, all, now)
      pace.note(one, 'evicted', 0, now)
    }
    return named(chosen)
  }
  assert.deepEqual(evictAll(0), ['1a', '2a', '3a', '4a', '5a'])
  assert.deepEqual(evictAll(59_999), [])
  assert.deepEqual(evictAll(60_000).length, 5)
})

test('evictions: a blocked eviction waits as long as the API server requests; an eviction of a changed Pod does not wait', () => {
  const pace = createEvictionPace()
  const [a, b] = [ofOwner('a', 'a'), ofOwner('b', 'b')]
  for (const one of [a, b]) pace.begin(one, [a, b], 0)
  pace.note(a, 'blocked', 90_000, 0)
  pace.note(b, 'gone', 0, 0)
  assert.deepEqual(named(pace.choose([a, b], 5_000)), ['b'])
  assert.deepEqual(named(pace.choose([a], 89_999)), [])
  assert.deepEqual(named(pace.choose([a], 90_000)), ['a'])
})

test('evictions stop for an hour for an owner whose new Pod lacks the entry too', () => {
  const pace = createEvictionPace()
  const [old, sibling, next] = [ofOwner('a', 'old'), ofOwner('a', 'sibling'), ofOwner('a', 'next')]
  pace.begin(old, [old, sibling], 0)
  assert.equal(pace.isUnhelped(next, 0), false)
  pace.note(old, 'evicted', 0, 0)
  assert.deepEqual(
    [sibling, next].map((one) => pace.isUnhelped(one, 1)),
    [false, true],
  )
  assert.deepEqual(named(pace.choose([next], 60_000)), [])
  assert.deepEqual(named(pace.choose([next, sibling], 60_000)), ['sibling'])
  assert.deepEqual(named(pace.choose([next], 60 * 60_000 - 1)), [])
  assert.deepEqual(
    [60 * 60_000 - 1, 60 * 60_000].map((now) => pace.isUnhelped(next, now)),
    [true, false],
  )
  assert.deepEqual(named(pace.choose([next], 60 * 60_000)), ['next'])
})

test('an eviction that helped no new Pod is remembered over the next eviction, and forgotten after an hour', () => {
  const pace = createEvictionPace()
  const [old, sibling, next, last] = ['old', 'sibling', 'next', 'last'].map((name) => ofOwner('a', name)) as [
    PodView,
    PodView,
    PodView,
    PodView,
  ]
  const evict = (one: PodView, pods: readonly PodView[], now: number): void => {
    pace.begin(one, pods, now)
    pace.note(one, 'evicted', 0, now)
  }
  evict(old, [old, sibling], 0)
  evict(sibling, [sibling, next, ofOwner('b', 'other')], 60_000)
  assert.equal(pace.isUnhelped(next, 60_001), true)
  assert.deepEqual(named(pace.choose([next], 3_660_000)), ['next'])
  evict(next, [next, last], 3_660_000)
  assert.equal(pace.isUnhelped(last, 3_660_001), false)
})

test('evictions of one minute count together, and an eviction that was refused still waits for a minute', () => {
  const pace = createEvictionPace()
  const all = [1, 2, 3, 4, 5, 6].map((owner) => ofOwner(`o${owner}`, `${owner}`))
  const [first] = all as [PodView]
  for (const one of all.slice(0, 3)) pace.begin(one, all, 0)
  assert.deepEqual(named(pace.choose(all, 1)), ['4', '5'])
  pace.note(first, 'blocked', 0, 0)
  assert.deepEqual(named(pace.choose([first], 59_999)), [])
  assert.deepEqual(named(pace.choose([first], 60_000)), ['1'])
  const later = createEvictionPace()
  for (const one of all.slice(0, 5)) later.begin(one, all, 30_000)
  assert.deepEqual([named(later.choose(all, 89_999)), named(later.choose(all, 90_000)).length], [[], 5])
  // Nothing was evicted, so a new Pod does not show that an eviction did not help.
  assert.equal(pace.isUnhelped(ofOwner('o1', 'new'), 60_000), false)
})

test('the result of an eviction that was not begun changes nothing', () => {
  const pace = createEvictionPace()
  const one = ofOwner('a', 'a')
  pace.note(one, 'evicted', 90_000, 0)
  assert.deepEqual(named(pace.choose([one], 0)), ['a'])
})

test('an eviction names the Pod’s UID, and each response is interpreted', async () => {
  const calls: KubeCall[] = []
  const respondingWith = (error?: Error): KubeClient => ({
    request: (call) => {
      calls.push(call)
      return error ? Promise.reject(error) : Promise.resolve(undefined as never)
    },
    watch: () => Promise.resolve(),
    close: () => undefined,
  })
  const { signal } = new AbortController()
  assert.deepEqual(await evictPod(respondingWith(), pod(), signal), { outcome: 'evicted', retryAfterMs: 0 })
  assert.deepEqual(calls, [
    {
      method: 'POST',
      path: '/api/v1/namespaces/shop/pods/web-1/eviction',
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'web-1', namespace: 'shop' },
        deleteOptions: { preconditions: { uid: 'uid-web-1', resourceVersion: '5' } },
      },
    },
  ])
  const broken = new Error('the connection broke')
  assert.deepEqual(await evictPod(respondingWith(broken), pod(), signal), {
    outcome: 'unavailable',
    retryAfterMs: 0,
    error: broken,
  })
  const outcomes = [429, 404, 409, 403, 400, 500, 0].map(async (status) => {
    const { outcome, retryAfterMs } = await evictPod(
      respondingWith(new KubeApiError(status, 'no', { retryAfterMs: 7 })),
      pod(),
      signal,
    )
    return `${status} ${outcome} ${retryAfterMs}`
  })
  assert.deepEqual(await Promise.all(outcomes), [
    '429 blocked 7',
    '404 gone 7',
    '409 gone 7',
    '403 refused 7',
    '400 refused 7',
    '500 unavailable 7',
    '0 unavailable 7',
  ])
})
