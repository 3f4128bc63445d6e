import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { type KubeCall, type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { NODE_STOP_ANNOTATION } from '../../src/kube/names.ts'
import { createTurns } from '../../src/node/daemon/turns.ts'
import { createFakeClock, type FakeClock, settle } from '../kube/fake-clock.ts'
import { createFakeLeaseApi } from '../kube/fake-lease-api.ts'

const never = new AbortController().signal

function open(client: KubeClient, clock: FakeClock = createFakeClock(), node = 'n1') {
  const problems: unknown[] = []
  const turns = createTurns({
    client,
    clock,
    random: () => 0,
    namespace: 'ns',
    name: 'helper',
    node,
    onProblem: (error) => problems.push(error),
  })
  return { turns, problems, clock }
}

const answering = (respond: (call: KubeCall) => unknown): KubeClient => ({
  request: async <T>(call: KubeCall): Promise<T> => respond(call) as T,
  watch: () => Promise.reject(new Error('nothing is watched')),
  close: () => undefined,
})

const MARK = { node: 'n1', config: 'c1', why: 'NODE_UNDONE: broken', at: '2026-12-01T12:00:00Z' }
const PATH = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/helper'

test('the mark is read from the Lease; a Lease without annotations, or no Lease, has none', async () => {
  const read = (respond: (call: KubeCall) => unknown) => open(answering(respond)).turns.readStop(never)
  const lease = { metadata: { annotations: { [NODE_STOP_ANNOTATION]: 'x', other: 'y' } } }
  const seen: string[] = []
  const found = await read(({ method, path }) => {
    seen.push(`${method} ${path}`)
    return lease
  })
  assert.equal(found, 'x')
  assert.deepEqual(seen, [`GET ${PATH}`])
  assert.equal(await read(() => ({ metadata: {} })), undefined)
  const fail = (status: number) => () => {
    throw new KubeApiError(status, 'failed')
  }
  assert.equal(await read(fail(404)), undefined)
  await assert.rejects(read(fail(403)), { status: 403 })
})

test('the mark is written again and again until the API server accepts it', async () => {
  const calls: KubeCall[] = []
  const client = answering((call) => {
    calls.push(call)
    if (calls.length < 3) throw new KubeApiError(503, 'not now')
  })
  const { turns, problems, clock } = open(client)
  const written = turns.writeStop(MARK, never)
  await settle()
  assert.equal(calls.length, 1)
  await clock.advance(4_999)
  assert.equal(calls.length, 1)
  await clock.advance(1)
  assert.equal(calls.length, 2)
  await clock.advance(5_000)
  await written
  assert.deepEqual(calls[2], {
    method: 'PATCH',
    path: PATH,
    body: { metadata: { annotations: { [NODE_STOP_ANNOTATION]: JSON.stringify(MARK) } } },
    contentType: MERGE_PATCH,
  })
  assert.deepEqual(
    problems.map((error) => (error as Error).message),
    ['not now', 'not now'],
  )
})

test('a Pod that ends does not wait for the mark any longer', async () => {
  const end = new AbortController()
  const { turns } = open(
    answering(() => {
      throw new KubeApiError(503, 'not now')
    }),
  )
  const written = turns.writeStop(MARK, end.signal)
  await settle()
  end.abort(new Error('the Pod ends'))
  await assert.rejects(written, /the Pod ends/)
})

test('a turn takes the Lease for its work, and frees it afterwards', async () => {
  const api = createFakeLeaseApi()
  const { turns } = open(api.client)
  let holder: string | undefined
  await turns.take(async () => {
    holder = api.lease.spec?.holderIdentity
    assert.equal(api.lease.spec?.leaseDurationSeconds, 600)
  }, never)
  assert.deepEqual([holder, api.lease.spec?.holderIdentity], ['n1', ''])
})

test('the failure of the work is that of the turn, and the Lease is free', async () => {
  const api = createFakeLeaseApi()
  const { turns } = open(api.client)
  await assert.rejects(
    turns.take(() => Promise.reject(new Error('broken')), never),
    /broken/,
  )
  assert.equal(api.lease.spec?.holderIdentity, '')
})

test('a node waits for the turn of another node, and its Pod may end meanwhile', async () => {
  const api = createFakeLeaseApi()
  const clock = createFakeClock()
  const first = open(api.client, clock, 'n1').turns
  const second = open(api.client, clock, 'n2').turns
  let finish = (): void => undefined
  const events: string[] = []
  const one = first.take(async () => {
    events.push('n1')
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  }, never)
  await settle()
  const end = new AbortController()
  const two = second.take(async () => void events.push('n2'), end.signal)
  const three = open(api.client, clock, 'n3').turns.take(async () => void events.push('n3'), never)
  await settle()
  assert.deepEqual(events, ['n1'])
  end.abort(new Error('the Pod ends'))
  await assert.rejects(two, /the Pod ends/)
  finish()
  await one
  await settle()
  await three
  assert.deepEqual(events, ['n1', 'n3'])
})

test('a Pod that ends before its turn asks for no Lease', async () => {
  const api = createFakeLeaseApi()
  const end = new AbortController()
  end.abort(new Error('the Pod ends'))
  await assert.rejects(
    open(api.client).turns.take(() => assert.fail('no turn'), end.signal),
    /the Pod ends/,
  )
  assert.equal(api.lease.spec?.holderIdentity, undefined)
})

test('a turn that has begun ends with its work, although the Pod ends', async () => {
  const api = createFakeLeaseApi()
  const end = new AbortController()
  const events: string[] = []
  let finish = (): void => undefined
  const taken = open(api.client).turns.take(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    events.push('done')
  }, end.signal)
  await settle()
  end.abort(new Error('the Pod ends'))
  await settle()
  assert.deepEqual([events, api.lease.spec?.holderIdentity], [[], 'n1'])
  finish()
  await assert.rejects(taken, /the Pod ends/)
  assert.deepEqual([events, api.lease.spec?.holderIdentity], [['done'], ''])
})

