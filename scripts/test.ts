// npm test [-- SUITE… WORD…]: runs the suites of every run, or the named suites. With a WORD, runs
//   only files whose path contains it, also those that only `npm run test:all` runs.
// npm run test:all: runs all suites.
// npm test -- --changed | --since REF: runs the files that the changes since HEAD, or since REF,
//   may affect.
// npm test -- simulation --seed N [--only 1,4], npm test -- zoo --seed N [--only 1,4]: runs one
//   seed, or some of its faults, and prints everything that happens.
// npm test -- nodejs --node 20,26: these versions of Node.js.
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findNodeObstacle } from '../sandbox/nodes/containerd/start-node.ts'
import { ensureBrowser } from '../test/support/browser/ensure-browser.ts'
import { HELPER_VARIABLE } from '../test/support/helper-program.ts'
import { NODES_VARIABLE } from '../test/support/version-variables.ts'
import { ensureTools, type ToolPaths } from '../tools/build/ensure-tools.ts'
import { createProgress } from '../tools/progress.ts'
import { describeFailure } from '../tools/testbed-error.ts'
import { bundleHelper } from './build/bundles.ts'
import { affectedTests, changedFiles } from './test/changed.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { listPromises } from './test/promises.ts'
import { type FileResult, formatResult, runFile } from './test/run-file.ts'
import { findTestFiles, SUITES, type Suite } from './test/suites.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = randomUUID()
const interrupt = new AbortController()
const { signal } = interrupt
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const print = (text: string) => console.log(text)
const progress = createProgress(process.stderr, process.env.CI)
const allLogs = join(root, '.cache', 'test-logs')
const logs = join(allLogs, new Date().toISOString().replaceAll(':', '-').slice(0, 19))
const temporary = mkdtempSync(join(tmpdir(), 'anp-'))
const helperProgram = join(temporary, 'helper.mjs')

interface Job {
  readonly suite: Suite
  readonly file: string
}

async function main(): Promise<{ passed: number; failed: number; skipped: number }> {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      changed: { type: 'boolean' },
      since: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      node: { type: 'string' },
    },
  })
  keepNewest(allLogs, 4)
  const jobs = chooseJobs(positionals, options.all === true, options.since ?? (options.changed ? 'HEAD' : undefined))
  const env = {
    // A process that imports the fixture of a cluster needs half the CPU until it runs.
    NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'),
    // Go programs collect garbage less often than by default, which saves an API server a fifth of
    // its CPU until it is ready.
    GOGC: '400',
    GOMEMLIMIT: '500MiB',
    ...process.env,
    ...(options.all && { ACR_NOPASS_SEEDS: '250' }),
    ...(options.seed !== undefined && { ACR_NOPASS_SEED: options.seed }),
    ...(options.only !== undefined && { ACR_NOPASS_ONLY: options.only }),
    [TEST_RUN_VARIABLE]: run,
    [HELPER_VARIABLE]: helperProgram,
  }
  const results: { job: Job; result: FileResult }[] = []
  let broken = 0
  // First what needs no program, because building programs may take long.
  for (const needsTools of [false, true]) {
    let chosen = jobs.filter(({ suite }) => suite.tools.length > 0 === needsTools)
    const suites = [...new Set(chosen.map(({ suite }) => suite))]
    let paths: Partial<ToolPaths> = {}
    const prepare = async (needs: readonly Suite[], work: () => Promise<unknown>): Promise<void> => {
      if (needs.length === 0) return
      try {
        await work()
      } catch (error) {
        signal.throwIfAborted()
        broken += 1
        print(`${describeFailure(error)}\n✖ not run: ${needs.map(({ name }) => name).join(', ')}`)
        chosen = chosen.filter(({ suite }) => !needs.includes(suite))
      }
    }
    await prepare(
      suites.filter(({ tools }) => tools.length > 0),
      async () => {
        paths = await ensureTools([...new Set(suites.flatMap(({ tools }) => tools))], { progress, signal })
      },
    )
    await prepare(
      suites.filter(({ helper }) => helper),
      () => bundleHelper(root, helperProgram),
    )
    await prepare(
      suites.filter(({ browser }) => browser),
      () => ensureBrowser({ progress, signal }),
    )
    const obstacle = suites.some(({ node }) => node) ? await findNodeObstacle(temporary) : undefined
    if (obstacle !== undefined) {
      print(`— not run on this machine: node (${obstacle})`)
      chosen = chosen.filter(({ suite }) => !suite.node)
    }
    if (chosen.length === 0) continue
    print(`— ${[...new Set(chosen.map(({ suite }) => suite.name))].join(', ')}: ${chosen.length} files`)
    const work = async (queue: Iterable<Job>): Promise<void> => {
      for (const job of queue) {
        if (signal.aborted) return
        const own = {
          ...env,
          ...job.suite.env,
          ...(options.node !== undefined && { [NODES_VARIABLE]: options.node }),
          ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
        }
        const folder = job.suite.env ? join(logs, job.suite.name) : logs
        const result = await runFile({ root, file: job.file, env: own, logs: folder, temporary }, signal)
        if (signal.aborted) return
        results.push({ job, result })
        const label = job.suite.env ? `${job.file} (${job.suite.name})` : job.file
        print(formatResult(label, { ...result, log: relative(root, result.log) }))
      }
    }
    const { serial = [], parallel = [] } = Object.groupBy(chosen, ({ suite }) => (suite.serial ? 'serial' : 'parallel'))
    const queue = parallel.values()
    // Files mostly wait: for a process, for Helm, for a report.
    const workers = Array.from({ length: availableParallelism() + 1 }, () => work(queue))
    await Promise.all([...workers, work(serial)])
  }
  signal.throwIfAborted()
  const sum = (count: (result: FileResult) => number) => results.reduce((all, { result }) => all + count(result), 0)
  const isWhole = positionals.length === 0 && options.since === undefined && !options.changed
  if (isWhole) {
    const { rows, missing } = listPromises(
      results.map(({ job, result }) => ({ file: job.file, passed: result.passed })),
    )
    print(['promises, and the files whose tests show them:', ...rows].join('\n'))
    broken += missing.length
  }
  const failed = broken + sum(({ failures }) => failures.length)
  if (failed > 0) print(`logs: ${relative(root, logs)}`)
  return { passed: sum(({ passed }) => passed.length), failed, skipped: sum(({ skipped }) => skipped.length) }
}

