import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { countRequests, describeRequests } from '../bed/audit-window.ts'
import { measureBursts } from '../bed/bursts.ts'
import { namesOf } from '../bed/namespaces.ts'
import { measureSingles } from '../bed/singles.ts'
import { percentile } from '../bed/statistics.ts'
import { untilHelperWorks } from '../bed/until-works.ts'
import { NEW_NAMESPACE_ROWS } from '../rows/new-namespaces-rows.ts'
import { measureMinimal } from './minimal-namespaces.ts'
import { type BenchContext, openScenarioBed, type Scenario, type ScenarioResult, snapshot } from './scenario.ts'

/** Namespaces that come while the helper works, by `attach: serviceAccounts`. */
export const newNamespaces: Scenario = {
  name: 'new-namespaces',
  title: { en: 'A new namespace, attach by ServiceAccount', zh: '新命名空间（通过 ServiceAccount 附加）' },
  minutes: 2,
  rows: NEW_NAMESPACE_ROWS,
  run: runNewNamespaces,
}

async function runNewNamespaces(context: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const { settings, signal } = context
  const minimal = await measureMinimal(context, 'serviceAccounts', step)
  step.update('a cluster')
  await using bed = await openScenarioBed(context, 'new')
  await bed.startNode()
  // One replica, as the others had: a second one would share this machine's processors.
  await bed.install({ attach: 'serviceAccounts', replicas: 1 })
  await untilHelperWorks(bed, signal)
  await bed.unit.measure(signal)

  const window = bed.audit()
  const tell = (text: string): void => step.update(text)
  const singles = namesOf('one', settings.singles)
  const after = await measureSingles(bed, singles, 'serviceAccounts', tell, signal)
  const requests = window.requests()
  await bed.unit.measure(signal)

  const bursts = await measureBursts(bed, settings, tell, signal)
  await bed.unit.measure(signal)
  const x = (milliseconds: number): number => milliseconds / bed.unit.p50
  return {
    unit: snapshot(bed.unit),
    figures: {
      'usable-after-account': [x(percentile(after.account, 0.5)), x(percentile(after.account, 0.99))],
      'usable-after-asked': [x(percentile(after.asked, 0.5)), x(percentile(after.asked, 0.99))],
      'minimal-usable': [percentile(minimal.account, 0.5), percentile(minimal.account, 0.99)],
      'usable-against-minimal': [
        x(percentile(after.account, 0.5)) / percentile(minimal.account, 0.5),
        x(percentile(after.account, 0.99)) / percentile(minimal.account, 0.99),
      ],
      'slowest-single': [x(Math.max(...after.asked))],
      'slowest-burst': [x(Math.max(...bursts.asked))],
      'minimal-burst': [Math.max(...(minimal.bursts?.asked ?? []))],
      'burst-usable': [x(percentile(bursts.asked, 0.5)), x(percentile(bursts.asked, 0.99))],
      'requests-new': [countRequests(requests, 'secrets', 'serviceaccounts', 'events') / settings.singles],
    },
    notes: [
      `requests for each new namespace: ${describeRequests(requests, settings.singles)}`,
      `in bursts, after the ServiceAccount exists, which is the helper's part: ${[0.5, 0.99, 1].map((share) => `${x(percentile(bursts.account, share)).toFixed(1)}x`).join(' / ')} (p50 / p99 / the slowest)`,
    ],
  }
}
