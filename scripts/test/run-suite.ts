import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatResult } from './format-result.ts'
import { endLeftovers, removeTemporary, TEST_FILE_VARIABLE } from './leftovers.ts'
import { type FileResult, runFile } from './run-file.ts'

export interface SuiteRun {
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

/** Runs the files of a suite, several at a time, and prints what became of each. */
export async function runSuite(suite: SuiteRun, signal: AbortSignal): Promise<readonly FileResult[]> {
  const queue = suite.files.values()
  const results: FileResult[] = []
  const worker = async () => {
    for (const file of queue) {
      signal.throwIfAborted()
      const result = await runAlone(suite, file, signal)
      signal.throwIfAborted()
      results.push(result)
      suite.print(formatResult({ ...result, log: relative(suite.root, result.log) }))
    }
  }
  // All of them, also after one was broken off: none may still run when this ends.
  const ends = await Promise.allSettled(Array.from({ length: suite.parallel }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return results
}

/** One file with its own temporary folder; what it leaves behind is ended, removed, and counts as a failure. Only a failed one keeps its programs' logs. */
async function runAlone(suite: SuiteRun, file: string, signal: AbortSignal): Promise<FileResult> {
  const id = randomUUID()
  const name = file.replace(/^test\//, '').replace(/\.test\.ts$/, '')
  const log = join(suite.logs, `${name}.log`)
  const programLogs = join(suite.logs, name)
  // Short: the path of a Unix socket has 107 characters.
  const temporary = join(suite.temporary, id.slice(0, 8))
  mkdirSync(temporary)
  const env = { ...suite.env, TMPDIR: temporary, ACR_NOPASS_TEST_LOGS: programLogs, [TEST_FILE_VARIABLE]: id }
  const report = join(suite.temporary, `${id.slice(0, 8)}.report`)
  const result = await runFile({ root: suite.root, file, env, log, report, limit: suite.fileLimit }, signal)
  if (signal.aborted) return result
  const left = [...(await endLeftovers(id)), ...(await removeTemporary(temporary))]
  if (result.counts.failed + left.length === 0) rmSync(programLogs, { recursive: true, force: true })
  const failures = [...result.failures, ...left.map((line) => `✖ left behind: ${line}`)]
  return { ...result, failures, counts: { ...result.counts, failed: result.counts.failed + left.length } }
}
