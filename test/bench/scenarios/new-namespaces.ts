import { countRequests, describeRequests, type RequestCounts } from '../fixture/audit-window.ts'
import { type BurstTimes, measureBursts } from '../fixture/bursts.ts'
import type { Attach } from '../fixture/contender.ts'
import { type Fixture, HOME } from '../fixture/fixture.ts'
import { minimalContender } from '../fixture/minimal-contender.ts'
import { namesOf } from '../fixture/namespaces.ts'
import { measureSingles, type SingleTimes } from '../fixture/singles.ts'
import { percentile } from '../fixture/statistics.ts'
import { untilHelperWorks } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

/** Namespaces that are created while the helper runs, with `attach: serviceAccounts`. */
export const newNamespaces: Scenario = {
  name: 'new-namespaces',
  title: { en: 'A new namespace, attach by ServiceAccount', zh: '新命名空间（通过 ServiceAccount 附加）' },
  minutes: 2.5,
  repeated: true,
  measure: measureNewNamespaces,
}

/** The same with `attach: admission`, where the helper only writes a Secret. */
export const admission: Scenario = {
  name: 'admission',
  title: { en: 'A new namespace, attach by admission', zh: '新命名空间（通过准入附加）' },
  minutes: 1.5,
  repeated: true,
  measure: measureAdmission,
}

async function measureNewNamespaces(context: BenchContext): Promise<Measured> {
  const { settings } = context
  const { minimal, helper } = await measureByTurns(context, 'serviceAccounts')
  const { singles, bursts, requests } = helper
  return {
    figures: {
      usable: bothOf(singles.account),
      'usable-against-minimal': against(bothOf(singles.account), bothOf(minimal.singles.account)),
      'usable-after-request': bothOf(singles.requested),
      'usable-slowest': [Math.max(...singles.requested), Math.max(...bursts.requested)],
      'requests-new': [countRequests(requests, 'secrets', 'serviceaccounts', 'events') / settings.singles],
    },
    notes: [
      `the minimal program: usable after ${show(bothOf(minimal.singles.account))} ms, the slowest in bursts ${show([Math.max(...minimal.bursts.requested)])} ms`,
      `in bursts, after the ServiceAccount exists: ${show([0.5, 0.99, 1].map((share) => percentile(bursts.account, share)))} ms (p50 / p99 / the slowest)`,
      `requests per new namespace: ${describeRequests(requests, settings.singles)}`,
    ],
  }
}

async function measureAdmission(context: BenchContext): Promise<Measured> {
  const { settings } = context
  const { minimal: lower, helper } = await measureByTurns(context, 'admission')
  const minimal = bothOf(lower.singles.namespace)
  const { singles, requests } = helper
  const own = bothOf(singles.namespace)
  return {
    figures: {
      secret: [...own, Math.max(...singles.namespace)],
      'secret-against-minimal': against(own, minimal),
      'requests-admission': [countRequests(requests, 'secrets', 'serviceaccounts', 'events') / settings.singles],
    },
    notes: [
      `the minimal program: Secret after ${show(minimal)} ms`,
      `requests per new namespace: ${describeRequests(requests, settings.singles)}`,
    ],
  }
}

/** The number of namespaces in one turn of a program. */
const TURN = 20

interface NamespaceTimes {
  readonly singles: SingleTimes
  /** Empty with admission, because the helper has no part in such a burst. */
  readonly bursts: BurstTimes
}

const NO_BURST: BurstTimes = { requested: [], account: [] }

/**
 * The programs alternate, because the machine's speed changes from minute to minute. Each program
 * has a cluster of its own.
 */
async function measureByTurns(
  context: BenchContext,
  attach: Attach,
): Promise<{
  readonly minimal: NamespaceTimes
  readonly helper: NamespaceTimes & { readonly requests: RequestCounts }
}> {
  const { settings, programs, report, signal } = context
  report('two clusters')
  await using minimalFixture = await openScenarioFixture(context, 'minimal')
  await using helperFixture = await openScenarioFixture(context, 'new')
  await minimalContender(minimalFixture, programs.minimal, attach).start()
  await minimalFixture.observer.until(
    'the program worked',
    () => !!minimalFixture.observer.of(HOME).secretAt,
    60_000,
    signal,
  )
  await helperFixture.startNode()
  // One replica, as in the other measurements: a second one would share this machine's processors.
  await helperFixture.install({ attach, replicas: 1 })
  await untilHelperWorks(helperFixture, signal)
  const window = helperFixture.audit()
  const singles = { minimal: [] as SingleTimes[], helper: [] as SingleTimes[] }
  const names = namesOf('one', settings.singles)
  for (let begin = 0; begin < names.length; begin += TURN) {
    report(`${begin} of ${names.length} namespaces, one at a time`)
    const turn = names.slice(begin, begin + TURN)
    singles.minimal.push(await measureSingles(minimalFixture, turn, attach, signal))
    singles.helper.push(await measureSingles(helperFixture, turn, attach, signal))
  }
  const requests = window.requests()
  const burstsOf = async (fixture: Fixture): Promise<BurstTimes> =>
    attach === 'admission' ? NO_BURST : await measureBursts(fixture, settings.burst, report, signal)
  return {
    minimal: { singles: join(singles.minimal), bursts: await burstsOf(minimalFixture) },
    helper: { singles: join(singles.helper), bursts: await burstsOf(helperFixture), requests },
  }
}

function join(turns: readonly SingleTimes[]): SingleTimes {
  return {
    account: turns.flatMap(({ account }) => account),
    namespace: turns.flatMap(({ namespace }) => namespace),
    requested: turns.flatMap(({ requested }) => requested),
  }
}

function bothOf(times: readonly number[]): readonly number[] {
  return [percentile(times, 0.5), percentile(times, 0.99)]
}

function against(own: readonly number[], others: readonly number[]): readonly number[] {
  return own.map((number, index) => number / (others[index] ?? Number.NaN))
}

function show(times: readonly number[]): string {
  return times.map((time) => time.toFixed(1)).join(' / ')
}
