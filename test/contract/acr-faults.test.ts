import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { clientOf } from './acr-cloud-client.ts'
import { demo, HOUR, startTokenBench, type TokenBench, WORKER } from './acr-token-bench.ts'

let bench: TokenBench

before(async () => {
  bench = await startTokenBench()
})
after(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.reset())

const faults = {
  throttle: { kind: 'throttle', retryAfterMs: 1, times: 2 },
  'server error': { kind: 'status', status: 503, code: 'ServiceUnavailable', times: 2 },
  'HTML page': { kind: 'html', times: 2 },
  'empty response': { kind: 'empty', times: 2 },
  'cut connection': { kind: 'cut', times: 2 },
  'lost response': { kind: 'cut-after', times: 1 },
} as const
for (const [what, fault] of Object.entries(faults)) {
  test(`two calls that end in a ${what} do not lose the token`, async () => {
    bench.allow(demo())
    for (const action of ['GetAuthorizationToken', 'ListInstanceEndpoint'])
      bench.cloud.faults.add({ ...fault, match: { action } })
    assert.equal((await bench.sourceOf(demo()).get()).username, 'cr_temp_user')
  })
}

test('a machine whose clock is two hours off gets its token at the second attempt, and then knows the skew', async () => {
  bench.allow(demo())
  const skew = 2 * HOUR
  bench.cloud.control.setClockSkew(skew)
  const client = clientOf(bench.cloud, await bench.cloud.imdsFor(WORKER))
  const token = await bench.sourceOf(demo(), { type: 'worker-role' }, client).get()
  assert.ok(Math.abs(client.transport.clock.skew() + skew) < 3000)
  assert.ok(Math.abs(token.issuedAt - skew - Date.now()) < 5000)
})

test("P2 if the registry's addresses cannot be read again, the known addresses stay in use", async () => {
  bench.allow(demo())
  const client = clientOf(bench.cloud, await bench.cloud.imdsFor(WORKER))
  let offset = 0
  // The clock that determines the age of the addresses. Signatures keep using the real clock.
  const clock = { ...client.transport.clock, now: () => client.transport.clock.now() + offset }
  const transport = { ...client.transport, clock }
  // The credentials outlive the addresses, because an expired credential is rejected.
  const registry = demo({ expiresInHours: 3 })
  const source = bench.sourceOf(registry, { type: 'worker-role' }, { ...client, transport })
  const known = await source.get()
  offset = 2 * HOUR
  const match = { action: 'ListInstanceEndpoint' }
  const start = bench.cloud.calls.length
  bench.cloud.faults.add({ kind: 'status', status: 403, code: 'NoPermission', times: 99, match })
  const later = await source.get()
  assert.deepEqual(later.domains, known.domains)
  assert.notEqual(later.password, known.password)
  assert.equal(bench.cloud.calls.slice(start).filter(({ action }) => action === match.action).length, 1)
})
