import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formatDuration } from '../../src/lib/format-duration.ts'
import { processId } from '../../src/lib/process-id.ts'
import { signalProcess } from '../../tools/process/process-table.ts'
import type { TestLine } from './reporter.ts'
import { type Counts, countLines } from './results.ts'

export interface FileRun {
  readonly root: string
  /** The path relative to the root. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file that receives the whole output of the test file. */
  readonly log: string
  /** A file for the reporter's lines, which is removed with its folder. */
  readonly report: string
  /** Milliseconds after which the test file counts as hanging and is stopped. */
  readonly limit: number
}

/** The result of a test file. */
export interface FileResult {
  readonly file: string
  readonly counts: Counts
  /** One text for each failing test. */
  readonly failures: readonly string[]
  /** The last lines of the output, which explain why the file could not even start. */
  readonly tail: string
  readonly log: string
  readonly ms: number
}

const TAIL_LINES = 25
const KILL_AFTER_MS = 5_000

/**
 * Runs one test file in its own process, and stops that process when aborted or when it exceeds its
 * limit.
 */
export async function runFile(
  { root, file, env, log, report, limit }: FileRun,
  signal: AbortSignal,
): Promise<FileResult> {
  const started = performance.now()
  const reporter = fileURLToPath(new URL('reporter.ts', import.meta.url))
  const flags = ['--disable-warning=ExperimentalWarning', `--test-reporter=${reporter}`]
  const child = spawn(process.execPath, [...flags, `--test-reporter-destination=${report}`, join(root, file)], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  mkdirSync(dirname(log), { recursive: true })
  const onOutput = (chunk: Buffer) => {
    appendFileSync(log, chunk)
    output = (output + chunk.toString()).slice(-20_000)
  }
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  const slow = AbortSignal.timeout(limit)
  const how = await untilEnd(child, AbortSignal.any([signal, slow]))
  const lines = readLines(report)
  const failures = lines.flatMap((line) => (line.is === 'failed' && line.text ? [line.text] : []))
  const counts = countLines(lines)
  const wrong = slow.aborted
    ? `did not finish within ${formatDuration(limit)}; the last test that started: ${lines.findLast((line) => line.is === 'begun')?.name ?? 'none'}`
    : failureReason(how, lines)
  const notes = lines.flatMap((line) => (line.is === 'note' ? [`\n${line.name}`] : []))
  if (wrong) failures.push(`✖ ${file} ${wrong}${notes.join('')}`)
  if (failures.length > 0) appendFileSync(log, `\n${failures.join('\n\n')}\n`)
  const tail = output.trim().split('\n').slice(-TAIL_LINES).join('\n')
  const failed = counts.failed + (wrong ? 1 : 0)
  return { file, counts: { ...counts, failed }, failures, tail, log, ms: performance.now() - started }
}

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/**
 * Waits for the process. Does not wait for the end of its output, because a program that the
 * process left behind may keep the output open.
 */
async function untilEnd(child: ReturnType<typeof spawn>, signal: AbortSignal): Promise<End> {
  const exited = once(child, 'exit')
  const id = processId(child.pid ?? 0)
  const end = () => {
    signalProcess(id, 'SIGTERM')
    delay(KILL_AFTER_MS, undefined, { ref: false }).then(() => signalProcess(id, 'SIGKILL'))
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  try {
    const [code, name] = await exited
    return { code, signal: name }
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Explains why a file counts as failed although none of its tests failed. */
function failureReason(end: End, lines: readonly TestLine[]): string | undefined {
  const { passed, failed, skipped } = countLines(lines)
  if (end.signal) return `was killed by ${end.signal}`
  if (end.code !== 0) return failed === 0 ? `exited with code ${end.code}` : undefined
  if (passed + failed + skipped === 0) return 'ran no test'
  return lines.some((line) => line.is === 'complete') ? undefined : 'exited before its tests finished (process.exit?)'
}

function readLines(report: string): TestLine[] {
  try {
    return readFileSync(report, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  } catch {
    return [] // the process exited before this line
  }
}
