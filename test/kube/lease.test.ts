import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasStatus, KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createLeaseElector, type LeaseElector } from '../../src/kube/lease.ts'
import { sleep } from '../../src/lib/clock.ts'
import { createFakeClock, type FakeClock, settle } from './fake-clock.ts'
import { createFakeLeaseApi, type FakeLeaseApi } from './fake-lease-api.ts'

interface Candidate extends LeaseElector {
  readonly log: string[]
  readonly problems: unknown[]
  readonly stop: AbortController
  readonly done: Promise<'lost' | 'stopped'>
}

function start(
  api: Pick<FakeLeaseApi, 'client'>,
  clock: FakeClock,
  identity: string,
  onAcquired?: () => void,
): Candidate {
  const log: string[] = []
  const problems: unknown[] = []
  const stop = new AbortController()
  const elector = createLeaseElector({
    client: api.client,
    clock,
    random: () => 0.5,
    namespace: 'ns',
    name: 'helper',
    identity,
    onAcquired: onAcquired ?? (() => log.push('acquired')),
    onProblem: (error) => {
      log.push('problem')
      problems.push(error)
    },
    onCreated: () => log.push('created'),
    onMissing: (missing) => log.push(missing ? 'missing' : 'found'),
    onRewound: () => log.push('rewound'),
    onRefused: (error) => log.push(error ? `refused ${error.status}` : 'allowed'),
  })
  const done = elector.run(stop.signal)
  return {
    isLeader: elector.isLeader,
    run: elector.run,
    get holder() {
      return elector.holder
    },
    get missing() {
      return elector.missing
    },
    get refused() {
      return elector.refused
    },
    log,
    problems,
    stop,
    done,
  }
}

test('a lease without a holder is acquired immediately, and renewed every 2 s by one write and no read', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  assert.deepEqual([one.isLeader(), api.lease.spec?.holderIdentity, api.calls], [true, 'one', ['GET', 'PUT']])
  await clock.advance(20_000)
  assert.deepEqual([one.isLeader(), api.calls.length], [true, 12])
  assert.equal(api.lease.spec?.renewTime, '2026-01-01T00:00:20.000000Z')
  assert.equal(api.lease.spec?.leaseTransitions, 1)
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
})

test('a leader and a follower notice from the Lease, without another request, that etcd was restored', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  const two = start(api, clock, 'two')
  await clock.advance(20_000)
  api.restore(5)
  await clock.advance(3_000)
  assert.deepEqual([one.isLeader(), one.log], [true, ['acquired', 'problem', 'rewound']])
  // The follower's watch showed an older version. The follower still knows the newer version when
  // it reads.
  api.closeWatches()
  await settle()
  assert.deepEqual(two.log, ['rewound'])
  two.log.length = 0
  // Only the renewal with the conflict, and the read that follows it.
  assert.deepEqual(api.calls.slice(-6), ['PUT', 'PUT', 'GET', 'PUT', 'GET', 'WATCH'])
  // The follower reads if the watch has no events, in this test because the previous leader is
  // gone.
  api.restore(3)
  api.fail('PUT', 0, 100)
  await clock.advance(18_000)
  assert.deepEqual(two.log.includes('rewound'), true, two.log.join())
  two.stop.abort()
  await Promise.all([one.done, two.done])
})

test('a follower watches, and takes over within a moment of a release', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  const two = start(api, clock, 'two')
  await clock.advance(60_000)
  assert.deepEqual([two.isLeader(), two.holder], [false, 'one'])
  // The follower reads once. After that, its watch shows the leader's renewals.
  assert.deepEqual(
    api.calls.filter((call) => call !== 'PUT'),
    ['GET', 'GET', 'WATCH'],
  )
  const before = clock.monotonic()
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
  await settle()
  assert.deepEqual([one.isLeader(), two.isLeader(), api.lease.spec?.holderIdentity], [false, true, 'two'])
  assert.equal(clock.monotonic(), before)
  two.stop.abort()
  await two.done
})

test('a replica that is stopped while it acquires or renews the lease releases it', async () => {
  for (const ms of [0, 2000]) {
    const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
    const respondNow = ms === 0 ? api.holdResponse('PUT') : () => undefined
    const one = start(api, clock, 'one')
    await settle()
    const respondToRenewal = ms === 0 ? respondNow : api.holdResponse('PUT')
    await clock.advance(ms)
    assert.equal(api.lease.spec?.holderIdentity, 'one')
    one.stop.abort()
    await settle()
    respondToRenewal()
    assert.equal(await one.done, 'stopped')
    assert.deepEqual([api.lease.spec?.holderIdentity, one.isLeader(), one.log.includes('problem')], ['', false, false])
    assert.equal(one.log.includes('acquired'), ms > 0)
  }
})

