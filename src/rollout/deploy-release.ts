import { NopassError } from '../errors.ts'
import type { Helm } from '../helm/find-helm.ts'
import {
  type ReleaseTarget,
  rollbackArguments,
  type UpgradeOptions,
  uninstallArguments,
  upgradeArguments,
} from '../helm/helm-flags.ts'
import { readHelmError } from '../helm/read-helm-error.ts'
import { lastGoodRevision, type Revision } from '../helm/release-state.ts'
import type { KubeClient } from '../kube/client.ts'
import { beginHelmStep } from './helm-step.ts'
import type { ReleaseStore } from './release-store.ts'
import { type ReleaseWatch, type WatchedRelease, watchRelease } from './release-watch.ts'
import type { RunFolder } from './run-folder.ts'

export interface DeployRequest {
  readonly cluster: string
  readonly helm: Helm
  readonly client: KubeClient
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  readonly options: UpgradeOptions
  readonly parts: WatchedRelease
  readonly store: ReleaseStore
  /** Before the deploy, oldest first. */
  readonly history: readonly Revision[]
  readonly rollback: boolean
  readonly uninstallOnFailedInstall: boolean
  readonly report: (line: string) => void
}

export interface DeployOutcome {
  readonly status: 'deployed' | 'rolled-back' | 'failed' | 'cancelled'
  readonly revision: number | null
  readonly error?: NopassError
  readonly notes: readonly string[]
}

/** `helm upgrade --install`, watched; ended early when waiting is useless; rolled back by ourselves with the evidence kept. */
export async function deployRelease(request: DeployRequest, signal: AbortSignal): Promise<DeployOutcome> {
  const { helm, folder, target, history } = request
  const before = history.at(-1)?.revision ?? null
  const good = lastGoodRevision(history)?.revision ?? null
  const step = await beginHelmStep(helm, folder, upgradeArguments(helm.version, target, request.options), {
    cluster: request.cluster,
    command: 'upgrade',
    target,
    before,
    good,
    rollback: request.rollback,
  })
  const watch = watchRelease(request.client, request.parts, signal)
  const onAbort = (): void => step.interrupt()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) step.interrupt()
    const early = await Promise.race([step.ended.then(() => undefined), watch.permanent])
    if (early) {
      request.report(`stopping early: ${early.message}`)
      step.interrupt()
    }
    const end = await step.ended
    if (end.exitCode === 0) {
      step.settle()
      return { status: 'deployed', revision: (before ?? 0) + 1, notes: [] }
    }
    // What is left is for the post step (or for the end of the command), which has the time for it.
    if (signal.aborted) return { status: 'cancelled', revision: before, error: interrupted(request), notes: [] }
    const error = early ?? withEvidence(readHelmError(end.stderr, { command: 'upgrade' }), watch)
    return await takeBack(request, { before, good, error, settle: step.settle }, signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
    watch.stop()
  }
}

interface Failed {
  readonly before: number | null
  readonly good: number | null
  readonly error: NopassError
  readonly settle: () => void
}

async function takeBack(request: DeployRequest, failed: Failed, signal: AbortSignal): Promise<DeployOutcome> {
  const { helm, target, report } = request
  const { before, good, error } = failed
  const last = (await request.store.history(signal)).at(-1)
  const begun = last !== undefined && last.revision === (before ?? 0) + 1
  if (!begun) {
    failed.settle()
    return { status: 'failed', revision: before, error, notes: ['helm made no revision'] }
  }
  const undo = undoArguments(request, good)
  if (!undo) {
    failed.settle()
    const kept =
      good === null ? 'the failed first installation stays for you to look at' : 'not rolled back (rollback: false)'
    return { status: 'failed', revision: last.revision, error, notes: [kept] }
  }
  report(undo.say)
  const step = await beginHelmStep(helm, request.folder, undo.args, {
    cluster: request.cluster,
    command: undo.command,
    target,
    before: last.revision,
    good,
    rollback: true,
  })
  // From here on the journal entry of the undo is the one to mend.
  failed.settle()
  const end = await step.ended
  step.settle()
  if (end.exitCode === 0) {
    return {
      status: undo.command === 'rollback' ? 'rolled-back' : 'failed',
      revision: undo.to,
      error,
      notes: [undo.done],
    }
  }
  const second = readHelmError(end.stderr, { command: undo.command })
  return { status: 'failed', revision: last.revision, error, notes: [`${undo.command} failed too: ${second.message}`] }
}

function undoArguments(request: DeployRequest, good: number | null) {
  const { helm, target, options } = request
  if (good !== null && request.rollback) {
    const args = rollbackArguments(helm.version, target, {
      revision: good,
      timeout: options.timeout,
      wait: options.wait,
    })
    const say = `rolling back to revision ${good}`
    return {
      command: 'rollback' as const,
      args,
      say,
      done: `rolled back to revision ${good}`,
      to: (request.history.at(-1)?.revision ?? 0) + 2,
    }
  }
  if (good === null && request.uninstallOnFailedInstall) {
    const args = uninstallArguments(helm.version, target, { timeout: options.timeout, wait: false })
    return {
      command: 'uninstall' as const,
      args,
      say: 'removing the failed installation',
      done: 'the failed installation was removed',
      to: null,
    }
  }
  return undefined
}

/** Helm only says that something was not ready; the Pods and the helper say why. */
function withEvidence(error: NopassError, watch: ReleaseWatch): NopassError {
  const [worst] = watch.evidence()
  if (!worst || (error.code !== 'HELM_TIMEOUT' && error.code !== 'HELM_FAILED')) return error
  return new NopassError(error.code, `not ready in time: ${worst.error.message}`, {
    hint: worst.error.hint,
    ...(worst.error.reason === undefined ? {} : { reason: worst.error.reason }),
    cause: error,
  })
}

function interrupted({ target }: DeployRequest): NopassError {
  return new NopassError('INTERRUPTED', `interrupted while helm changed ${target.namespace}/${target.release}`)
}
