import { countRequests, describeRequests, type RequestCounts } from '../fixture/audit-window.ts'
import { type BurstTimes, measureBursts } from '../fixture/bursts.ts'
import type { Attach } from '../fixture/contender.ts'
import { HOME } from '../fixture/fixture.ts'
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
  minutes: 5,
  repeated: true,
  measure: measureNewNamespaces,
}

/** The same with `attach: admission`, where the helper only writes a Secret. */
export const admission: Scenario = {
  name: 'admission',
  title: { en: 'A new namespace, attach by admission', zh: '新命名空间（通过准入附加）' },
  minutes: 4,
  repeated: true,
  measure: measureAdmission,
}

async function measureNewNamespaces(context: BenchContext): Promise<Measured> {
  const { settings } = context
  const minimal = await measureMinimal(context, 'serviceAccounts')
  const { singles, bursts, requests } = await measureHelper(context, 'serviceAccounts')
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
  const minimal = bothOf((await measureMinimal(context, 'admission')).singles.namespace)
  const { singles, requests } = await measureHelper(context, 'admission')
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

interface NamespaceTimes {
  readonly singles: SingleTimes
  /** Empty with admission, where a burst only consists of the server's part. */
  readonly bursts: BurstTimes
}

const NO_BURST: BurstTimes = { requested: [], account: [] }

async function measureHelper(
  context: BenchContext,
  attach: Attach,
): Promise<NamespaceTimes & { readonly requests: RequestCounts }> {
  const { settings, report, signal } = context
  report('helper: a cluster')
  await using fixture = await openScenarioFixture(context, 'new')
  await fixture.startNode()
  // One replica, as in the other measurements: a second one would share this machine's processors.
  await fixture.install({ attach, replicas: 1 })
  await untilHelperWorks(fixture, signal)
  const window = fixture.audit()
  const singles = await measureSingles(fixture, namesOf('one', settings.singles), attach, report, signal)
  const requests = window.requests()
  const bursts = attach === 'admission' ? NO_BURST : await measureBursts(fixture, settings.burst, report, signal)
  return { singles, bursts, requests }
}

/** The same with the minimal program: the lower bound on this machine in this run. */
async function measureMinimal(context: BenchContext, attach: Attach): Promise<NamespaceTimes> {
  const { settings, programs, signal } = context
  const report = (text: string): void => context.report(`minimal program: ${text}`)
  report('a cluster')
  await using fixture = await openScenarioFixture(context, 'minimal')
  await minimalContender(fixture, programs.minimal, attach).start()
  await fixture.observer.until('the program worked', () => !!fixture.observer.of(HOME).secretAt, 60_000, signal)
  const singles = await measureSingles(fixture, namesOf('one', settings.singles), attach, report, signal)
  const bursts = attach === 'admission' ? NO_BURST : await measureBursts(fixture, settings.burst, report, signal)
  return { singles, bursts }
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