test('a release is one write, tried five times while others edit the lease, and a failure of it is reported', async () => {
  for (const [status, writes, problems] of [
    [undefined, 1, 0],
    [409, 5, 0],
    [500, 1, 1],
  ] as const) {
    const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
    const one = start(api, clock, 'one')
    assert.equal(one.holder, undefined)
    await settle()
    assert.equal(one.holder, 'one')
    const before = api.calls.length
    if (status !== undefined) api.fail('PUT', status, 9)
    one.stop.abort()
    assert.equal(await one.done, 'stopped')
    const after = api.calls.slice(before)
    assert.deepEqual([after.filter((call) => call === 'PUT').length, one.problems.length], [writes, problems])
    assert.deepEqual([after[0], after.length, clock.timers], ['PUT', status === 409 ? 9 : 1, 0])
  }
})

test('a replica that is stopped does not change a lease that another replica took, or that has no holder any more', async () => {
  for (const spec of [{ holderIdentity: 'thief', leaseDurationSeconds: 15 }, {}, undefined]) {
    const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
    const one = start(api, clock, 'one')
    await settle()
    api.overwrite(spec)
    one.stop.abort()
    assert.equal(await one.done, 'stopped')
    assert.deepEqual([api.lease.spec, one.holder, one.problems], [spec, spec?.holderIdentity, []])
  }
})

test('an error of the program itself ends the election with that error', async () => {
  const one = start(createFakeLeaseApi(), createFakeClock(), 'one', () => assert.fail('broken'))
  await assert.rejects(one.done, { message: 'broken' })
  assert.equal(one.isLeader(), false)
})

test('a replica that is stopped releases a lease that another client edited meanwhile', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  api.overwrite(api.lease.spec)
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
  assert.deepEqual([api.lease.spec?.holderIdentity, one.log], ['', ['acquired']])
})

test('a replica that is stopped after its renewal conflicted with an edit, before the lease was read again, releases the lease', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  api.overwrite(api.lease.spec)
  const respond = api.holdResponse('GET')
  await clock.advance(2_000)
  assert.deepEqual(api.calls.slice(-2), ['PUT', 'GET'])
  one.stop.abort()
  respond()
  assert.equal(await one.done, 'stopped')
  assert.equal(api.lease.spec?.holderIdentity, '')
})

test('a replica that is stopped after the response to its acquisition was lost releases the lease', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.loseResponse('PUT')
  const one = start(api, clock, 'one')
  await settle()
  assert.deepEqual([api.lease.spec?.holderIdentity, one.isLeader()], ['one', false])
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
  assert.equal(api.lease.spec?.holderIdentity, '')
})

test('a follower that is stopped sends no more requests', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 15 })
  const one = start(api, clock, 'one')
  await settle()
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
  assert.deepEqual([api.calls, api.lease.spec?.holderIdentity], [['GET', 'WATCH'], 'other'])
})

test('after a crash the follower takes over 15 s after the last change that it saw', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  // The follower was started long after the leader. The dead leader's clock was hours off, which
  // does not matter.
  await clock.advance(5_000)
  api.overwrite({ holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2031-01-01T00:00:00.000000Z' })
  const two = start(api, clock, 'two')
  await clock.advance(14_900)
  assert.equal(two.isLeader(), false)
  await clock.advance(200)
  assert.equal(two.isLeader(), true)
  assert.equal(two.log.includes('problem'), false)
  two.stop.abort()
  await two.done
})

test('a leader that cannot renew stops writing after 10 s and reports it before another may lead', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  api.fail('PUT', 0, 100)
  await clock.advance(9_999)
  assert.equal(one.isLeader(), true)
  assert.deepEqual(api.calls, ['GET', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT'])
  await clock.advance(1)
  assert.equal(one.isLeader(), false)
  await clock.advance(2_000)
  assert.equal(await one.done, 'lost')
})

test('a leader that was paused past its deadline gives up, even if the lease was not taken', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  const writes = (): number => api.calls.filter((call) => call === 'PUT').length
  const before = writes()
  // The process is paused: time passes without any timer being called.
  clock.pause(10_000)
  assert.equal(one.isLeader(), false)
  await clock.advance(1)
  assert.equal(await one.done, 'lost')
  assert.equal(writes(), before)
})

test('a leader whose machine slept past its deadline starts no write when it wakes up, though its monotonic clock stood still', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  clock.suspend(9_999)
  assert.equal(one.isLeader(), true)
  clock.suspend(1)
  assert.equal(one.isLeader(), false)
  await clock.advance(2_000)
  assert.equal(await one.done, 'lost')
})

