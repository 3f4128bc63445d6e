import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NopassError, toNopassError } from '../../errors.ts'
import { findHelm } from '../../helm/find-helm.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { readEnd } from '../../helm/helm-process.ts'
import {
  hasLostRecords,
  isPending,
  lastGoodRevision,
  type Revision,
  revisionOfStep,
  revisionToRestore,
} from '../../helm/release/release-state.ts'
import { runProgram } from '../../helm/run-helm.ts'
import { createKubeClient, type KubeClient } from '../../kube/client.ts'
import { kubeconfigConnection } from '../../kube/connection.ts'
import { isAlive } from '../../lib/process-id.ts'
import { runUndo } from '../release/helm-step.ts'
import { type OpenRelease, openRelease } from '../release/open-release.ts'
import { isOwnRollback, restoreOvertaken } from '../release/other-deployers.ts'
import type { HelmBegun, OpenWork, RunFolder } from '../run-folder.ts'
import { removeProbe } from '../verify/probe-objects.ts'

/**
 * How long an interrupted helm may take to exit (milliseconds). It only has to write the release's
 * status.
 */
const HELM_LIMIT_MS = 120_000

/**
 * Repairs the releases and removes the probes that an interrupted run left. A failure is reported
 * and the rest continues.
 */
export async function finishRun(
  folder: RunFolder,
  open: OpenWork,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  const repairs = open.helm.map(async (begun) => {
    const helm = await findHelm({ path: begun.helm, environment, home: join(folder.path, 'helm') })
    const { cluster, target } = begun
    const client = await clientOf(target, environment)
    const signal = AbortSignal.timeout(HELM_LIMIT_MS * 2)
    const access = { cluster, client, helm, folder, target, timeout: '2m', signal }
    const release = openRelease({ ...access, report: () => undefined, withoutJournal: true })
    const done = repairHelm(begun, release, HELM_LIMIT_MS).finally(() => client.close())
    report(await done.catch((error) => Promise.reject(unrepairedError(begun, error))))
    folder.noteEnd(begun.id)
  })
  const removals = open.probes.map(async ({ id, target, objects }) => {
    const client = await clientOf(target, environment)
    await removeProbe(client, objects).finally(() => client.close())
    report(`removed the probe ${id}`)
    folder.noteEnd(id)
  })
  for (const outcome of await Promise.allSettled([...repairs, ...removals])) {
    if (outcome.status === 'rejected') report(`could not be cleaned up: ${outcome.reason?.message ?? outcome.reason}`)
  }
}

/**
 * Explains that a release was not repaired. The kubeconfig of the run may have expired; the next
 * run gets a new one.
 */
export function unrepairedError(
  { cluster, target }: Pick<HelmBegun, 'cluster' | 'target'>,
  error: unknown,
): NopassError {
  const { code, message } = toNopassError(error)
  const what = `${cluster}: release ${target.namespace}/${target.release}`
  return new NopassError(code, `${what}: ${message}; a run with \`recover-pending: true\` repairs it`, { cause: error })
}

async function clientOf({ kubeconfig, context }: ReleaseTarget, environment: NodeJS.ProcessEnv): Promise<KubeClient> {
  return createKubeClient(await kubeconfigConnection({ file: kubeconfig, environment, context }))
}

/**
 * How to repair a release: roll back to the revision `good`, or uninstall if `good` is null. `why`
 * is the reason to do nothing.
 */
type Repair = { readonly good: number | null } | { readonly why: string }

/**
 * Decides how to repair. Only a revision that this run made is repaired, and only while it is the
 * newest one.
 */
export function decideRepair(begun: HelmBegun, history: readonly Revision[], stderr: string): Repair {
  const last = history.at(-1)
  if (last === undefined) return { why: 'there is no release' }
  // If another deployer rolled back during our upgrade, two revisions are recorded as deployed.
  // Helm then marks its own record as deployed, or after a failure the record below it, and does
  // not notice the other deployer's record.
  const own = begun.command === 'upgrade' ? revisionOfStep(history, begun) : undefined
  const isTwice = last.status === 'deployed' && history.some((one) => one.status === 'deployed' && one !== last)
  if (own !== undefined && own !== last && isTwice) return { good: last.revision }
  if (!isOwn(begun, history, last, stderr)) return { why: `revision ${last.revision} does not belong to this run` }
  const good = lastGoodRevision(history, last.revision)?.revision
  if (last.status === 'failed' && begun.command === 'upgrade' && good !== undefined && begun.rollback) return { good }
  if (begun.command === 'uninstall' && last.status === 'uninstalling') return { good: null }
  if (hasLostRecords(history)) return { why: `no record shows what revision ${last.revision} was to replace` }
  const restored = begun.command === 'rollback' ? begun.good : revisionToRestore(history, last.revision)?.revision
  return isPending(last) ? { good: restored ?? null } : { why: `the release is ${last.status}` }
}

/**
 * True if this run made the revision. An upgrade is identified by its label, an uninstall by the
 * revision that it removes.
 */
function isOwn(begun: HelmBegun, history: readonly Revision[], last: Revision, stderr: string): boolean {
  if (begun.command === 'upgrade') return revisionOfStep(history, begun) === last
  if (begun.command === 'uninstall') return last.revision === begun.before
  return isOwnRollback(last, begun.before ?? 0, stderr)
}

/**
 * Waits until the helm of a journal entry has exited and repairs the release; returns what was
 * done.
 */
export async function repairHelm(begun: HelmBegun, release: OpenRelease, limitMs: number): Promise<string> {
  const { target } = begun
  const title = `${begun.cluster}: release ${target.namespace}/${target.release}`
  await interruptOrphan(begun)
  if (!(await waitForEnd(begun, limitMs))) return `${title}: helm (pid ${begun.process.pid}) is still running`
  const stderr = await readEnd(begun.stderrFile).catch(() => '')
  const history = await release.history()
  const repair = decideRepair(begun, history, stderr)
  if ('why' in repair) return `${title}: nothing to repair, ${repair.why}`
  const { good } = repair
  const over = history.at(-1)?.revision ?? 0
  const failure = await runUndo(release, { good, over })
  if (failure) return `${title}: ${failure.error.message}`
  if (good === null) return `${title}: removed the half-made installation`
  const { notes } = await restoreOvertaken(release, over, good)
  return [`${title}: rolled back to revision ${good}`, ...notes].join('; ')
}

/**
 * Interrupts an upgrade whose run was killed, because it would continue until its timeout.
 * Rollbacks and uninstalls are left to finish.
 */
async function interruptOrphan({ command, process }: HelmBegun): Promise<void> {
  if (command !== 'upgrade' || !isAlive(process)) return
  // The exit code does not matter: helm may have exited meanwhile.
  await runProgram('/bin/sh', ['-c', 'kill -INT "$1"', 'sh', String(process.pid)], {})
}

async function waitForEnd({ process }: HelmBegun, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (isAlive(process)) {
    if (performance.now() > deadline) return false
    await sleep(100)
  }
  return true
}
