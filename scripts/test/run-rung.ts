import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatResult } from './format-result.ts'
import { endLeftovers, removeTemporary, TEST_FILE_VARIABLE } from './leftovers.ts'
import { addCounts, type Counts, NO_TESTS } from './results.ts'
import { type FileResult, runFile } from './run-file.ts'

export interface RungRun {
  readonly root: string
  readonly files: readonly string[]
  readonly parallel: number
  readonly fileLimit: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** A folder for temporary files; each test file gets one of its own in it. */
  readonly temporary: string
  /** Each test file's output is `<logs>/<path>.log`, its programs' logs are in `<logs>/<path>/`. */
  readonly logs: string
  readonly print: (text: string) => void
}

/** Runs the files of a rung, several at a time, and prints what became of each. */
export async function runRung(rung: RungRun, signal: AbortSignal): Promise<Counts> {
  const queue = rung.files.values()
  let counts = NO_TESTS
  const worker = async () => {
    for (const file of queue) {
      signal.throwIfAborted()
      const result = await runAlone(rung, file, signal)
      signal.throwIfAborted()
      counts = addCounts(counts, result.counts)
      rung.print(formatResult({ ...result, log: relative(rung.root, result.log) }))
    }
  }
  // All of them, also after one was broken off: none may still run when this ends.
  const ends = await Promise.allSettled(Array.from({ length: rung.parallel }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return counts
}

/** One file with its own temporary folder; what it leaves behind is ended, removed, and counts as a failure. Only a failed one keeps its programs' logs. */
async function runAlone(rung: RungRun, file: string, signal: AbortSignal): Promise<FileResult> {
  const id = randomUUID()
  const name = file.replace(/^test\//, '').replace(/\.test\.ts$/, '')
  const log = join(rung.logs, `${name}.log`)
  const programLogs = join(rung.logs, name)
  // Short: the path of a Unix socket has 107 characters.
  const temporary = join(rung.temporary, id.slice(0, 8))
  mkdirSync(temporary)
  const env = { ...rung.env, TMPDIR: temporary, ACR_NOPASS_TEST_LOGS: programLogs, [TEST_FILE_VARIABLE]: id }
  const report = join(rung.temporary, `${id.slice(0, 8)}.report`)
  const result = await runFile({ root: rung.root, file, env, log, report, limit: rung.fileLimit }, signal)
  if (signal.aborted) return result
  const left = [...(await endLeftovers(id)), ...(await removeTemporary(temporary))]
  if (result.counts.failed + left.length === 0) rmSync(programLogs, { recursive: true, force: true })
  const failures = [...result.failures, ...left.map((line) => `✖ left behind: ${line}`)]
  return { ...result, failures, counts: { ...result.counts, failed: result.counts.failed + left.length } }
}