test('a leader whose wall clock was set back starts no write, because that may hide that its machine slept', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  clock.suspend(-999)
  assert.equal(one.isLeader(), true)
  clock.suspend(-1)
  assert.equal(one.isLeader(), false)
  await clock.advance(2_000)
  assert.equal(await one.done, 'lost')
})

test('a leader whose machine slept during a renewal does not count the response', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await clock.advance(1_900)
  const release = api.holdResponse('PUT')
  await clock.advance(200)
  clock.suspend(60_000)
  release()
  await settle()
  assert.equal(one.isLeader(), false)
  assert.equal(await one.done, 'lost')
})

test('a leader whose lease was taken or edited manually reads it again: lost to another holder, kept otherwise', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  api.overwrite({ ...api.lease.spec, renewTime: '2026-01-01T00:00:01.000000Z' })
  await clock.advance(4_000)
  assert.equal(one.isLeader(), true)
  api.overwrite({ holderIdentity: 'thief', leaseDurationSeconds: 15 })
  await clock.advance(2_100)
  assert.deepEqual([await one.done, one.isLeader()], ['lost', false])
  // Somebody emptied the lease by hand, so it has no holder either.
  const two = start(api, clock, 'two')
  api.overwrite(undefined)
  await clock.advance(3_000)
  assert.equal(two.isLeader(), true)
  api.overwrite(undefined)
  await clock.advance(2_100)
  assert.deepEqual([await two.done, two.isLeader()], ['lost', false])
})

test('if two replicas start together, exactly one leads', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const all = ['one', 'two', 'three'].map((identity) => start(api, clock, identity))
  await clock.advance(5_000)
  assert.equal(all.filter((one) => one.isLeader()).length, 1)
  for (const one of all) one.stop.abort()
  await Promise.all(all.map((one) => one.done))
})

test('a replica whose first write has a conflict reads the lease again immediately, and after a second conflict only later', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.fail('PUT', 409, 1)
  const one = start(api, clock, 'one')
  await settle()
  assert.deepEqual([one.isLeader(), one.log, api.calls], [true, ['acquired'], ['GET', 'PUT', 'GET', 'PUT']])
  one.stop.abort()
  await one.done
  api.fail('PUT', 409, 2)
  const two = start(api, clock, 'two')
  await clock.advance(2_199)
  assert.deepEqual([two.isLeader(), two.log], [false, ['problem']])
  await clock.advance(1)
  assert.equal(two.isLeader(), true)
  two.stop.abort()
  await two.done
})

test('a process that was restarted under its old name continues to lead without a wait', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'one', leaseDurationSeconds: 15, leaseTransitions: 4 })
  const one = start(api, clock, 'one')
  await settle()
  assert.deepEqual([one.isLeader(), api.lease.spec?.leaseTransitions], [true, 4])
  one.stop.abort()
  await one.done
})

test('a follower continues through failures of the API server', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.fail('GET', 500, 3)
  api.fail('PUT', 0, 1)
  const one = start(api, clock, 'one')
  await clock.advance(12_000)
  assert.equal(one.isLeader(), true)
  assert.equal(one.log.filter((entry) => entry === 'problem').length, 4)
  one.stop.abort()
  await one.done
  // Only a lease that does not exist is created.
  const other = createFakeLeaseApi()
  other.fail('GET', 503, 100)
  const two = start(other, clock, 'two')
  await clock.advance(60_000)
  assert.deepEqual([new Set(other.calls), two.missing], [new Set(['GET']), false])
  two.stop.abort()
  await two.done
})

/**
 * Like the real client: a response arrives after each of `delays`. Beyond the timeout, the call
 * fails, although the request was executed.
 */
function withDelays(api: FakeLeaseApi, clock: FakeClock, delays: readonly number[]): KubeClient {
  let count = 0
  return {
    ...api.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const limit = call.timeoutMs ?? 30_000
      const response = await api.client.request<T>(call, signal)
      const delay = call.method === 'PUT' ? (delays[count++] ?? 0) : 0
      await sleep(clock, Math.min(delay, limit), signal)
      if (delay > limit) throw new KubeApiError(0, 'no response', { code: 'KUBE_TIMEOUT' })
      return response
    },
  }
}

