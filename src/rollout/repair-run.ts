import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Helm } from '../helm/find-helm.ts'
import { rollbackArguments, uninstallArguments } from '../helm/helm-flags.ts'
import { readHelmError } from '../helm/read-helm-error.ts'
import { isPending, type Revision, readHistory } from '../helm/release-state.ts'
import { runProgram } from '../helm/run-helm.ts'
import type { HelmBegun } from './run-folder.ts'

/** What to do about one helm call that nobody saw the end of. */
export type Repair =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'rollback'; readonly revision: number }
  | { readonly kind: 'uninstall' }

/** Pure: only the revision that this run began is ever touched. */
export function decideRepair(begun: HelmBegun, history: readonly Revision[], stderr: string): Repair {
  const last = history.at(-1)
  if (last === undefined) return { kind: 'none', why: 'there is no release' }
  if (/another operation \(install\/upgrade\/rollback\) is in progress/.test(stderr)) {
    return { kind: 'none', why: 'another run is at work on the release' }
  }
  if (last.revision !== (begun.before ?? 0) + 1)
    return { kind: 'none', why: `revision ${last.revision} is not of this run` }
  if (last.status === 'failed' && begun.command === 'upgrade' && begun.good !== null && begun.rollback) {
    return { kind: 'rollback', revision: begun.good }
  }
  if (!isPending(last)) return { kind: 'none', why: `the release is ${last.status}` }
  return begun.good === null ? { kind: 'uninstall' } : { kind: 'rollback', revision: begun.good }
}

/** Waits for the helm of a journal entry and mends what it left; says what was done. */
export async function repairHelm(begun: HelmBegun, helm: Helm, limitMs: number): Promise<string> {
  const title = `${begun.cluster}: release ${begun.target.namespace}/${begun.target.release}`
  if (!(await waitForEnd(begun, limitMs))) return `${title}: helm (pid ${begun.pid}) is still at work`
  const stderr = await readFile(begun.stderrFile, 'utf8').catch(() => '')
  const repair = decideRepair(begun, await readHistory(helm, begun.target), stderr)
  if (repair.kind === 'none') return `${title}: nothing to mend, ${repair.why}`
  const args =
    repair.kind === 'rollback'
      ? rollbackArguments(helm.version, begun.target, { revision: repair.revision, timeout: '2m', wait: false })
      : uninstallArguments(helm.version, begun.target, { timeout: '2m', wait: false })
  const output = await runProgram(helm.path, args, helm.environment)
  const what =
    repair.kind === 'rollback' ? `rolled back to revision ${repair.revision}` : 'removed the half-made installation'
  return output.exitCode === 0
    ? `${title}: ${what}`
    : `${title}: ${readHelmError(output.stderr, { command: repair.kind }).message}`
}

async function waitForEnd(begun: HelmBegun, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (await isAtWork(begun)) {
    if (performance.now() > deadline) return false
    await sleep(100)
  }
  return true
}

/** A process id alone may belong to somebody else by now: the command line must be ours too. A zombie has none. */
async function isAtWork({ pid, helm, target }: HelmBegun): Promise<boolean> {
  const commandLine = existsSync('/proc/self/cmdline')
    ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    : (await runProgram('ps', ['-o', 'args=', '-p', String(pid)], {})).stdout
  return commandLine.includes(helm) && commandLine.includes(target.release)
}
