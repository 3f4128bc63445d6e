import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { type HelmEnd, startHelmWrite } from '../../helm/helm-process.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import { processId } from '../../lib/process-id.ts'
import { explainFull, type HelmBegun, type RunFolder } from '../run-folder.ts'

export interface HelmStep {
  readonly id: string
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
  about: Pick<HelmBegun, 'id' | 'cluster' | 'command' | 'before' | 'good' | 'rollback'> & {
    readonly target: ReleaseTarget
  },
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
    id,
    ended: write.ended,
    interrupt: write.interrupt,
    settle: () => folder.noteEnd({ event: 'helm-settled', id }),
  }
}
