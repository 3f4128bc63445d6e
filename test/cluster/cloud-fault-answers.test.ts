import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { assertNamed, openCloudFaults, SPACES } from './cloud-fault-kit.ts'
import { HOME } from './helper-kit.ts'

const bed = await openCloudFaults('cloud-fault-answers')
const { kit } = bed
after(() => kit[Symbol.asyncDispose]())
const { faults } = kit.cloud
const all = [...SPACES, HOME]
const match = { product: 'cr', instanceId: 'cri-k7x2m9q4w1t8z5h3' }
const ALWAYS = Number.POSITIVE_INFINITY

const unavailable = { code: 'CLOUD_UNAVAILABLE' }
const cases = [
  {
    what: 'throttling',
    rule: { kind: 'throttle', retryAfterMs: 50 },
    expected: { code: 'CLOUD_THROTTLED', reason: 'Throttling.User' },
  },
  {
    what: 'answers with 503',
    rule: { kind: 'status', status: 503, code: 'ServiceUnavailable' },
    expected: { ...unavailable, reason: 'ServiceUnavailable' },
  },
  {
    what: 'answers in HTML',
    rule: { kind: 'html' },
    expected: { ...unavailable, reason: 'HTTP 502 without JSON' },
  },
  {
    what: 'says IsSuccess: false',
    rule: { kind: 'status', status: 200, code: 'INSTANCE_FORBIDDEN' },
    expected: { code: 'CLOUD_DENIED', reason: 'INSTANCE_FORBIDDEN' },
  },
  {
    what: 'cuts connections',
    rule: { kind: 'cut' },
    expected: { code: 'CLOUD_UNREACHABLE', reason: 'ECONNRESET' },
  },
  {
    what: 'does the work and loses the answer',
    rule: { kind: 'cut-after' },
    expected: { code: 'CLOUD_UNREACHABLE', reason: 'ECONNRESET' },
  },
] as const

for (const { what, rule, expected } of cases) {
  test(`P2 the cloud ${what} for one registry: its last good credential stays, the others rotate, and it follows by itself`, async () => {
    const before = await Promise.all(all.map(bed.entries))
    faults.add({ ...rule, times: ALWAYS, match })
    await kit.askForRotation()
    await assertNamed(bed, 'demo', expected)
    await eventually(async () => {
      for (const [index, namespace] of all.entries()) {
        const [old, now] = [before[index], await bed.entries(namespace)]
        assert.equal(now.get('demo'), old?.get('demo'))
        assert.notEqual(now.get('shared'), old?.get('shared'))
        assert.notEqual(now.get('personal'), old?.get('personal'))
      }
    }, 30_000)
    faults.clear()
    await eventually(async () => {
      for (const [index, namespace] of all.entries()) {
        assert.notEqual((await bed.entries(namespace)).get('demo'), before[index]?.get('demo'))
      }
      assert.equal((await bed.registry('demo')).state, 'live')
    }, 60_000)
  })
}
