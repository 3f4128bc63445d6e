import { type FleetFigures, SPREAD_OUT } from '../fleet/fleet-figures.ts'
import { type FleetPlan, HOUR } from '../fleet/fleet-plan.ts'
import { limitedPlan, MIXED_LIFE, mixedPlan, throttledPlan, weekPlan } from '../fleet/fleet-plans.ts'
import { type FleetSummary, summarizeInThread } from '../fleet/fleet-summary.ts'
import { plotLines, type Series } from '../report/plot.ts'
import type { BenchContext, Measured, Scenario } from '../scenario.ts'

const CLUSTERS = 5000
const MIXED_CLUSTERS = 1000
const DAYS = 7
const LIMITED_CLUSTERS = 1000
const LISTS = 20
/**
 * The limit of the plot: a mass start is fifty times the mean and would flatten everything else.
 */
const MOST = 4

/** Thousands of clusters on one account, on a virtual clock. */
export const fleet: Scenario = {
  name: 'fleet',
  title: { en: 'A fleet of 5,000 clusters, simulated', zh: '五千个集群（模拟）' },
  minutes: 9,
  page: 'scale',
  measure: measureFleet,
}

interface Simulated extends FleetSummary {
  readonly title: string
}

async function measureFleet({ report, signal }: BenchContext): Promise<Measured> {
  let open = 0
  const simulate = async (title: string, plan: FleetPlan, life: number): Promise<Simulated> => {
    open += 1
    const summary = await summarizeInThread({ plan, life, most: MOST }, signal)
    open -= 1
    report(`${open} of 5 still run`)
    return { title, ...summary }
  }
  report('5 simulations side by side')
  const [limited, ...all] = await Promise.all([
    simulate(
      `${LIMITED_CLUSTERS} clusters, 1 day, ${LISTS} limited credentials each`,
      limitedPlan(LIMITED_CLUSTERS, LISTS),
      HOUR,
    ),
    simulate(`${CLUSTERS} clusters, ${DAYS} days, no limit`, weekPlan(CLUSTERS, DAYS), HOUR),
    simulate(`${CLUSTERS} clusters, 1 day, 50 calls a second`, throttledPlan(CLUSTERS, 50), HOUR),
    simulate(`${CLUSTERS} clusters, 1 day, 10 calls a second`, throttledPlan(CLUSTERS, 10), HOUR),
    simulate(`${MIXED_CLUSTERS} clusters, 4 days, mixed lifetimes`, mixedPlan(MIXED_CLUSTERS), MIXED_LIFE),
  ])
  const [week, , tight, mixed] = all
  const of = (figure: keyof FleetFigures): number[] => all.map(({ figures }) => figures[figure])
  const [one = 0, , , two = 0] = mixed.rotationsAnHour
  return {
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
      'fleet-limited': [limited.figures.sessions],
    },
    notes: [...all, limited].map(describe),
    pictures: { 'fleet-calls.svg': draw(week, tight) },
  }
}

function draw(week: Simulated, tight: Simulated): string {
  const line = (name: string, colour: string, points: Series['points']): Series => ({
    name,
    colour,
    dots: false,
    points,
  })
  return plotLines({
    title: `Calls of ${CLUSTERS.toLocaleString('en-US')} clusters against the mean (cut off at ${MOST} times)`,
    x: 'hours after the event',
    y: 'times the mean of steady state',
    series: [
      line('all start within a minute', '#0969da', week.afterStart),
      line('the region is gone for the first hour', '#cf222e', week.afterOutage),
      line('the same, 10 calls a second', '#bf8700', tight.afterOutage),
    ],
  })
}

function describe({ title, figures, calls, rotations }: Simulated): string {
  const show = (count: number): string => count.toLocaleString('en-US')
  const windows = `windows of ${figures.window / 1000} s, each within ${SPREAD_OUT} times the mean if the calls are spread evenly`
  return `${title}: ${show(calls)} calls, ${show(rotations)} rotations; ${windows}`
}
