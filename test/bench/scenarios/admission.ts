import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { countRequests, describeRequests } from '../bed/audit-window.ts'
import { namesOf } from '../bed/namespaces.ts'
import { measureSingles } from '../bed/singles.ts'
import { percentile } from '../bed/statistics.ts'
import { untilHelperWorks } from '../bed/until-works.ts'
import { ADMISSION_ROWS } from '../rows/admission-rows.ts'
import { measureMinimal } from './minimal-namespaces.ts'
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
  const minimal = await measureMinimal(context, 'admission', step)
  step.update('a cluster')
  await using bed = await openScenarioBed(context, 'admission')
  await bed.startNode()
  await bed.install({ attach: 'admission', replicas: 1 })
  await untilHelperWorks(bed, signal)
  await bed.unit.measure(signal)
  const window = bed.audit()
  const tell = (text: string): void => step.update(text)
  const times = await measureSingles(bed, namesOf('one', settings.singles), 'admission', tell, signal)
  const requests = window.requests()
  await bed.unit.measure(signal)
  const x = (share: number): number => percentile(times.namespace, share) / bed.unit.p50
  return {
    unit: snapshot(bed.unit),
    figures: {
      'secret-after-namespace': [x(0.5), x(0.99)],
      'minimal-secret': [percentile(minimal.namespace, 0.5), percentile(minimal.namespace, 0.99)],
      'secret-against-minimal': [
        x(0.5) / percentile(minimal.namespace, 0.5),
        x(0.99) / percentile(minimal.namespace, 0.99),
      ],
      'secret-slowest': [x(1)],
      'requests-admission': [countRequests(requests, 'secrets', 'serviceaccounts', 'events') / settings.singles],
    },
    notes: [`requests for each new namespace: ${describeRequests(requests, settings.singles)}`],
  }
}
