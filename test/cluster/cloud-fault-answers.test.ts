import { after, test } from 'node:test'
import { assertEntries, assertLive, assertNamed, openCloudFaults } from './cloud-fault-fixture.ts'

const fixture = await openCloudFaults('cloud-fault-answers')
const { helperCluster } = fixture
after(() => fixture[Symbol.asyncDispose]())
const { faults } = helperCluster.cloud
const match = { product: 'cr', instanceId: 'cri-k7x2m9q4w1t8z5h3' }
const ALWAYS = Number.POSITIVE_INFINITY

const cases = [
  {
    id: 'cloud-throttled',
    what: 'throttles',
    rule: { kind: 'throttle', retryAfterMs: 50 },
    expected: { code: 'CLOUD_THROTTLED', reason: 'Throttling.User' },
  },
  {
    id: 'cloud-5xx',
    what: 'responds with 503',
    rule: { kind: 'status', status: 503, code: 'ServiceUnavailable' },
    expected: { code: 'CLOUD_UNAVAILABLE', reason: 'ServiceUnavailable' },
  },
  {
    id: 'cloud-html',
    what: 'responds with HTML',
    rule: { kind: 'html' },
    expected: { code: 'CLOUD_UNAVAILABLE', reason: 'HTTP 502 without JSON' },
  },
  {
    id: 'cloud-is-success-false',
    what: 'responds with IsSuccess: false',
    rule: { kind: 'status', status: 200, code: 'INSTANCE_FORBIDDEN' },
    expected: { code: 'CLOUD_DENIED', reason: 'INSTANCE_FORBIDDEN' },
  },
  {
    id: 'cloud-cut',
    what: 'cuts connections',
    rule: { kind: 'cut' },
    expected: { code: 'CLOUD_UNREACHABLE', reason: 'ECONNRESET' },
  },
  {
    id: 'cloud-answer-lost',
    what: 'does the work but loses the response',
    rule: { kind: 'cut-after' },
    expected: { code: 'CLOUD_UNREACHABLE', reason: 'ECONNRESET' },
  },
] as const

for (const { id, what, rule, expected } of cases) {
  test(`P2 the cloud ${what} for one registry: its credential stays, the others rotate, and it catches up automatically`, async (t) => {
    const before = await Promise.all(fixture.served.map(fixture.entries))
    faults.add({ ...rule, times: ALWAYS, match })
    await helperCluster.requestRotation()
    await assertNamed(fixture, 'demo', expected)
    await assertEntries(fixture, before, { changed: ['shared', 'personal'], kept: ['demo'] })
    faults.clear()
    const since = performance.now()
    await assertEntries(fixture, before, { changed: ['demo', 'shared', 'personal'] })
    await assertLive(fixture)
    await fixture.invariants.assertHeld(t, { id, area: 'cloud', since, namespaces: fixture.served })
  })
}
