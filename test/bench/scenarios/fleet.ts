import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { callsAfter, type FleetFigures, readFigures, SPREAD_OUT } from '../fleet/fleet-figures.ts'
import { type FleetPlan, HOUR } from '../fleet/fleet-plan.ts'
import { MIXED_LIFE, mixedPlan, rotationsAnHour, throttledPlan, weekPlan } from '../fleet/fleet-plans.ts'
import { type FleetRun, simulateFleet } from '../fleet/simulate-fleet.ts'
import { plotLines, type Series } from '../report/plot.ts'
import { FLEET_ROWS } from '../rows/fleet-rows.ts'
import type { BenchContext, Scenario, ScenarioResult } from './scenario.ts'

const CLUSTERS = 5000
const MIXED_CLUSTERS = 1000
const DAYS = 7
/** Of the plot: a mass start is fifty times the mean and would press all else flat. */
const MOST = 4

/** Thousands of clusters on one account, on a virtual clock. */
export const fleet: Scenario = {
  name: 'fleet',
  title: { en: 'A fleet of 5,000 clusters, simulated', zh: '五千个集群（模拟）' },
  minutes: 3,
  page: 'scale',
  rows: FLEET_ROWS,
  run: runFleet,
}

interface Simulated {
  readonly title: string
  readonly run: FleetRun
  readonly figures: FleetFigures
}

async function runFleet({ signal }: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const simulate = async (title: string, plan: FleetPlan, life: number): Promise<Simulated> => {
    step.update(title)
    const run = await simulateFleet(plan, signal)
    return { title, run, figures: readFigures(run, life) }
  }
  const week = await simulate(`${CLUSTERS} clusters, ${DAYS} days, no limit`, weekPlan(CLUSTERS, DAYS), HOUR)
  const ample = await simulate(`${CLUSTERS} clusters, 1 day, 50 calls a second`, throttledPlan(CLUSTERS, 50), HOUR)
  const tight = await simulate(`${CLUSTERS} clusters, 1 day, 10 calls a second`, throttledPlan(CLUSTERS, 10), HOUR)
  const mixed = await simulate(`${MIXED_CLUSTERS} clusters, 4 days, mixed lives`, mixedPlan(MIXED_CLUSTERS), MIXED_LIFE)
  const all = [week, ample, tight, mixed]
  const of = (figure: keyof FleetFigures): number[] => all.map(({ figures }) => figures[figure])
  const [one = 0, , , two = 0] = rotationsAnHour(mixed.run)
  return {
    unit: undefined,
    figures: {
      'fleet-mean': of('mean'),
      'fleet-peak': of('peak'),
      'fleet-start': of('spreadAfterStart'),
      'fleet-outage': of('spreadAfterOutage'),
      'fleet-used': of('mostUsed'),
      'fleet-ready': of('readyAfter').map(Math.round),
      'fleet-recovered': of('recoveredAfter').map(Math.round),
      'fleet-busiest': of('busiestSecond'),
      'fleet-refused': of('refusedEach'),
      'fleet-joined': [two / one],
    },
    notes: all.map(describe),
    pictures: { 'fleet-calls.svg': draw(week, tight) },
  }
}

function draw(week: Simulated, tight: Simulated): string {
  const line = (name: string, colour: string, { run, figures }: Simulated, from: number): Series => {
    return { name, colour, dots: false, points: callsAfter(run, figures, from, 6 * HOUR, MOST) }
  }
  const outageOf = ({ run }: Simulated): number => run.plan.outage?.from ?? 0
  return plotLines({
    title: `Calls of ${CLUSTERS.toLocaleString('en-US')} clusters against the mean (cut off at ${MOST} times)`,
    x: 'hours after the event',
    y: 'times the mean of steady state',
    series: [
      line('all start within a minute', '#0969da', week, 0),
      line('the region is gone for the first hour', '#cf222e', week, outageOf(week)),
      line('the same, 10 calls a second', '#bf8700', tight, outageOf(tight)),
    ],
  })
}

function describe({ title, run, figures }: Simulated): string {
  const calls = run.counts.asked.reduce((sum, one) => sum + one, 0).toLocaleString('en-US')
  const seconds = figures.window / 1000
  return `${title}: ${calls} calls, ${run.rotations.length.toLocaleString('en-US')} rotations; windows of ${seconds} s within ${SPREAD_OUT} times the mean`
}
