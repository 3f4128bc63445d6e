import { setTimeout as sleep } from 'node:timers/promises'
import { saveState, setSecret } from '@actions/core'
import { NopassError, toNopassError } from '../src/errors.ts'
import type { Inputs } from '../src/rollout/inputs/input-table.ts'
import { readInputs } from '../src/rollout/inputs/read-inputs.ts'
import { takeEnvironment } from '../src/rollout/inputs/take-environment.ts'
import { refuseEvent, refusePlatform, refuseUnknown } from './guard-inputs.ts'
import { reportErrors } from './report-errors.ts'
import { writeLine } from './write-line.ts'

/**
 * How long the main step waits after a cancel. The runner kills the whole process tree 10 s after
 * its first signal.
 */
const GRACE_MS = 6500

/**
 * Runs the main step with our own chart in `chartFolder`. Returns the exit code. Every failure is
 * an annotation with its fix.
 */
export async function runAction(host: NodeJS.Process, chartFolder: string): Promise<number> {
  const controller = new AbortController()
  const { promise: interrupted, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    host.on(signal, () => {
      controller.abort(new NopassError('INTERRUPTED', `ended by ${signal}`))
      resolve()
    })
  }
  const given: { mode?: Inputs['mode'] } = {}
  const work = performMode(host, chartFolder, controller.signal, given).catch((thrown) =>
    reportErrors([toNopassError(thrown)], host, given.mode ?? ''),
  )
  const code = await Promise.race([work, interrupted.then(() => sleep(GRACE_MS))])
  if (typeof code === 'number') return code
  writeLine(host, 'Interrupted while helm is running: helm exits by itself, and the post step waits for it.')
  return 1
}

/**
 * Reads an input like the toolkit's getInput, but distinguishes an empty input from a missing
 * input.
 */
function readInput(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]
}

/** @param given receives the mode once the inputs are read, for the report of an error */
async function performMode(
  host: NodeJS.Process,
  chartFolder: string,
  signal: AbortSignal,
  given: { mode?: Inputs['mode'] },
): Promise<number> {
  refusePlatform(host.platform)
  refuseUnknown(host.env)
  const inputs = readInputs((name) => readInput(name, host.env))
  given.mode = inputs.mode
  refuseEvent(inputs, host.env)
  maskKubeconfig(inputs)
  const environment = takeEnvironment(host.env)
  if (inputs.mode === 'login') {
    const { performLogin } = await import('./perform-login.ts')
    return performLogin(inputs, { host, environment }, signal)
  }
  const { loadSettings } = await import('../src/rollout/inputs/load-settings.ts')
  const { settings, errors } = loadSettings(inputs, {
    environment,
    workingDirectory: host.env.GITHUB_WORKSPACE || host.cwd(),
    chartFolder,
  })
  if (settings === undefined) return reportErrors(errors, host, inputs.mode)
  if (inputs.mode === 'validate') {
    const { performValidate } = await import('./perform-validate.ts')
    return performValidate(settings, host)
  }
  const { createRunFolder, readOpenWork } = await import('../src/rollout/run-folder.ts')
  const folder = await createRunFolder(host.env.RUNNER_TEMP || '/tmp')
  // The state is saved first, so that the post step always finds the folder.
  saveState('run', folder.path)
  if (inputs.mode === 'check') {
    const { performCheck } = await import('./perform-check.ts')
    // Nothing is written, so nothing of the check has to be finished later.
    return performCheck(settings, folder, { host, environment }, signal).finally(() => folder.remove())
  }
  const { performRun } = await import('./perform-run.ts')
  try {
    return await performRun(settings, folder, { host, environment }, signal)
  } finally {
    // The post step handles open work: a rollback that was killed, or a history that could not be
    // read.
    const { helm, probes } = await readOpenWork(folder)
    if (!signal.aborted && helm.length === 0 && probes.length === 0) await folder.remove()
  }
}

/**
 * Masks a kubeconfig that is given as text, line by line, because it is a secret. A text that is
 * too long for a path is masked too.
 */
function maskKubeconfig({ kubeconfig }: Inputs): void {
  if (/[\n{]/.test(kubeconfig) || kubeconfig.length > 1024) setSecret(kubeconfig)
}
