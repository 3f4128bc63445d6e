import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FleetFigures, readFigures } from '../bench/fleet/fleet-figures.ts'
import { type FleetPlan, HOUR } from '../bench/fleet/fleet-plan.ts'
import {
  limitedPlan,
  MIXED_LIFE,
  mixedPlan,
  rotationsAnHour,
  throttledPlan,
  weekPlan,
} from '../bench/fleet/fleet-plans.ts'
import { type FleetRun, simulateFleet } from '../bench/fleet/simulate-fleet.ts'

// `npm run bench -- fleet` simulates the whole fleet; this test has fewer clusters, with the same
// plans and code.

async function figuresOf(plan: FleetPlan, life: number): Promise<{ run: FleetRun; figures: FleetFigures }> {
  const run = await simulateFleet(plan)
  return { run, figures: readFigures(run, life) }
}

/**
 * Checks that the peak is below 1.5 times the mean, at rest and three lifetimes after a mass start
 * or an outage of an hour.
 */
function assertSpread(figures: FleetFigures): void {
  const { peak, spreadAfterStart, spreadAfterOutage } = figures
  assert.ok(peak <= 1.5, `peak ${peak}`)
  assert.ok(spreadAfterStart <= 3, `spread ${spreadAfterStart} lives after the start`)
  assert.ok(spreadAfterOutage <= 3, `spread ${spreadAfterOutage} lives after the outage`)
}

test('P3 a fleet that starts within a minute spreads its calls, even after an outage of an hour, and no token expires', async () => {
  const { run, figures } = await figuresOf(weekPlan(100, 0.6), HOUR)
  assertSpread(figures)
  assert.ok(figures.mostUsed <= 75, `${figures.mostUsed} % of a life used`)
  assert.ok(figures.readyAfter <= 63, `ready after ${figures.readyAfter} s`)
  assert.ok(figures.recoveredAfter > 0 && figures.recoveredAfter <= 120, `recovered after ${figures.recoveredAfter} s`)
  assert.equal(run.rotations.filter(({ left }) => left === undefined).length, 100)
})

test('P3 a throttled fleet calls as fast as the account allows, and no token expires', async () => {
  const perSecond = 0.3
  const { run, figures } = await figuresOf(throttledPlan(100, perSecond, 10), HOUR)
  assertSpread(figures)
  assert.ok(figures.mostUsed <= 75, `${figures.mostUsed} % of a life used`)
  const least = (100 - 10) / perSecond
  for (const seconds of [figures.readyAfter, figures.recoveredAfter]) {
    assert.ok(seconds >= 0.9 * least && seconds <= 1.4 * least, `${seconds} s of at least ${least}`)
  }
  const refusedLater = run.counts.refused.subarray(3600, 12 * 3600).reduce((sum, one) => sum + one, 0)
  assert.ok(refusedLater <= 5, `${refusedLater} refused in steady state`)
})

test('P7 calls for lifetimes of 15 minutes to 12 hours are spread evenly, and two registries cost the writes of one', async () => {
  const { run, figures } = await figuresOf(mixedPlan(40), MIXED_LIFE)
  assertSpread(figures)
  assert.ok(figures.mostUsed <= 75, `${figures.mostUsed} % of a life used`)
  const [one = 0, twelve = 0, , twoAlike = 0, oneAndTwelve = 0] = rotationsAnHour(run)
  assert.ok(twelve < one / 10, `${twelve} an hour`)
  for (const two of [twoAlike, oneAndTwelve]) assert.ok(two <= 1.1 * one, `${two} rotations an hour, not ${one}`)
})

test('a thousand clusters with twenty limited credentials each need less than a tenth of the sessions that STS allows an account', async () => {
  const { sessions } = readFigures(await simulateFleet(limitedPlan(10, 20)), HOUR)
  // STS publishes 100 calls per second: https://www.alibabacloud.com/notice/ram20220829
  assert.ok(sessions * 100 < 10, `${sessions * 100} a second`)
  // A credential that lasts an hour is replaced after 60 to 70 % of its lifetime.
  assert.ok(sessions * 100 > (1000 * 20) / (0.7 * 3600), `${sessions * 100} a second`)
})

test('a plan of a fleet always gives the same run', async () => {
  const plan = { ...throttledPlan(20, 0.1), length: 13 * HOUR }
  const [one, two] = [await simulateFleet(plan), await simulateFleet(plan)]
  assert.deepEqual(one, two)
})
