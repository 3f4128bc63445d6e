import { mkdtemp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { error, setFailed, setOutput, setSecret, warning } from '@actions/core'
import { checkFleet, type FleetOutcome } from '../src/fleet/check-fleet.ts'
import { readEarlier } from '../src/fleet/report/earlier-check.ts'
import { renderReportPage } from '../src/fleet/report/report-page.ts'
import { describeResults } from '../src/fleet/report/results.ts'
import { type Change, changesSince, newsTest } from '../src/fleet/report/since.ts'
import { renderCheckSummary } from '../src/fleet/report/summary.ts'
import { describeOutputs, headline, isFailed } from '../src/fleet/report/verdict.ts'
import { type Language, languageOf } from '../src/fleet/report/words.ts'
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
  const { GITHUB_WORKSPACE, RUNNER_TEMP } = environment
  const workspace = GITHUB_WORKSPACE || host.cwd()
  const temporary = RUNNER_TEMP || '/tmp'
  const earlier =
    inputs.since === '' ? undefined : readEarlier(inputs.since, { folder: workspace, within: [workspace, temporary] })
  const report = (cluster: string, line: string): void => writeLine(host, `${cluster}: ${line}`)
  const checkHost = { environment, folder, mask: setSecret, report, skipsCloud: false }
  const outcome = await checkFleet(settings, checkHost, signal)
  if (outcome.errors.length > 0) return reportErrors(outcome.errors, host, inputs.mode)
  const change = inputs.since === '' ? undefined : changesSince(earlier, outcome.clusters)
  const reportFile = inputs['report-file'] && resolve(workspace, inputs['report-file'])
  const unwritten = await failuresOf([
    () => setOutputs(outcome),
    () => writeSummary(renderCheckSummary(outcome.clusters, change), host),
    () => writeFiles(outcome, change, { temporary, reportFile, language: languageOf(environment) }),
  ])
  annotate(outcome, change, host)
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

async function writeFiles(
  outcome: FleetOutcome,
  change: Change | undefined,
  where: { readonly temporary: string; readonly reportFile: string; readonly language: Language },
): Promise<void> {
  const { temporary, reportFile, language } = where
  // The name is random, because without a folder of the runner it must not be foreseeable.
  const results = join(await mkdtemp(join(temporary, 'acr-nopass-results-')), 'acr-nopass-check.json')
  writePrivateFile(results, `${JSON.stringify(describeResults(outcome, change), null, 2)}\n`)
  setOutput('results-file', results)
  if (reportFile !== '') writePrivateFile(reportFile, renderReportPage(outcome, language))
}

/**
 * Writes one annotation for each of the first nine findings with a fix of their own, and a log line
 * for each further one. With `change`, only for findings that are new or became worse. A
 * consequence has no annotation, because its cause has one.
 */
function annotate({ clusters }: FleetOutcome, change: Change | undefined, host: NodeJS.Process): void {
  const findings = clusters.flatMap(({ name, findings: found }) => {
    const ofCluster = change?.clusters.find((one) => one.name === name)
    const isNews = ofCluster === undefined ? () => change === undefined : newsTest(ofCluster)
    return found
      .filter(({ severity, causedBy }) => severity !== 'info' && causedBy === undefined)
      .filter(isNews)
      .map((finding) => ({ name, ...finding }))
  })
  const sorted = findings.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  for (const [index, { name, id, severity, subject, message, fix }] of sorted.entries()) {
    const what = `${name}, ${subject}: ${message}`
    const write = severity === 'error' ? error : warning
    if (index < ANNOTATIONS) write(`${what}\nFix: ${fix}`, { title: id })
    else writeLine(host, `${id}: ${what} Fix: ${fix}`)
  }
}
