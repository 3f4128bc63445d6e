import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { error, setFailed, setOutput, setSecret } from '@actions/core'
import { writePrivateFile } from '../src/lib/files.ts'
import { printable } from '../src/printable.ts'
import { type ClusterResult, isFailure } from '../src/rollout/cluster-result.ts'
import { writePlanFile } from '../src/rollout/inputs/plan-file.ts'
import type { Settings } from '../src/rollout/inputs/settings.ts'
import { describeOutputs } from '../src/rollout/report/outputs.ts'
import { headline, renderSummary } from '../src/rollout/report/summary.ts'
import { type RolloutOutcome, runRollout } from '../src/rollout/run/run-rollout.ts'
import type { RunFolder } from '../src/rollout/run-folder.ts'
import { failuresOf } from './failures-of.ts'
import { ANNOTATIONS, placeOf, reportErrors } from './report-errors.ts'
import { writeLine } from './write-line.ts'
import { writeSummary } from './write-summary.ts'

/**
 * Runs the rollout and reports it in every form that a workflow can read. Returns the exit code.
 */
export async function performRun(
  settings: Settings,
  folder: RunFolder,
  { host, environment }: { readonly host: NodeJS.Process; readonly environment: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<number> {
  const { inputs } = settings
  const report = (cluster: string, line: string): void => writeLine(host, `${cluster}: ${line}`)
  const outcome = await runRollout(settings, { environment, folder, mask: setSecret, report }, signal)
  if (outcome.errors.length > 0) return reportErrors(outcome.errors, host, inputs.mode)
  const unwritten = await failuresOf([
    () => writeSummary(renderSummary({ ...outcome, mode: inputs.mode }), host),
    () => setOutputs(settings, outcome),
    () => writeFiles(settings, outcome, host),
  ])
  return reportFailures(outcome.results, unwritten, host, signal)
}

function setOutputs(settings: Settings, { results }: RolloutOutcome): void {
  for (const [name, value] of Object.entries(describeOutputs(settings.selected, results))) {
    setOutput(name, JSON.stringify(value))
  }
}

async function writeFiles(settings: Settings, outcome: RolloutOutcome, { env }: NodeJS.Process): Promise<void> {
  const { inputs } = settings
  const outputs = describeOutputs(settings.selected, outcome.results)
  if (outcome.results.length === 0) return
  // A second use of the action in the same job needs files of its own. The name is random, because
  // without a folder of the runner it must not be foreseeable.
  const temp = await mkdtemp(join(env.RUNNER_TEMP || '/tmp', 'acr-nopass-results-'))
  const results = join(temp, 'acr-nopass-results.json')
  writePrivateFile(results, `${JSON.stringify(outputs.results, null, 2)}\n`)
  setOutput('results-file', results)
  if (inputs.mode !== 'plan') return
  const plan = inputs['plan-file'] || join(temp, 'acr-nopass-plan.json')
  writePlanFile(plan, outcome.results, env.GITHUB_WORKSPACE)
  setOutput('plan-file', plan)
}

/**
 * Writes one annotation for each of the first nine failed clusters, a log line for each further
 * cluster, and the verdict. The log shows annotations too.
 */
function reportFailures(
  results: readonly ClusterResult[],
  unwritten: readonly string[],
  host: NodeJS.Process,
  signal: AbortSignal,
): number {
  const failed = results.filter(isFailure)
  for (const [index, { name, phase, error: cause }] of failed.entries()) {
    if (!cause) continue
    const reason = cause.reason === undefined ? '' : ` (${cause.reason})`
    const what = `${name}, phase ${phase}: ${cause.message}${reason}`
    if (index < ANNOTATIONS) error(`${what}\nFix: ${cause.hint}`, { title: cause.code, ...placeOf(cause.place) })
    else writeLine(host, `${cause.code}: ${what} Fix: ${cause.hint}`)
  }
  if (failed.length === 0 && unwritten.length === 0 && !signal.aborted) return 0
  const words =
    unwritten.length === 0
      ? ''
      : `; the work is done, but not all of it could be reported: ${printable(unwritten.join('; '))}`
  setFailed((signal.aborted ? `interrupted: ${headline(results)}` : headline(results)) + words)
  return 1
}
