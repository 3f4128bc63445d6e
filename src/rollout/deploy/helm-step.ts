import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { type HelmEnd, startHelmWrite } from '../../helm/helm-process.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import type { HelmBegun, RunFolder } from '../run-folder.ts'

export interface HelmStep {
  readonly id: string
  readonly ended: Promise<HelmEnd>
  interrupt(): void
  /** Nothing is left to mend: the post step need not look at it. */
  settle(): void
}

/** Starts a helm call that writes, and puts it into the journal before anything else can happen to us. `id`: see `--labels`. */
export async function beginHelmStep(
  helm: Helm,
  folder: RunFolder,
  args: readonly string[],
  about: Pick<HelmBegun, 'id' | 'cluster' | 'command' | 'before' | 'good' | 'rollback'> & {
    readonly target: ReleaseTarget
  },
): Promise<HelmStep> {
  const { id } = about
  const write = await startHelmWrite(helm, args, {
    folder: folder.path,
    name: `${about.cluster}-${about.command}-${id}`,
  })
  try {
    folder.note({ event: 'helm-begun', pid: write.pid, helm: helm.path, stderrFile: write.stderrFile, ...about })
  } catch (error) {
    // Without the journal nobody would look after it (a full disk): it must not outlive us. A rollback cannot be cut.
    if (about.command === 'upgrade') write.interrupt()
    await write.ended
    throw error
  }
  return {
    id,
    ended: write.ended,
    interrupt: write.interrupt,
    settle: () => folder.note({ event: 'helm-settled', id }),
  }
}
