import { setOutput } from '@actions/core'
import { whyUnchecked } from '../src/rollout/inputs/describe-chart.ts'
import { prepareClusters } from '../src/rollout/inputs/prepare-cluster.ts'
import type { Settings } from '../src/rollout/inputs/settings.ts'
import { describeOutputs } from '../src/rollout/report/outputs.ts'
import { renderSummary } from '../src/rollout/report/summary.ts'
import { reportErrors, reportWarnings } from './report-errors.ts'
import { writeLine } from './write-line.ts'
import { writeSummary } from './write-summary.ts'

/**
 * Performs the mode `validate`: no helm, no cluster, no credential, no file. The outputs name the
 * clusters for later jobs.
 */
export function performValidate(settings: Settings, host: NodeJS.Process): number {
  const { mode } = settings.inputs
  const { errors, warnings } = prepareClusters(settings)
  reportWarnings(warnings, host)
  if (errors.length > 0) return reportErrors(errors, host, mode)
  for (const [name, value] of Object.entries(describeOutputs(settings.selected, [])))
    setOutput(name, JSON.stringify(value))
  const unchecked = whyUnchecked(settings.chart)
  if (unchecked !== undefined) writeLine(host, unchecked)
  writeSummary(renderSummary({ mode, results: [], durationMs: 0, helm: null, unchecked }), host)
  return 0
}
