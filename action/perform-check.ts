import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { error, setFailed, setOutput, setSecret, warning } from '@actions/core'
import { checkFleet, type FleetOutcome } from '../src/fleet/check-fleet.ts'
import { describeResults } from '../src/fleet/report/results.ts'
import { renderCheckSummary } from '../src/fleet/report/summary.ts'
import { describeOutputs, headline, isFailed } from '../src/fleet/report/verdict.ts'
import { writePrivateFile } from '../src/lib/files.ts'
import { printable } from '../src/printable.ts'
import type { Settings } from '../src/rollout/inputs/settings.ts'
import type { RunFolder } from '../src/rollout/run-folder.ts'
import { failuresOf } from './failures-of.ts'
import { ANNOTATIONS, reportErrors } from './report-errors.ts'
import { writeLine } from './write-line.ts'
import { writeSummary } from './write-summary.ts'

/**
 * Performs the mode `check`: reads every cluster, and reports in every form that a workflow can
 * read. Returns the exit code.
 */
export async function performCheck(
  settings: Settings,
  folder: RunFolder,
  { host, environment }: { readonly host: NodeJS.Process; readonly environment: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<number> {
  const { inputs } = settings
  const report = (cluster: string, line: string): void => writeLine(host, `${cluster}: ${line}`)
  const checkHost = { environment, folder, mask: setSecret, report, skipsCloud: false }
  const outcome = await checkFleet(settings, checkHost, signal)
  if (outcome.errors.length > 0) return reportErrors(outcome.errors, host, inputs.mode)
  const unwritten = await failuresOf([
    () => setOutputs(outcome),
    () => writeSummary(renderCheckSummary(outcome.clusters), host),
    () => writeResults(outcome, environment.RUNNER_TEMP || '/tmp'),
  ])
  annotate(outcome, host)
  const words = unwritten.length === 0 ? '' : `; not all of it could be reported: ${printable(unwritten.join('; '))}`
  const verdict = `${headline(outcome.clusters)}${words}`
  const isFailure = unwritten.length > 0 || isFailed(outcome.clusters, inputs['fail-on'])
  if (isFailure) setFailed(verdict)
  else writeLine(host, verdict)
  return isFailure ? 1 : 0
}

function setOutputs({ clusters }: FleetOutcome): void {
  for (const [name, value] of Object.entries(describeOutputs(clusters))) setOutput(name, JSON.stringify(value))
}

async function writeResults(outcome: FleetOutcome, temporary: string): Promise<void> {
  // The name is random, because without a folder of the runner it must not be foreseeable.
  const results = join(await mkdtemp(join(temporary, 'acr-nopass-results-')), 'acr-nopass-check.json')
  writePrivateFile(results, `${JSON.stringify(describeResults(outcome), null, 2)}\n`)
  setOutput('results-file', results)
}

/**
 * Writes one annotation for each of the first nine findings with a fix of their own, and a log line
 * for each further one. A consequence has no annotation, because its cause has one.
 */
function annotate({ clusters }: FleetOutcome, host: NodeJS.Process): void {
  const findings = clusters.flatMap(({ name, findings: found }) =>
    found
      .filter(({ severity, causedBy }) => severity !== 'info' && causedBy === undefined)
      .map((finding) => ({ name, ...finding })),
  )
  const sorted = findings.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  for (const [index, { name, id, severity, subject, message, fix }] of sorted.entries()) {
    const what = `${name}, ${subject}: ${message}`
    const write = severity === 'error' ? error : warning
    if (index < ANNOTATIONS) write(`${what}\nFix: ${fix}`, { title: id })
    else writeLine(host, `${id}: ${what} Fix: ${fix}`)
  }
}