test('a renewal whose response comes after the deadline counts as lost', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  // Acquired at 0. The renewal at 2 s times out at 7 s. The response to the next renewal arrives at
  // 11.5 s.
  const one = start({ client: withDelays(api, clock, [0, 60_000, 4_500]) }, clock, 'one')
  await clock.advance(9_999)
  assert.equal(one.isLeader(), true)
  await clock.advance(1)
  assert.equal(one.isLeader(), false)
  await clock.advance(4_000)
  assert.deepEqual([one.isLeader(), await one.done], [false, 'lost'])
})

test('a leader counts a renewal from its request, because the other replicas count from the change and not from the response', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  // Acquired at 0. The response to the renewal at 2 s arrives at 6 s. Later renewals get no
  // response.
  const one = start({ client: withDelays(api, clock, [0, 4_000, 60_000, 60_000, 60_000]) }, clock, 'one')
  await clock.advance(11_900)
  assert.equal(one.isLeader(), true)
  await clock.advance(200)
  assert.deepEqual([one.isLeader(), await one.done], [false, 'lost'])
})

test('a response that comes after the deadline never makes a leader again, not even until the loss is noticed', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  let isRevived = false
  const client: KubeClient = {
    ...api.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const response = await api.client.request<T>(call, signal)
      // Other work in this turn of the event loop, such as a write that has just finished, may
      // start the next write.
      void (async () => {
        for (let step = 0; step < 50; step += 1) {
          if (clock.monotonic() > 10_000 && one.isLeader()) isRevived = true
          await undefined
        }
      })()
      return response
    },
  }
  const one = start({ client }, clock, 'one')
  await clock.advance(1_900)
  const release = api.holdResponse('PUT')
  await clock.advance(200)
  assert.equal(one.isLeader(), true)
  // The process is stopped beyond its deadline of 10 s, and reads the response before any timer
  // runs.
  clock.pause(9_000)
  release()
  await settle()
  await clock.advance(1_000)
  assert.deepEqual([await one.done, isRevived], ['lost', false])
})

test('a leader whose last renewal gets no response ends at its deadline, not when that request times out', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  // Acquired at 0. The renewals at 2 s and 7 s get no response. The second times out at 12 s.
  const one = start({ client: withDelays(api, clock, [0, 60_000, 60_000]) }, clock, 'one')
  let result = ''
  void one.done.then((how) => {
    result = how
  })
  await clock.advance(9_900)
  assert.equal(result, '')
  await clock.advance(200)
  assert.equal(result, 'lost')
})

test('whatever the delays: once a leader has stopped holding, it never holds again, and ends as lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: 3, maxLength: 12 }), async (delays) => {
      const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
      const one = start({ client: withDelays(api, clock, delays) }, clock, 'one')
      let isDone = false
      void one.done.then(() => {
        isDone = true
      })
      let [held, stopped] = [false, false]
      for (let step = 0; step < 400 && !isDone; step += 1) {
        await clock.advance(250)
        const holds = one.isLeader()
        assert.ok(!(stopped && holds), 'it holds again')
        stopped ||= held && !holds
        held ||= holds
      }
      assert.ok(!stopped || isDone, 'it neither holds nor ended')
      one.stop.abort()
      await clock.advance(20_000)
      await one.done
    }),
    { numRuns: 100 },
  )
})

test('a renewal that timed out is followed by the next without a pause, so that one lost request does not lose the lease', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start({ client: withDelays(api, clock, [0, 60_000, 2_500]) }, clock, 'one')
  for (let second = 0; second < 30; second += 1) {
    await clock.advance(1_000)
    assert.equal(one.isLeader(), true, `${second} s`)
  }
  one.stop.abort()
  await clock.advance(5_000)
  assert.equal(await one.done, 'stopped')
})

test('all requests for the lease use its own connection', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await clock.advance(10_000)
  one.stop.abort()
  await one.done
  assert.deepEqual([...api.lanes], ['lease'])
})

test('a duration that our holders never write is ignored, and repaired by the next renewal', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'ghost', leaseDurationSeconds: 2_147_483_647 })
  const one = start(api, clock, 'one')
  await clock.advance(59_900)
  assert.equal(one.isLeader(), false)
  await clock.advance(200)
  assert.equal(one.isLeader(), true)
  api.overwrite({ ...api.lease.spec, leaseDurationSeconds: 2_147_483_647 })
  await clock.advance(2_100)
  assert.deepEqual([one.isLeader(), api.lease.spec?.leaseDurationSeconds], [true, 15])
  one.stop.abort()
  await one.done
})

