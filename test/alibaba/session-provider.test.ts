import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Credentials } from '../../src/alibaba/credentials.ts'
import { createSessionProvider } from '../../src/alibaba/identities/session-provider.ts'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import { singleFlight } from '../../src/lib/concurrency.ts'
import { fakeTime } from './fake-time.ts'

const HOUR = 3_600_000

function setUp(life: number = HOUR) {
  const time = fakeTime()
  const clock = createCloudClock(time)
  const issuer = { loads: 0, failing: undefined as Error | undefined }
  const load = async (): Promise<Credentials> => {
    issuer.loads++
    if (issuer.failing) throw issuer.failing
    const issuedAt = clock.now()
    return {
      accessKeyId: `STS.${issuer.loads}`,
      accessKeySecret: 's',
      securityToken: 't',
      issuedAt,
      expiresAt: issuedAt + life,
    }
  }
  return { time, issuer, provider: createSessionProvider({ name: 'test', load, clock }) }
}

test('a session is kept for three quarters of its lifetime and then renewed', async () => {
  const { time, issuer, provider } = setUp()
  const used: string[] = []
  for (const minutes of [0, 44, 2]) {
    time.advance(minutes * 60_000)
    used.push((await provider.get()).accessKeyId)
  }
  assert.deepEqual(used, ['STS.1', 'STS.1', 'STS.2'])
  assert.equal(issuer.loads, 2)
})

test('a short session is not renewed for every call', async () => {
  const { time, issuer, provider } = setUp(15 * 60_000)
  for (let minute = 0; minute < 10; minute++) {
    await provider.get()
    time.advance(60_000)
  }
  assert.equal(issuer.loads, 1)
})

test('fresh always calls the issuer', async () => {
  const { issuer, provider } = setUp()
  await provider.get()
  assert.equal((await provider.fresh()).accessKeyId, 'STS.2')
  assert.equal((await provider.get()).accessKeyId, 'STS.2')
  assert.equal(issuer.loads, 2)
})

test('many concurrent callers cost one call', async () => {
  const { issuer, provider } = setUp()
  const all = await Promise.all([provider.get(), provider.get(), provider.fresh(), provider.get()])
  assert.deepEqual(new Set(all.map(({ accessKeyId }) => accessKeyId)), new Set(['STS.1']))
  assert.equal(issuer.loads, 1)
})

test('P2 while the renewal fails, the last session is used, but not after it has expired', async () => {
  const { time, issuer, provider } = setUp()
  await provider.get()
  issuer.failing = new Error('no response')
  time.advance(50 * 60_000)
  assert.equal((await provider.get()).accessKeyId, 'STS.1')
  time.advance(9.6 * 60_000)
  await assert.rejects(provider.get(), /no response/)
  issuer.failing = undefined
  assert.equal((await provider.get()).accessKeyId, 'STS.4')
})

test('a session that has already expired when it arrives is an error', async () => {
  await assert.rejects(setUp(-1).provider.get(), { code: 'CREDENTIALS_EXPIRED' })
})

test('a caller that is aborted leaves the others waiting; the last one aborts the work', async () => {
  const gate = Promise.withResolvers<string>()
  let received: AbortSignal | undefined
  const shared = singleFlight((signal) => {
    received = signal
    return gate.promise
  })
  const [one, two] = [new AbortController(), new AbortController()]
  const [first, second] = [shared(one.signal), shared(two.signal)]
  one.abort(new Error('one left'))
  await assert.rejects(first, /one left/)
  assert.equal(received?.aborted, false)
  two.abort(new Error('two left'))
  await assert.rejects(second, /two left/)
  assert.equal(received?.aborted, true)
  const third = shared()
  gate.resolve('done')
  assert.equal(await third, 'done')
})

test('work that failed is repeated for the next caller', async () => {
  let runs = 0
  const shared = singleFlight(async () => {
    if (++runs === 1) throw new Error('once')
    return runs
  })
  await assert.rejects(shared(), /once/)
  assert.equal(await shared(), 2)
})
