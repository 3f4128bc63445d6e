import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startActionBed, withHelm } from './support/action-bed.ts'
import { cancelPoints, describePoint } from './support/cancel-points.ts'
import { cancelTrial, findBreaches } from './support/cancel-trial.ts'

/** Seeded, so that a failing point can be run again; `npm run soak` goes on with the same points. */
const SEED = 20_261_125
const POINTS = 12

test(`P10 a job cancelled at ${POINTS} points leaves no pending release, no process and no file`, async (t) => {
  await using bed = await startActionBed({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const beds = { helm4: bed, helm3: await withHelm(bed, 'helm3') }
  const points = cancelPoints(SEED, POINTS)
  for (const point of points) {
    await t.test(describePoint(point), async () => {
      const record = await cancelTrial(beds[point.helm], point)
      assert.deepEqual(findBreaches(record), [], record.said)
    })
  }

  await t.test('where the runner itself was lost, the next run names the exact fix', async () => {
    const lost = {
      index: POINTS,
      after: 'pending',
      milliseconds: 100,
      onto: 'upgrade',
      stuck: true,
      lost: true,
      helm: 'helm4',
    } as const
    const record = await cancelTrial(bed, lost)
    assert.deepEqual([record.release, record.fixed], ['pending-upgrade', true])
  })
})