test('a lease that no one applied is created after 30 s without a holder, and one of two replicas acquires it', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.remove()
  const both = [start(api, clock, 'one'), start(api, clock, 'two')]
  await clock.advance(29_000)
  assert.equal(api.calls.includes('PATCH'), false)
  await clock.advance(6_000)
  assert.deepEqual(both.map((one) => one.isLeader()).toSorted(), [false, true])
  assert.deepEqual(
    both.map((one) => one.missing),
    [false, false],
  )
  assert.deepEqual(new Set(both.flatMap(({ log }) => log)), new Set(['problem', 'created', 'acquired']))
  assert.equal(both.find((one) => one.isLeader())?.holder, api.lease.spec?.holderIdentity)
  assert.deepEqual([...api.lanes], ['lease'])
  for (const one of both) one.stop.abort()
  await Promise.all(both.map(({ done }) => done))
})

test('a lease that is deleted again and again is created at most every 30 s', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.remove()
  const request = api.client.request
  const client: KubeClient = {
    ...api.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const created = await request<T>(call, signal)
      if (call.method === 'PATCH') api.remove()
      return created
    },
  }
  const one = start({ client }, clock, 'one')
  await clock.advance(5 * 60_000)
  const creations = api.calls.filter((call) => call === 'PATCH').length
  assert.ok(creations > 5 && creations <= 10, String(creations))
  one.stop.abort()
  await one.done
})

test('a follower does not take a bookmark of its watch for a free lease', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  const client: KubeClient = {
    ...api.client,
    watch: (call, onEvent, signal) => {
      onEvent({ type: 'BOOKMARK', object: { metadata: { name: 'helper', resourceVersion: '9' } } as never })
      return api.client.watch(call, onEvent, signal)
    },
  }
  const two = start({ client }, clock, 'two')
  await clock.advance(1_000)
  assert.deepEqual([two.holder, two.isLeader(), two.problems], ['one', false, []])
  for (const each of [one, two]) each.stop.abort()
  await Promise.all([one.done, two.done])
})

test('a replica that is stopped while it creates the lease reports neither a problem nor a missing lease', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.remove()
  const one = start(api, clock, 'one')
  await clock.advance(29_000)
  const respond = api.holdResponse('PATCH')
  await clock.advance(3_000)
  assert.equal(api.calls.at(-1), 'PATCH')
  const before = [...one.log]
  one.stop.abort()
  respond()
  assert.equal(await one.done, 'stopped')
  assert.deepEqual([one.log, one.missing, clock.timers], [before, false, 0])
})

test('a watch that the server ends in time is opened again immediately; a watch that fails is opened again after a pause', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 60 })
  const one = start(api, clock, 'one')
  await clock.advance(1_000)
  api.closeWatches()
  await settle()
  assert.deepEqual([api.calls, one.log], [['GET', 'WATCH', 'GET', 'WATCH'], []])
  // The watch ended immediately, but showed a renewal.
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 60 })
  api.closeWatches()
  await settle()
  assert.deepEqual([api.calls.length, one.log], [6, []])
  api.closeWatches()
  await settle()
  assert.deepEqual([api.calls.length, one.log], [6, ['problem']])
  const [problem] = one.problems as KubeApiError[]
  assert.deepEqual([problem?.code, problem?.message], ['KUBE_UNREACHABLE', 'the watch of the lease ended immediately'])
  await clock.advance(2_199)
  assert.equal(api.calls.length, 6)
  await clock.advance(1)
  assert.equal(api.calls.length, 8)
  one.stop.abort()
  await one.done
  assert.equal(clock.timers, 0)
})

test('a release is noticed immediately also after the server ended a watch with an error', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 60 })
  api.endWatches(410)
  const one = start(api, clock, 'one')
  await settle()
  api.endWatches(undefined)
  await clock.advance(2_200)
  assert.deepEqual(one.problems.map(String), ['NopassError: the watch of the lease: ERROR'])
  api.overwrite({ holderIdentity: '' })
  await settle()
  assert.equal(one.isLeader(), true)
  one.stop.abort()
  await one.done
})

