import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startActionFixture, withHelm } from './support/action-fixture.ts'
import { cancelCase, findBreaches } from './support/cancel-case.ts'
import { cancelPoints, describePoint } from './support/cancel-points.ts'

/** The seed makes a failing point repeatable. `npm run soak` continues with the same points. */
const SEED = 20_261_125
const POINTS = 12

test(`P10 a job cancelled at ${POINTS} points leaves no pending release, no process and no file`, async (t) => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const fixtures = { helm4: fixture, helm3: await withHelm(fixture, 'helm3') }
  const points = cancelPoints(SEED, POINTS)
  for (const point of points) {
    await t.test(describePoint(point), async () => {
      const record = await cancelCase(fixtures[point.helm], point)
      assert.deepEqual(findBreaches(record), [], record.output)
    })
  }

  await t.test('if the runner itself was lost, the next run names the exact fix', async () => {
    const lost = {
      index: POINTS,
      after: 'pending',
      milliseconds: 100,
      command: 'upgrade',
      stuck: true,
      lost: true,
      helm: 'helm4',
    } as const
    const record = await cancelCase(fixture, lost)
    assert.deepEqual([record.release, record.fixed], ['pending-upgrade', true])
  })
})