/**
 * `cluster helper guard` chooses the suites cluster and cluster-more, and of these the files with
 * "helper" or "guard".
 */
function chooseJobs(words: readonly string[], all: boolean, since: string | undefined): Job[] {
  const isNamed = ({ name }: Suite) => words.includes(name) || words.includes(name.replace(/-more$/, ''))
  const named = SUITES.filter(isNamed)
  const parts = words.filter((word) => !SUITES.some(({ name }) => name === word))
  const usual = SUITES.filter(({ nightly, env }) => all || (parts.length > 0 ? env === undefined : !nightly))
  const changed = since === undefined ? undefined : changedFiles(root, since)
  const jobs = (named.length > 0 ? named : usual).flatMap((suite) => {
    const files = findTestFiles(root, suite).filter(
      (file) => parts.length === 0 || parts.some((part) => file.includes(part)),
    )
    return (changed === undefined ? files : affectedTests(root, files, changed)).map((file) => ({ suite, file }))
  })
  const empty = named.filter((suite) => changed === undefined && !jobs.some((job) => job.suite === suite))
  // A suite that is only half of a name may have no file with these words.
  const missing = empty.filter(
    ({ name }) => words.includes(name) && !jobs.some(({ suite }) => suite.name === `${name}-more`),
  )
  if (missing.length > 0)
    throw new UsageError(`no file of ${missing.map(({ name }) => name).join(', ')} matches: ${words.join(' ')}`)
  if (jobs.length === 0 && changed === undefined) throw new UsageError(`no test file matches: ${words.join(' ')}`)
  if (jobs.length === 0) print(`no test file is affected by the changes since ${since}`)
  return jobs
}

/** Words that choose nothing. The message is enough. */
class UsageError extends Error {}

function keepNewest(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder).sort().slice(0, -count))
    rmSync(join(folder, name), { recursive: true, force: true })
}

try {
  const { passed, failed, skipped } = await main()
  print(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed > 0 ? 1 : 0
} catch (error) {
  if (!signal.aborted) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error)
    print(isUsage ? (error as Error).message : describeFailure(error))
    print('0 passed, 1 failed')
  }
  process.exitCode = 1
} finally {
  if (signal.aborted) {
    await endAll(run)
    print('Interrupted; everything that the tests started was stopped.')
    process.exitCode = 128 + constants.signals[signal.reason as NodeJS.Signals]
  }
  await removeTemporary(temporary)
}
