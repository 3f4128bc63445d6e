import type { NopassError } from '../../errors.ts'
import { type HelmEnd, startHelmWrite } from '../../helm/helm-process.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import { processId } from '../../lib/process-id.ts'
import { explainFull, type HelmBegun, type RunFolder } from '../run-folder.ts'

export interface HelmStep {
  readonly ended: Promise<HelmEnd>
  interrupt(): void
  /** Closes the journal entry: the post step has nothing to repair. */
  settle(): void
}

/**
 * Starts a helm call that writes, after it is recorded in the journal: otherwise the post step could not repair it.
 * @param about `id`: the step's label on the revision (`--labels`)
 */
export async function beginHelmStep(
  helm: Helm,
  folder: RunFolder,
  args: readonly string[],
  about: Omit<HelmBegun, 'event' | 'process' | 'helm' | 'stderrFile'>,
): Promise<HelmStep> {
  const { id, cluster, command } = about
  const write = await startHelmWrite(
    helm,
    args,
    { folder: folder.path, name: `${cluster}-${command}-${id}` },
    ({ pid, stderrFile }) =>
      folder.note({ event: 'helm-begun', process: processId(pid), helm: helm.path, stderrFile, ...about }),
  ).catch((error) => {
    throw explainFull(error, folder.path, `helm ${command}`)
  })
  return {
    ended: write.ended,
    interrupt: write.interrupt,
    settle: () => folder.noteEnd(id),
  }
}

/** Runs such a call to its end; returns helm's error. One that failed or was killed stays open for the post step. */
export async function runHelmStep(...call: Parameters<typeof beginHelmStep>): Promise<NopassError | undefined> {
  const [, , , { command }] = call
  const step = await beginHelmStep(...call)
  const { exitCode, stderr } = await step.ended
  if (exitCode !== 0) return readHelmError(stderr, { command })
  step.settle()
  return undefined
}
