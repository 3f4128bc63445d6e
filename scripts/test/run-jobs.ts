import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatResult } from './format-result.ts'
import { endLeftovers, removeTemporary, TEST_FILE_VARIABLE } from './leftovers.ts'
import { type FileResult, runFile } from './run-file.ts'

/** One test file to be run. */
export interface Job {
  readonly file: string
  /** The name in the results: the file, and what is special about this run. */
  readonly label: string
  /** The jobs of a group share a limit. */
  readonly group: string
  /** How many jobs of its group run at the same time. */
  readonly most: number
  /** The job mostly waits, so it leaves room for others. */
  readonly waits: boolean
  readonly fileLimit: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file's output is `<logs>/<path>.log`. Its programs' logs are in `<logs>/<path>/`. */
  readonly logs: string
}

export interface JobsRun<T extends Job = Job> {
  readonly root: string
  /** The jobs, in the order in which they start as slots become free. */
  readonly jobs: readonly T[]
  /** How many jobs run at the same time. */
  readonly slots: number
  /** A folder for temporary files; each test file gets its own subfolder. */
  readonly temporary: string
  readonly print: (text: string) => void
}

/**
 * Runs test files, several at a time, and prints the result of each. Returns the results in the
 * order of the jobs.
 */
export async function runJobs<T extends Job>(
  run: JobsRun<T>,
  signal: AbortSignal,
): Promise<readonly { readonly job: T; readonly result: FileResult }[]> {
  const waiting = [...run.jobs]
  const running = new Map<Job, Promise<void>>()
  const results = new Map<Job, FileResult>()
  const hasRoom = ({ group, most }: Job): boolean =>
    [...running.keys()].filter((other) => other.group === group).length < most
  // A file that waits leaves a core idle if only one file of its group may run. Two of these files
  // therefore share a slot.
  const slotsFor = (jobs: readonly Job[]): number => {
    const lone = jobs.filter(({ most, waits }) => waits && most === 1).length
    return jobs.length - Math.max(0, lone - 1)
  }
  let broken: unknown
  const start = async (job: Job): Promise<void> => {
    try {
      const result = await runAlone(run, job, signal)
      if (signal.aborted) return
      results.set(job, result)
      run.print(formatResult({ ...result, file: job.label, log: relative(run.root, result.log) }))
    } catch (error) {
      broken ??= error
    } finally {
      running.delete(job)
    }
  }
  while (waiting.length + running.size > 0) {
    for (const job of [...waiting]) {
      if (signal.aborted || broken !== undefined) break
      if (!hasRoom(job) || slotsFor([...running.keys(), job]) > run.slots) continue
      waiting.splice(waiting.indexOf(job), 1)
      running.set(job, start(job))
    }
    // Happens only after an abort: running jobs are awaited, and no further job starts.
    if (running.size === 0) break
    await Promise.race(running.values())
  }
  if (broken !== undefined) throw broken
  signal.throwIfAborted()
  return run.jobs.flatMap((job) => {
    const result = results.get(job)
    return result ? [{ job, result }] : []
  })
}

/**
 * Runs one file with its own temporary folder. Everything that the file leaves behind is removed
 * and counts as a failure. Only a failed file keeps its programs' logs.
 */
async function runAlone(run: JobsRun, job: Job, signal: AbortSignal): Promise<FileResult> {
  const { file, logs, fileLimit } = job
  const id = randomUUID()
  const name = file.replace(/^test\//, '').replace(/\.test\.ts$/, '')
  const log = join(logs, `${name}.log`)
  const programLogs = join(logs, name)
  // The name is short, because the path of a Unix socket has at most 107 characters.
  const temporary = join(run.temporary, id.slice(0, 8))
  mkdirSync(temporary)
  const env = { ...job.env, TMPDIR: temporary, ACR_NOPASS_TEST_LOGS: programLogs, [TEST_FILE_VARIABLE]: id }
  const report = join(run.temporary, `${id.slice(0, 8)}.report`)
  const result = await runFile({ root: run.root, file, env, log, report, limit: fileLimit }, signal)
  if (signal.aborted) return result
  const left = [...(await endLeftovers(id)), ...(await removeTemporary(temporary))]
  if (result.counts.failed + left.length === 0) rmSync(programLogs, { recursive: true, force: true })
  const failures = [...result.failures, ...left.map((line) => `✖ left behind: ${line}`)]
  return { ...result, failures, counts: { ...result.counts, failed: result.counts.failed + left.length } }
}