test('while the API server is away, the work goes on once, and the turn ends when the API server is back', async () => {
  const api = createFakeLeaseApi()
  const { turns, clock, problems } = open(api.client)
  let finish = (): void => undefined
  let begun = 0
  const taken = turns.take(async () => {
    begun += 1
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  }, never)
  await settle()
  api.fail('PUT', 0, 8)
  // Longer than the deadline of a renewal: the elector loses the Lease, and takes it again.
  await clock.advance(120_000)
  assert.ok(problems.length > 0)
  assert.equal(api.lease.spec?.holderIdentity, 'n1')
  finish()
  await taken
  assert.deepEqual([begun, api.lease.spec?.holderIdentity], [1, ''])
})

test('a Lease that is missing is created after half a minute; one that cannot be created is reported', async () => {
  const api = createFakeLeaseApi()
  api.remove()
  const { turns, clock, problems } = open(api.client)
  api.fail('PATCH', 403, 1)
  let worked = false
  const taken = turns.take(async () => {
    worked = true
  }, never)
  const missing = () => problems.filter((error) => (error as { code?: string }).code === 'LEASE_MISSING')
  for (let step = 0; step < 30 && missing().length === 0; step += 1) await clock.advance(2_000)
  assert.deepEqual(
    missing().map((error) => (error as Error).message),
    ['the Lease helper does not exist and cannot be created'],
  )
  assert.equal(worked, false)
  for (let step = 0; step < 8 && !worked; step += 1) await clock.advance(10_000)
  await taken
  assert.equal(missing().length, 1)
})

test('a refusal of the API server is reported', async () => {
  const api = createFakeLeaseApi()
  api.fail('PUT', 403, 1)
  const { turns, clock, problems } = open(api.client)
  const taken = turns.take(async () => undefined, never)
  await clock.advance(20_000)
  await taken
  // The refusal, and the request that failed by it. Its end is no problem.
  assert.deepEqual(
    problems.map((error) => (error as { status?: number } | undefined)?.status),
    [403, 403],
  )
})
