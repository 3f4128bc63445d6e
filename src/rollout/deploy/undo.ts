import { randomUUID } from 'node:crypto'
import { type NopassError, toNopassError } from '../../errors.ts'
import {
  type ReleaseTarget,
  rollbackArguments,
  type UpgradeOptions,
  uninstallArguments,
} from '../../helm/helm-flags.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import type { RunFolder } from '../run-folder.ts'
import { beginHelmStep, type HelmStep } from './helm-step.ts'

export interface UndoRequest {
  readonly cluster: string
  readonly helm: Helm
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  readonly options: UpgradeOptions
  readonly report: (line: string) => void
}

/** Inputs of the action. */
export interface UndoPolicy {
  readonly rollback: boolean
  readonly uninstallOnFailedInstall: boolean
}

export interface Undo {
  readonly command: 'rollback' | 'uninstall'
  readonly args: readonly string[]
  readonly progress: string
  readonly done: string
  readonly to: number | null
}

export function rollbackTo({ helm, target, options }: UndoRequest, good: number, last: number): Undo {
  const { timeout, wait } = options
  const args = rollbackArguments(helm.version, target, { revision: good, timeout, wait })
  const progress = `rolling back to revision ${good}`
  return { command: 'rollback', args, progress, done: `rolled back to revision ${good}`, to: last + 1 }
}

/** What is done about the failed revision `own`; undefined: it stays. */
export function chooseUndo(request: UndoRequest & UndoPolicy, good: number | null, own: number): Undo | undefined {
  const { helm, target, options } = request
  if (good !== null && request.rollback) return rollbackTo(request, good, own)
  if (good === null && request.uninstallOnFailedInstall) {
    const args = uninstallArguments(helm.version, target, { timeout: options.timeout, wait: false })
    const progress = 'removing the failed installation'
    return { command: 'uninstall', args, progress, done: 'the failed installation was removed', to: null }
  }
  return undefined
}

/** An undo that failed or was killed. Its journal entry stays open for the post step unless it is settled. */
export interface UndoFailure {
  readonly error: NopassError
  /** Helm's output; undefined where it did not run. */
  readonly stderr: string | undefined
  settle(): void
}

/** Returns undefined after success. */
export async function runUndo(
  { helm, folder, cluster, target, report }: UndoRequest,
  undo: Undo,
  about: { readonly before: number; readonly good: number | null },
  settlePrevious: () => void,
): Promise<UndoFailure | undefined> {
  report(undo.progress)
  const { command } = undo
  const begun = { id: randomUUID(), cluster, command, target, rollback: true, ...about }
  let step: HelmStep
  try {
    step = await beginHelmStep(helm, folder, undo.args, begun)
  } catch (cause) {
    // A full disk. The original failure is reported, and its journal entry stays open.
    return { error: toNopassError(cause), stderr: undefined, settle: () => undefined }
  }
  // From here on the post step repairs by the journal entry of the undo.
  settlePrevious()
  const { exitCode, stderr } = await step.ended
  if (exitCode !== 0) return { error: readHelmError(stderr, { command }), stderr, settle: step.settle }
  step.settle()
  return undefined
}
