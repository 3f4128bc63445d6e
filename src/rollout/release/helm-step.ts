import { randomUUID } from 'node:crypto'
import { type NopassError, toNopassError } from '../../errors.ts'
import { undoArguments } from '../../helm/helm-flags.ts'
import { startHelmWrite } from '../../helm/helm-process.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import { runProgram } from '../../helm/run-helm.ts'
import { processId } from '../../lib/process-id.ts'
import { explainFull, type HelmBegun } from '../run-folder.ts'
import type { OpenRelease } from './open-release.ts'

type Step = Pick<HelmBegun, 'id' | 'command' | 'before' | 'good'> & Partial<Pick<HelmBegun, 'rollback'>>
type HelmStep = Awaited<ReturnType<typeof beginHelmStep>>

/**
 * Starts a helm call that writes, after the call is recorded in the journal. Without the record,
 * the post step could not repair the release.
 * @param step `id` is the call's label on the revision (`--labels`)
 */
export async function beginHelmStep(
  { cluster, helm, folder, target }: Pick<OpenRelease, 'cluster' | 'helm' | 'folder' | 'target'>,
  args: readonly string[],
  step: Step,
) {
  const { id, command } = step
  const output = { folder: folder.path, name: `${cluster}-${command}-${id}` }
  const { ended, interrupt } = await startHelmWrite(helm, args, output, ({ pid, stderrFile }) => {
    const process = processId(pid)
    folder.note({ event: 'helm-begun', process, helm: helm.path, stderrFile, cluster, target, rollback: true, ...step })
  }).catch((error) => {
    throw explainFull(error, folder.path, `helm ${command}`)
  })
  /** Closes the journal entry, because the post step has nothing to repair. */
  const settle = (): void => folder.noteEnd(id)
  return { ended, interrupt, settle }
}

/**
 * A helm call that failed or was killed. Its journal entry stays open for the post step until
 * `settle` is called.
 */
export interface HelmFailure {
  readonly error: NopassError
  /** Helm's output; undefined if helm did not run. */
  readonly stderr: string | undefined
  settle(): void
}

/** Runs a helm call that writes to its end. Returns undefined after success. */
export async function runHelmStep(
  release: OpenRelease,
  args: readonly string[],
  step: Step,
  onBegun: () => void = () => undefined,
): Promise<HelmFailure | undefined> {
  const { helm } = release
  if (release.withoutJournal) {
    const { exitCode, stderr } = await runProgram(helm.path, args, helm.environment)
    if (exitCode === 0) return undefined
    return { error: readHelmError(stderr, step.command), stderr, settle: () => undefined }
  }
  let begun: HelmStep
  try {
    begun = await beginHelmStep(release, args, step)
  } catch (cause) {
    // A full disk, for example. Earlier entries of the journal stay open.
    return { error: toNopassError(cause), stderr: undefined, settle: () => undefined }
  }
  onBegun()
  const { exitCode, stderr } = await begun.ended
  if (exitCode !== 0) return { error: readHelmError(stderr, step.command), stderr, settle: begun.settle }
  begun.settle()
  return undefined
}

/** How a revision is undone. */
export interface Undo {
  /** The revision to roll back to. Null means that the release is uninstalled. */
  readonly good: number | null
  /** The newest revision. */
  readonly over: number
  /** True if a rollback waits until its objects are ready. */
  readonly wait?: boolean
}

/**
 * Rolls back or uninstalls. A rollback overwrites what others have changed in the objects since, as
 * Helm 3 does. Without this, a conflict would leave the user with neither the old release nor the
 * new one.
 * @param settlePrevious called once the journal has an entry of the undo. From then on, the post
 *   step repairs by this entry.
 */
export async function runUndo(release: OpenRelease, { good, over, wait = false }: Undo, settlePrevious?: () => void) {
  const { helm, target, timeout, report } = release
  const command = good === null ? 'uninstall' : 'rollback'
  const force = good !== null && helm.version.major === 4 && (await wasServerSide(release, good))
  const args = undoArguments(helm.version, target, { good, timeout, wait: wait && good !== null, force })
  report(good === null ? 'removing the failed installation' : `rolling back to revision ${good}`)
  return runHelmStep(release, args, { id: randomUUID(), command, before: over, good }, settlePrevious)
}

/** If the revision's record cannot be read, helm may still be able to read it. */
async function wasServerSide({ content }: OpenRelease, revision: number): Promise<boolean> {
  const installed = await content(revision).catch(() => undefined)
  return installed?.serverSide === true
}
