import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { endProcesses, exitedWithin } from '../../tools/process/clean-up.ts'
import { findByEnvironment } from '../../tools/process/process-table.ts'

/** The variable with the ID of the test run, in every process of the run. */
export const TEST_RUN_VARIABLE = 'ACR_NOPASS_TEST_RUN'

/** The variable with the ID of the test file's run, in every process of that run. */
export const TEST_FILE_VARIABLE = 'ACR_NOPASS_TEST_FILE'

const OWN_END_MS = 2_000
const GRACE_MS = 5_000

/**
 * Stops the processes that a test file left running. Returns the command lines of processes that
 * did not exit by themselves within a grace period (Linux only; empty elsewhere).
 */
export async function endLeftovers(fileRun: string): Promise<string[]> {
  await exitedWithin(findByEnvironment(TEST_FILE_VARIABLE, fileRun), OWN_END_MS)
  const left = findByEnvironment(TEST_FILE_VARIABLE, fileRun)
  const lines = left.map(({ pid }) => `process ${pid}: ${commandLine(pid)}`)
  await endProcesses(left, GRACE_MS)
  return lines
}

/** Stops all processes of a test run that the user interrupted. */
export async function endAll(run: string): Promise<void> {
  const find = () => findByEnvironment(TEST_RUN_VARIABLE, run)
  for (let left = find(); left.length > 0; left = find()) await endProcesses(left, GRACE_MS)
}

/**
 * Removes the run's temporary folder. If the folder contains mounts, it is kept and the mounts are
 * returned.
 */
export async function removeTemporary(folder: string): Promise<string[]> {
  const mounts = mountsUnder(folder)
  if (mounts.length === 0) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  return mounts.map((mount) => `mount ${mount}`)
}

function mountsUnder(folder: string): string[] {
  try {
    const points = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
    return points.filter((point) => point.startsWith(`${folder}/`))
  } catch {
    return []
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200)
  } catch {
    return 'already exited'
  }
}
