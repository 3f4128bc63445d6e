import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { countRequests, describeRequests } from '../bed/audit-window.ts'
import { createNamespace, namesOf } from '../bed/namespaces.ts'
import { percentile } from '../bed/statistics.ts'
import { untilHelperWorks } from '../bed/until-works.ts'
import { ADMISSION_ROWS } from '../rows/admission-rows.ts'
import { type BenchContext, openScenarioBed, type Scenario, type ScenarioResult, snapshot } from './scenario.ts'

/** New namespaces by `attach: admission`, where a Secret is all that the helper writes. */
export const admission: Scenario = {
  name: 'admission',
  title: { en: 'A new namespace, attach by admission', zh: '新命名空间（通过准入附加）' },
  minutes: 1,
  rows: ADMISSION_ROWS,
  run: runAdmission,
}

async function runAdmission(context: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const { settings, signal } = context
  step.update('a cluster')
  await using bed = await openScenarioBed(context, 'admission')
  await bed.startNode()
  await bed.install({ attach: 'admission' })
  await untilHelperWorks(bed, signal)
  await bed.unit.measure(signal)
  const window = bed.audit()
  const after: number[] = []
  for (const [index, name] of namesOf('one', settings.singles).entries()) {
    if (index % 10 === 0) step.update(`${index} of ${settings.singles} namespaces, one at a time`)
    await createNamespace(bed.admin, name, signal)
    const seen = bed.observer.of(name)
    const there = (): boolean => seen.secretAt !== undefined && seen.namespaceAt !== undefined
    await bed.observer.until('the Secret was there', there, 60_000, signal)
    after.push((seen.secretAt ?? Number.NaN) - (seen.namespaceAt ?? Number.NaN))
  }
  const requests = window.requests()
  await bed.unit.measure(signal)
  const x = (share: number): number => percentile(after, share) / bed.unit.p50
  return {
    unit: snapshot(bed.unit),
    figures: {
      'secret-after-namespace': [x(0.5), x(0.99)],
      'secret-slowest': [x(1)],
      'requests-admission': [countRequests(requests, 'secrets', 'serviceaccounts', 'events') / settings.singles],
    },
    notes: [`requests for each new namespace: ${describeRequests(requests, settings.singles)}`],
  }
}