test('a lease that is missing for 30 s and cannot be created is reported, and so is its return', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 15 })
  api.fail('PATCH', 403, Number.POSITIVE_INFINITY)
  const one = start(api, clock, 'one')
  await clock.advance(1_000)
  api.remove()
  await clock.advance(29_000)
  assert.deepEqual([one.missing, one.holder], [false, 'other'])
  await clock.advance(5_000)
  assert.ok(one.problems.some((problem) => hasStatus(problem, 403)))
  assert.deepEqual([one.missing, one.holder], [true, undefined])
  assert.deepEqual(
    one.log.filter((entry) => entry !== 'problem'),
    ['missing'],
  )
  api.create()
  await clock.advance(3_000)
  assert.deepEqual([one.missing, one.isLeader()], [false, true])
  assert.deepEqual(
    one.log.filter((entry) => entry !== 'problem'),
    ['missing', 'found', 'acquired'],
  )
  one.stop.abort()
  await one.done
})

test('whatever numbers another client writes into the lease, a replica acquires it as soon as it is free', async () => {
  const number = fc.oneof(
    fc.constantFrom(0, 1, 2 ** 31 - 2, 2 ** 31 - 1, undefined),
    fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  )
  await fc.assert(
    fc.asyncProperty(number, number, async (leaseTransitions, duration) => {
      const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
      const seconds = duration === undefined ? {} : { leaseDurationSeconds: Math.max(1, duration) }
      const count = leaseTransitions === undefined ? {} : { leaseTransitions }
      api.overwrite({ holderIdentity: 'attacker', ...seconds, ...count })
      const one = start(api, clock, 'one')
      await clock.advance(62_000)
      assert.deepEqual([one.isLeader(), one.log], [true, ['acquired']])
      const expected = leaseTransitions === 2 ** 31 - 1 ? 0 : (leaseTransitions ?? 0) + 1
      assert.equal(api.lease.spec?.leaseTransitions, expected)
      one.stop.abort()
      await one.done
    }),
    { numRuns: 50 },
  )
})

test('a refusal that only a person can end is reported once, and so is its end', async () => {
  for (const [method, status] of [
    ['PUT', 400],
    ['PUT', 403],
    ['PUT', 422],
    ['GET', 403],
  ] as const) {
    const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
    api.fail(method, status, 5)
    const one = start(api, clock, 'one')
    await clock.advance(8_000)
    assert.deepEqual([one.refused, one.log.filter((entry) => entry !== 'problem')], [true, [`refused ${status}`]])
    await clock.advance(5_000)
    assert.deepEqual(
      [one.refused, one.isLeader(), one.log.filter((entry) => entry !== 'problem')],
      [false, true, [`refused ${status}`, 'allowed', 'acquired']],
    )
    one.stop.abort()
    await one.done
  }
})

test('a replica that may not take the lease is not a problem once another one leads, and a failing server never is', async () => {
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  api.fail('PUT', 422, 1)
  const one = start(api, clock, 'one')
  await settle()
  api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 15 })
  await clock.advance(3_000)
  assert.deepEqual([one.refused, one.log], [false, ['refused 422', 'problem', 'allowed']])
  for (const status of [0, 409, 429, 503]) api.fail('PUT', status, 1)
  await clock.advance(60_000)
  assert.equal(one.isLeader(), true)
  assert.deepEqual(
    one.log.filter((entry) => entry.startsWith('refused')),
    ['refused 422'],
  )
  one.stop.abort()
  await one.done
})

test('no response makes a follower or a leader spin: a watch that ends with 410 or immediately, conflicts without end', async () => {
  for (const code of [410, 0]) {
    const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
    api.overwrite({ holderIdentity: 'other', leaseDurationSeconds: 15 })
    api.endWatches(code)
    const one = start(api, clock, 'one')
    await clock.advance(14_000)
    assert.ok(api.calls.length <= 16, `${api.calls.length} calls after watches that end with ${code}`)
    await clock.advance(2_000)
    assert.equal(one.isLeader(), true)
    one.stop.abort()
    await one.done
  }
  const [api, clock] = [createFakeLeaseApi(), createFakeClock()]
  const one = start(api, clock, 'one')
  await settle()
  api.fail('PUT', 409, 1_000)
  await clock.advance(8_000)
  assert.ok(api.calls.length <= 20, `${api.calls.length} calls of a leader`)
  one.stop.abort()
  assert.equal(await one.done, 'stopped')
  assert.ok(api.calls.length <= 32, `${api.calls.length} calls to give it back`)
  const two = start(api, clock, 'two')
  const before = api.calls.length
  api.overwrite({})
  await clock.advance(8_000)
  assert.ok(api.calls.length - before <= 20, `${api.calls.length - before} calls of a follower`)
  two.stop.abort()
  await assert.doesNotReject(two.done)
})
