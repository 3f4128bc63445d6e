import { resolve } from 'node:path'
import { NopassError } from '../../../errors.ts'
import { checkFleet, type FleetOutcome } from '../../../fleet/check-fleet.ts'
import { readEarlier } from '../../../fleet/report/earlier-check.ts'
import { renderReportPage } from '../../../fleet/report/report-page.ts'
import { describeResults } from '../../../fleet/report/results.ts'
import { changesSince } from '../../../fleet/report/since.ts'
import { isFailed } from '../../../fleet/report/verdict.ts'
import { languageOf } from '../../../fleet/report/words.ts'
import { writePrivateFile } from '../../../lib/files.ts'
import { INPUTS, type InputName } from '../../../rollout/inputs/input-table.ts'
import type { Settings } from '../../../rollout/inputs/settings.ts'
import { createRunFolder } from '../../../rollout/run-folder.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../../program/cli-host.ts'
import { type InputFlags, readFlags } from '../../program/input-option.ts'
import { reportErrors } from '../../program/report-errors.ts'
import { settingsOf } from '../../program/settings-of.ts'
import { createStatusLine, paintFor } from '../../program/terminal.ts'
import { errorAsFlags } from '../../rollout/as-flags.ts'
import { aimCommands } from '../aim-commands.ts'
import { renderChange, renderFleet } from './fleet-report.ts'

export interface FleetFlags extends InputFlags {
  readonly cloud?: 'auto' | 'off'
}

/**
 * Checks all clusters of a list. Returns 1 if `--fail-on` applies.
 * @throws NopassError with flags in place of inputs
 */
export async function checkClusters(...command: Parameters<typeof check>): Promise<number> {
  try {
    return await check(...command)
  } catch (error) {
    throw error instanceof NopassError ? errorAsFlags(error) : error
  }
}

async function check(flags: FleetFlags & CommonFlags, host: CliHost): Promise<number> {
  // Flags of one cluster become inputs too, so that they are refused beside a list.
  const given = readFlags(Object.keys(INPUTS) as InputName[], flags, host)
  const { settings, errors } = settingsOf({ ...given, mode: 'check' }, host)
  if (settings === undefined) return reportErrors(errors.map(errorAsFlags), flags, host)
  const { since, 'fail-on': failOn, 'report-file': reportFile } = settings.inputs
  const before = since === '' ? undefined : readEarlier(since, { folder: host.workingDirectory })
  const outcome = await runCheck(settings, flags, host)
  if (outcome.errors.length > 0) return reportErrors(outcome.errors.map(errorAsFlags), flags, host)
  const change = since === '' ? undefined : changesSince(before, outcome.clusters)
  const paint = paintFor(host.stdout, host)
  const page = (): string => renderReportPage(outcome, languageOf(host.env))
  if (flags.output === 'html') host.stdout.write(page())
  else {
    writeResult(host, flags, describeResults(outcome, change), () => {
      if (change === undefined) return renderFleet(outcome.clusters, paint)
      // A scheduled job, whose output is mailed, is silent while nothing changes.
      const isSilent = change.clusters.length === 0 && host.stdout.isTTY !== true
      return isSilent ? '' : renderChange(outcome.clusters, change, paint)
    })
  }
  if (reportFile !== '') writePrivateFile(resolve(host.workingDirectory, reportFile), page())
  return isFailed(outcome.clusters, failOn) ? EXIT.failed : EXIT.ok
}

async function runCheck(settings: Settings, flags: FleetFlags, host: CliHost): Promise<FleetOutcome> {
  const progress = createStatusLine(host)
  const folder = await createRunFolder(host.temporaryFolder)
  try {
    const checkHost = {
      environment: host.env,
      folder,
      // This command prints no secret, and there is no runner that masks secrets.
      mask: () => undefined,
      report: (cluster: string, line: string) => progress.say(`${cluster}: ${line}`, 0),
      skipsCloud: flags.cloud === 'off',
    }
    const outcome = await checkFleet(settings, checkHost, host.signal)
    return { ...outcome, clusters: outcome.clusters.map((one) => aimAt(one, settings, host)) }
  } finally {
    progress.end()
    await folder.remove()
  }
}

/** Adds the kubeconfig of the list to the commands of findings. ACK's kubeconfig is temporary. */
function aimAt(check: FleetOutcome['clusters'][number], { selected }: Settings, { program }: CliHost) {
  const access = selected.find(({ name }) => name === check.name)?.access
  if (access?.kind !== 'kubeconfig-file') return check
  const { file: kubeconfig, context } = access
  return { ...check, findings: aimCommands(check.findings, { kubeconfig, context }, program) }
}
