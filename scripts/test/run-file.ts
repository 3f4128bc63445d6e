import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import { formatDuration } from '../../src/lib/format-duration.ts'
import { endLeftovers, removeTemporary, TEST_FILE_VARIABLE } from './leftovers.ts'

/** One test file, to be run in a process of its own. */
export interface FileRun {
  readonly root: string
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * The folder of the run's logs. The file's output is `<logs>/<path>.log`; its programs' logs are
   * in `<logs>/<path>/`.
   */
  readonly logs: string
  /** A folder in which the file gets its own temporary folder. */
  readonly temporary: string
}

/** The result of a test file. */
export interface FileResult {
  /** Names of the tests, with the names of the tests around them. */
  readonly passed: readonly string[]
  readonly skipped: readonly string[]
  /** One text for each failure. */
  readonly failures: readonly string[]
  readonly log: string
  readonly ms: number
}

/** A file that runs longer hangs. */
const LIMIT_MS = 1_200_000

/**
 * Runs one test file with Node's runner and its own temporary folder. A process or a mount that the
 * file leaves behind is removed, and counts as a failure.
 */
export async function runFile(job: FileRun, signal: AbortSignal): Promise<FileResult> {
  const started = performance.now()
  const id = randomUUID()
  const name = job.file.replace(/^test\//, '').replace(/\.test\.ts$/, '')
  const log = join(job.logs, `${name}.log`)
  const programLogs = join(job.logs, name)
  mkdirSync(join(log, '..'), { recursive: true })
  // The name is short, because the path of a Unix socket has at most 107 characters.
  const temporary = join(job.temporary, id.slice(0, 8))
  mkdirSync(temporary)
  const path = join(job.root, job.file)
  const limit = AbortSignal.timeout(LIMIT_MS)
  const stream = run({
    files: [path],
    cwd: job.root,
    // Node's type demands values, but an undefined variable is simply not set.
    env: {
      ...job.env,
      TMPDIR: temporary,
      ACR_NOPASS_TEST_LOGS: programLogs,
      [TEST_FILE_VARIABLE]: id,
    } as NodeJS.ProcessEnv,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    signal: AbortSignal.any([signal, limit]),
  })
  const passed: string[] = []
  const skipped: string[] = []
  const failures: string[] = []
  const around: string[] = []
  let isComplete = false
  let output = ''
  for await (const { type, data } of stream) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      appendFileSync(log, data.message)
      output = (output + data.message).slice(-4_000)
    } else if (type === 'test:start') {
      around.length = data.nesting
      around.push(data.name)
    } else if (type === 'test:summary') {
      // The summary of the file itself: all of its tests have run.
      isComplete ||= data.file === path
    } else if (type === 'test:pass' && data.details.type !== 'suite' && data.name !== path) {
      const list = isSet(data.skip) || isSet(data.todo) ? skipped : passed
      list.push([...around.slice(0, data.nesting), data.name].join(' › '))
    } else if (type === 'test:fail' && isOwnFailure(data.details.error)) {
      failures.push(
        data.name === path ? '' : formatFailure([...around.slice(0, data.nesting), data.name].join(' › '), data),
      )
    }
  }
  if (signal.aborted) return { passed, skipped, failures, log, ms: performance.now() - started }
  if (limit.aborted) failures.push(`✖ did not finish within ${formatDuration(LIMIT_MS)}: ${around.join(' › ')}`)
  else if (!isComplete && failures.length === 0) failures.push('✖ exited before its tests finished, or has no test')
  // An empty text stands for the process itself, which failed outside of any test.
  const texts = failures.map((text) => text || `✖ the process failed; its last output:\n${output.trimEnd()}`)
  const left = [...(await endLeftovers(id)), ...(await removeTemporary(temporary))]
  texts.push(...left.map((line) => `✖ left behind: ${line}`))
  if (texts.length === 0) rmSync(programLogs, { recursive: true, force: true })
  else appendFileSync(log, `\n${texts.join('\n\n')}\n`)
  return { passed, skipped, failures: texts, log, ms: performance.now() - started }
}

/** Renders a line for a test file, with each of its failures below. */
export function formatResult(label: string, { passed, skipped, failures, log, ms }: FileResult): string {
  const counts = [`${passed.length} passed`]
  if (failures.length > 0) counts.push(`${failures.length} failed`)
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`)
  const line = `${failures.length > 0 ? '✖' : '✔'} ${label} · ${counts.join(', ')} · ${formatDuration(ms)}`
  if (failures.length === 0) return line
  const texts = failures.map((text) => text.replaceAll(/^(?=.)/gm, '  '))
  return [line, ...texts, `  log: ${log}; its programs' logs, if any, are in the folder of the same name`].join('\n')
}

function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false
}

/** False for a test that failed only because a test inside it failed. */
function isOwnFailure(error: unknown): boolean {
  return !(error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed')
}

/** Describes a failed test: its name, its line, and the thrown error without Node's frames. */
function formatFailure(
  name: string,
  { line, details: { error } }: Extract<TestEvent, { type: 'test:fail' }>['data'],
): string {
  const thrown = 'failureType' in error && error.cause instanceof Error ? error.cause : error
  const isAssertion = 'code' in thrown && thrown.code === 'ERR_ASSERTION'
  const text = isAssertion && thrown.stack ? thrown.stack : inspect(thrown, { depth: 4 })
  const where = line === undefined ? '' : ` (line ${line})`
  return `✖ ${name}${where}\n${text.replaceAll(/\n {2,}at [^\n]*\(?node:[^\n]*?(?= \{$|$)/gm, '')}`
}
