import { getState, warning } from '@actions/core'
import { openRunFolder, readOpenWork } from '../src/rollout/run-folder.ts'

/**
 * The post step; it runs after a cancel too. Waits for helm, mends what this run began and nothing else, and removes the
 * private files. It warns and never fails the job.
 */
export async function runPost(host: NodeJS.Process): Promise<void> {
  const path = getState('run')
  if (path === '') return
  const folder = openRunFolder(path)
  try {
    const open = await readOpenWork(folder)
    if (open.helm.length > 0 || open.namespaces.length > 0) {
      const { finishRun } = await import('../src/rollout/finish-run.ts')
      await finishRun(folder, open, host.env, (line) => host.stdout.write(`${line}\n`))
    }
  } catch (cause) {
    warning(`the end of the run could not be put in order: ${cause instanceof Error ? cause.message : String(cause)}`)
  } finally {
    await folder.remove().catch(() => warning(`${path} could not be removed`))
  }
}
