import { getState, warning } from '@actions/core'
import { printable } from '../src/printable.ts'
import { takeEnvironment } from '../src/rollout/inputs/take-environment.ts'
import { openRunFolder, readOpenWork } from '../src/rollout/run-folder.ts'
import { writeLine } from './write-line.ts'

/**
 * Runs the post step, also after a cancel. It logs out, or waits for helm, repairs only what this
 * run started, and removes the private files. It warns and never fails the job.
 */
export async function runPost(host: NodeJS.Process): Promise<void> {
  const receipt = getState('login')
  if (receipt !== '') {
    const { logOut } = await import('./log-out.ts')
    await logOut(receipt, host)
  }
  const path = getState('run')
  if (path !== '') await finish(path, host)
}

async function finish(path: string, host: NodeJS.Process): Promise<void> {
  const folder = openRunFolder(path)
  try {
    const open = await readOpenWork(folder)
    if (open.helm.length > 0 || open.probes.length > 0) {
      const { finishRun } = await import('../src/rollout/run/finish-run.ts')
      await finishRun(folder, open, takeEnvironment(host.env), (line) => writeLine(host, line))
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    warning(printable(`the end of the run could not be cleaned up: ${why}`))
  } finally {
    await folder.remove().catch(() => warning(`${path} could not be removed`))
  }
}
