import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import { printable } from '../../printable.ts'
import { isFailure } from '../../rollout/cluster-result.ts'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { writePlanFile } from '../../rollout/inputs/plan-file.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import type { Settings } from '../../rollout/inputs/settings.ts'
import { finishRun } from '../../rollout/run/finish-run.ts'
import { type RolloutOutcome, runRollout } from '../../rollout/run/run-rollout.ts'
import { createRunFolder, type RunFolder, readOpenWork } from '../../rollout/run-folder.ts'
import { requireContext } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import { reportErrors } from '../program/report-errors.ts'
import { settingsOf } from '../program/settings-of.ts'
import { paintFor } from '../program/terminal.ts'
import { errorAsFlags, type RolloutFlags, type RolloutMode } from './as-flags.ts'
import { describeOutcome, renderOutcome } from './render-outcome.ts'

type Given = Readonly<Partial<Record<InputName, string>>>

/**
 * Runs the action's engine as a command, and its post step before exiting.
 * @throws NopassError with flags in place of inputs
 */
export async function rollout(...command: Parameters<typeof runMode>): Promise<number> {
  try {
    return await runMode(...command)
  } catch (error) {
    throw error instanceof NopassError ? errorAsFlags(error) : error
  }
}

async function runMode(
  mode: RolloutMode,
  given: Given,
  flags: RolloutFlags & CommonFlags,
  host: CliHost,
): Promise<number> {
  readInputs((name) => given[name])
  const { settings, errors } = settingsOf(await chooseKubeconfig(mode, given, host), host)
  if (settings === undefined) return reportErrors(errors.map(errorAsFlags), flags, host)
  const folder = await createRunFolder(host.temporaryFolder)
  try {
    const outcome = await runEngine(settings, folder, host)
    if (outcome.errors.length > 0) return reportErrors(outcome.errors.map(errorAsFlags), flags, host)
    writeResult(host, flags, describeOutcome(mode, settings, outcome), () =>
      renderOutcome(mode, outcome, paintFor(host.stdout, host), flags.diff),
    )
    // The file is written after the report, so that a failed write does not hide the plan.
    const file = settings.inputs['plan-file']
    if (mode === 'plan' && file !== '') writePlanFile(file, outcome.results)
    return exitCode(outcome, flags, host)
  } finally {
    await putInOrder(folder, host)
    await folder.remove()
  }
}

function runEngine(settings: Settings, folder: RunFolder, host: CliHost): Promise<RolloutOutcome> {
  const { dim, bold } = paintFor(host.stderr, host)
  const begin = performance.now()
  const report = (cluster: string, line: string): void => {
    const seconds = `${((performance.now() - begin) / 1000).toFixed(1)}s`.padStart(7)
    host.stderr.write(`${dim(seconds)} ${bold(printable(cluster))}: ${printable(line)}\n`)
  }
  // This command prints no secret, and there is no runner that masks secrets.
  const reporter = { environment: host.env, folder, mask: () => undefined, report }
  return runRollout(settings, reporter, host.signal)
}

/** Repairs an interrupted helm and removes leftover probes, like the action's post step. */
async function putInOrder(folder: RunFolder, host: CliHost): Promise<void> {
  const open = await readOpenWork(folder)
  if (open.helm.length === 0 && open.probes.length === 0) return
  host.stderr.write('waiting for helm to exit, then repairing what it left\n')
  await finishRun(folder, open, host.env, (line) => host.stderr.write(`${printable(line)}\n`))
}

function exitCode({ results }: RolloutOutcome, flags: RolloutFlags, { signal }: CliHost): number {
  if (signal.aborted) return EXIT.interrupted
  if (results.some(isFailure)) return EXIT.failed
  const differs = results.some(({ status }) => status === 'planned')
  return flags.detailedExitcode && differs ? EXIT.differences : EXIT.ok
}

/**
 * Chooses the kubeconfig. The engine never uses the ambient kubeconfig; this command uses it if the
 * user names one of its contexts or runs a kubectl plugin. A command that writes never uses the
 * current context if there are several.
 * @throws INPUT_MISSING, INPUT_INVALID, KUBECONFIG_INVALID
 */
async function chooseKubeconfig(mode: RolloutMode, given: Given, host: CliHost): Promise<Given> {
  const { kubeconfig, 'kube-context': context } = given
  if (kubeconfig?.includes('\n')) {
    throw new NopassError('INPUT_INVALID', '--kubeconfig takes a file: a secret must not be on a command line')
  }
  if (kubeconfig !== undefined && !existsSync(resolve(host.workingDirectory, kubeconfig))) {
    throw new NopassError('KUBECONFIG_INVALID', `--kubeconfig: there is no file ${kubeconfig}`)
  }
  if (given.clusters || given['clusters-file'] || given['ack-cluster-id']) return given
  const isMeant = context !== undefined || host.program.startsWith('kubectl ')
  const file = kubeconfig ?? (isMeant ? ambientFile(host.env) : undefined)
  if (file === undefined) return given
  if (mode !== 'plan') await requireContext({ kubeconfig: file, context }, host)
  return { ...given, kubeconfig: file }
}

/** Finds the file as kubectl does, but accepts only one, because Helm needs a single file. */
function ambientFile(env: NodeJS.ProcessEnv): string {
  const files = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean)
  if (files.length > 1) {
    throw new NopassError('INPUT_MISSING', 'KUBECONFIG names several files', { hint: 'Name one with --kubeconfig.' })
  }
  return files[0] ?? join(env.HOME ?? '', '.kube', 'config')
}
