import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessId } from '../../lib/process-id.ts'
import { type LedgerContent, readLedger, type Trace } from './ledger.ts'
import { findByEnvironment, signalProcess } from './process-table.ts'

/** Every process that a run starts carries the run's name in this variable: so its children's children are found too. */
export const RUN_VARIABLE = 'ACR_NOPASS_RUN'

/** Takes back all that a ledger names, last first, and then the ledger itself. Safe to repeat. */
export async function takeBackRun(file: string, graceMs = 5_000): Promise<void> {
  const content = readLedger(file)
  if (!content) return rmSync(file, { force: true })
  const processes = content.traces.filter((trace) => trace.kind === 'process')
  for (const { id, disposable } of processes) if (disposable) signalProcess(id, 'SIGKILL')
  await endProcesses(
    processes.map(({ id }) => id),
    graceMs,
  )
  await killMarked(content.run)
  for (const trace of [...content.traces].reverse()) await takeBack(trace, file, content)
  rmSync(file, { force: true })
}

/** Children of its children, and a child that was started just before its owner died; what they start meanwhile too. */
async function killMarked(run: string): Promise<void> {
  for (let left = findByEnvironment(RUN_VARIABLE, run); left.length > 0; left = findByEnvironment(RUN_VARIABLE, run)) {
    for (const id of left) signalProcess(id, 'SIGKILL')
    if (!(await goneWithin(left, 5_000))) return
  }
}

/** TERM, then KILL for what is left after the grace, each only if it is still the same process. */
export async function endProcesses(ids: readonly ProcessId[], graceMs: number): Promise<void> {
  for (const id of ids) signalProcess(id, 'SIGTERM')
  for (const id of ids) signalProcess(id, 'SIGCONT') // a paused one cannot hear TERM
  if (await goneWithin(ids, graceMs)) return
  for (const id of ids) signalProcess(id, 'SIGKILL')
  await goneWithin(ids, 5_000)
}

/** True as soon as none of them lives. */
export async function goneWithin(ids: readonly ProcessId[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs
  while (ids.some(isAlive)) {
    if (performance.now() >= end) return false
    await sleep(20)
  }
  return true
}

async function takeBack(trace: Trace, file: string, content: LedgerContent): Promise<void> {
  if (trace.kind === 'folder') rmSync(trace.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  if (trace.kind === 'sysctl' && !neededByAnother(trace.path, file, content)) writeFileSync(trace.path, trace.value)
  if (trace.kind === 'cgroup') await removeCgroup(trace.path)
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // somebody uses it, or it is gone
  }
}

/** A sysctl stays as long as another run wants it; that run wrote down the same first value. */
function neededByAnother(path: string, file: string, content: LedgerContent): boolean {
  return otherLedgers(file).some(
    (other) =>
      other.run !== content.run &&
      isAlive(other.owner) &&
      other.traces.some((trace) => trace.kind === 'sysctl' && trace.path === path),
  )
}

/** The value that a sysctl had before the first of the runs that changed it. */
export function firstValue(path: string, file: string): string {
  const traces = otherLedgers(file).flatMap((other) => other.traces)
  const earlier = traces.find((trace) => trace.kind === 'sysctl' && trace.path === path)
  return earlier?.kind === 'sysctl' ? earlier.value : readFileSync(path, 'utf8').trim()
}

function otherLedgers(file: string): LedgerContent[] {
  const folder = join(file, '..')
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path !== file && path.endsWith('.jsonl'))
    .flatMap((path) => readLedger(path) ?? [])
}

/** Kills what lives in the group, then removes it from the leaves up; a group counts as busy until its last process is reaped. */
async function removeCgroup(path: string): Promise<void> {
  for (const end = performance.now() + 5_000; existsSync(path) && performance.now() < end; await sleep(50)) {
    for (const folder of deepestFirst(path)) {
      for (const pid of readPids(folder)) killQuietly(pid)
      removeIfEmpty(folder)
    }
  }
}

function deepestFirst(path: string): string[] {
  return [...foldersIn(path).flatMap((name) => deepestFirst(join(path, name))), path]
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  } catch {
    return [] // removed meanwhile, by the guard of a dead run
  }
}

function readPids(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone meanwhile
  }
}
