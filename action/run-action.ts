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
 * How long main stays after a cancel: the runner ends the whole tree 10 s after its first signal.
 */
const GRACE_MS = 6500

/**
 * The main step, with our own chart in `chartFolder`; the exit code. Every failure is an annotation
 * with its fix.
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
  const work = perform(host, chartFolder, controller.signal).catch((thrown) =>
    reportErrors([toNopassError(thrown)], host, ''),
  )
  const code = await Promise.race([work, interrupted.then(() => sleep(GRACE_MS))])
  if (typeof code === 'number') return code
  writeLine(host, 'Interrupted while helm is at work: it ends by itself, and the post step waits for it.')
  return 1
}

/**
 * As the toolkit's getInput finds it, which cannot tell one that was given empty from one that was
 * not given.
 */
function readInput(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]
}

async function perform(host: NodeJS.Process, chartFolder: string, signal: AbortSignal): Promise<number> {
  refusePlatform(host.platform)
  refuseUnknown(host.env)
  const inputs = readInputs((name) => readInput(name, host.env))
  refuseEvent(inputs, host.env)
  maskKubeconfig(inputs)
  const environment = takeEnvironment(host.env)
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
  // First of all: whatever happens from here on, the post step knows where to look.
  saveState('run', folder.path)
  const { performRun } = await import('./perform-run.ts')
  try {
    return await performRun(settings, folder, { host, environment }, signal)
  } finally {
    // What is left open (a rollback that was killed, a history that could not be read) is for the
    // post step.
    const { helm, probes } = await readOpenWork(folder)
    if (!signal.aborted && helm.length === 0 && probes.length === 0) await folder.remove()
  }
}

/**
 * A kubeconfig that is given as text is a secret, line by line; so is what is no path for its
 * length.
 */
function maskKubeconfig({ kubeconfig }: Inputs): void {
  if (/[\n{]/.test(kubeconfig) || kubeconfig.length > 1024) setSecret(kubeconfig)
}
