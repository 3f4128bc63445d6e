import { NopassError } from '../../../errors.ts'
import { checkFleet, type FleetOutcome } from '../../../fleet/check-fleet.ts'
import { describeResults } from '../../../fleet/report/results.ts'
import { isFailed } from '../../../fleet/report/verdict.ts'
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
import { renderFleet } from './fleet-report.ts'

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
  const outcome = await runCheck(settings, flags, host)
  if (outcome.errors.length > 0) return reportErrors(outcome.errors.map(errorAsFlags), flags, host)
  writeResult(host, flags, describeResults(outcome), () => renderFleet(outcome.clusters, paintFor(host.stdout, host)))
  return isFailed(outcome.clusters, settings.inputs['fail-on']) ? EXIT.failed : EXIT.ok
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
