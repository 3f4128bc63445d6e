import { existsSync, globSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { orElse } from '../../src/lib/or-else.ts'
import { isAlive, type ProcessId } from '../../src/lib/process-id.ts'
import { readLedger, type Trace } from './ledger.ts'
import { findByEnvironment, signalProcess } from './process-table.ts'

/**
 * The environment variable with the run's id, which marks all processes of a run and their
 * descendants.
 */
export const RUN_VARIABLE = 'ACR_NOPASS_RUN'

/** Removes everything in a ledger in reverse order, then the ledger itself. Safe to repeat. */
export async function cleanUpRun(file: string): Promise<void> {
  const content = readLedger(file)
  if (!content) return rmSync(file, { force: true })
  const processes = content.traces.filter((trace) => trace.kind === 'process')
  for (const { id, disposable } of processes) if (disposable) signalProcess(id, 'SIGKILL')
  await endProcesses(
    processes.map(({ id }) => id),
    5_000,
  )
  await killMarked(content.run)
  for (const trace of [...content.traces].reverse()) await removeTrace(trace)
  rmSync(file, { force: true })
}

/**
 * Kills processes that are not in the ledger: descendants, and a child started just before its
 * owner died.
 */
async function killMarked(run: string): Promise<void> {
  for (let left = findByEnvironment(RUN_VARIABLE, run); left.length > 0; left = findByEnvironment(RUN_VARIABLE, run)) {
    for (const id of left) signalProcess(id, 'SIGKILL')
    if (!(await exitedWithin(left, 5_000))) return
  }
}

/** Sends SIGTERM, and SIGKILL to the processes that are still running after the grace period. */
export async function endProcesses(ids: readonly ProcessId[], graceMs: number): Promise<void> {
  for (const id of ids) signalProcess(id, 'SIGTERM')
  for (const id of ids) signalProcess(id, 'SIGCONT') // A paused process does not receive TERM.
  if (await exitedWithin(ids, graceMs)) return
  for (const id of ids) signalProcess(id, 'SIGKILL')
  await exitedWithin(ids, 5_000)
}

/** Waits until all processes have exited. Returns false if the limit passes first. */
export async function exitedWithin(ids: readonly ProcessId[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs
  while (ids.some(isAlive)) {
    if (performance.now() >= end) return false
    await sleep(20)
  }
  return true
}

async function removeTrace(trace: Trace): Promise<void> {
  if (trace.kind === 'folder') rmSync(trace.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  if (trace.kind === 'cgroup') await removeCgroup(trace.path)
}

/**
 * Kills the processes and removes the folders, the innermost first. A group cannot be removed
 * before its last process is reaped.
 */
async function removeCgroup(path: string): Promise<void> {
  for (const end = performance.now() + 5_000; existsSync(path) && performance.now() < end; await sleep(50)) {
    // A process may have exited in the meantime, a group may still be in use, or the guard of a
    // dead run may have removed it.
    const groups = orElse(() => globSync(join(path, '**/cgroup.procs')), []).map(dirname)
    for (const folder of [...groups, path].sort().reverse()) {
      const pids = orElse(() => readFileSync(join(folder, 'cgroup.procs'), 'utf8'), '').split('\n')
      for (const pid of pids.filter(Boolean)) orElse(() => process.kill(Number(pid), 'SIGKILL'), false)
      orElse(() => rmdirSync(folder), undefined)
    }
  }
}
