// npm test [-- SUITE… WORD…]: runs all suites, or the named suites. With a WORD, runs only files
//   whose path contains it; each named suite must have one.
// npm test -- --kubernetes 1.24 | --helm 3.18 | --node 20,22: runs the tests for older versions,
//   but no suite.
// npm test -- --changed | --since REF: runs the files that the changes since HEAD, or since REF,
//   may affect.
// npm test -- simulation --seed N [--only 1,4]: runs one seed of the simulation, or some of its
//   faults, and prints everything that happens.
// npm test -- zoo --seed N [--only 1,4]: runs one cluster of the zoo, or some of its features, and
//   prints everything that happens.
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findNodeObstacle } from '../sandbox/nodes/containerd/start-node.ts'
import { ensureBrowser } from '../test/support/browser/ensure-browser.ts'
import { HELPER_VARIABLE } from '../test/support/helper-program.ts'
import { ensureTools, type ToolPaths } from '../tools/build/ensure-tools.ts'
import { createProgress } from '../tools/progress.ts'
import { describeFailure } from '../tools/testbed-error.ts'
import { bundleHelper } from './build/bundles.ts'
import { affectedTests, changedFiles } from './test/changed.ts'
import { measureCoverage } from './test/coverage.ts'
import { readFloor, reportCoverage } from './test/coverage-floor.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { readOptions, type TestOptions } from './test/options.ts'
import { type Pass, passesOf } from './test/passes.ts'
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/results.ts'
import { type Job, runJobs } from './test/run-jobs.ts'
import { formatSlowest } from './test/slowest.ts'
import { stripAll } from './test/strip-types.ts'
import { emptySuites, findTestFiles, SUITES, UsageError } from './test/suites.ts'

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
const coverageFolder = join(temporary, 'v8')
const strippedFolder = join(temporary, 'stripped')
const stripCache = new URL('test/strip-cache.mjs', import.meta.url)
const ONE_FAILED: Counts = { ...NO_TESTS, failed: 1 }

async function main(options: TestOptions): Promise<Counts> {
  keepNewest(allLogs, 4)
  stripAll(root, strippedFolder)
  const { suites, words, since, older } = options
  const isNamed = (file: string): boolean => words.length === 0 || words.some((word) => file.includes(word))
  if (older.length > 0) {
    return runPasses(
      older.map((pass) => ({ ...pass, files: pass.files.filter(isNamed) })),
      options,
    )
  }
  const empty = emptySuites(root, suites, words)
  if (empty.length > 0) {
    throw new UsageError(`no file of the suite ${empty.join(' or ')} matches: ${words.join(' ')}
Words choose the files of every named suite: run a whole suite in a run of its own.`)
  }
  const changed = since === undefined ? undefined : changedFiles(root, since)
  const all = suites.flatMap((suite) => {
    const files = findTestFiles(root, suite.name, words)
    return passesOf(suite, changed === undefined ? files : affectedTests(root, files, changed))
  })
  if (all.length === 0 && since === undefined) throw new UsageError(`no test file matches: ${words.join(' ')}`)
  if (all.length === 0) print(`no test file is affected by the changes since ${since}`)
  const obstacle = await findNodeObstacle(temporary)
  const passes = all.filter(({ suite }) => suite.name !== 'node' || obstacle === undefined)
  const counts = await runPasses(passes, options)
  if (passes.length < all.length) print(`— node: not run on this machine: ${obstacle}`)
  if (!isComplete(options)) return counts
  const coverage = await measureCoverage(root, coverageFolder)
  const floor = passes.length === all.length && counts.failed === 0 ? readFloor(root) : undefined
  return reportCoverage(coverage, floor, print) ? addCounts(counts, ONE_FAILED) : counts
}

function isComplete({ suites, words, since, older }: TestOptions): boolean {
  return older.length + words.length === 0 && suites.length === SUITES.length && since === undefined
}

/**
 * Runs the passes that need no tools, then the others, because building the tools may take long.
 * The passes of such a stage run at the same time.
 */
async function runPasses(passes: readonly Pass[], options: TestOptions): Promise<Counts> {
  const { plain = [], others = [] } = Object.groupBy(passes, ({ suite }) =>
    suite.tools.length > 0 ? 'others' : 'plain',
  )
  const cores = availableParallelism()
  const last: { label: string; ms: number }[] = []
  let counts = NO_TESTS
  for (const stage of [plain, others].filter(({ length }) => length > 0)) {
    let paths: Partial<ToolPaths> = {}
    const hasTools = await attempt(stage, async () => {
      const names = stage.flatMap(({ suite }) => suite.tools)
      if (names.length > 0) paths = await ensureTools(names, { progress, signal })
      // The bundle is built once for all files that start a helper.
      if (stage.some(({ suite }) => suite.waits)) await bundleHelper(root, helperProgram)
    })
    if (!hasTools) return addCounts(counts, ONE_FAILED)
    // A browser that cannot be installed fails only its own pass.
    const inBrowser = stage.filter(({ suite }) => suite.browser)
    const hasBrowser = inBrowser.length === 0 || (await attempt(inBrowser, () => ensureBrowser({ progress, signal })))
    if (!hasBrowser) counts = addCounts(counts, ONE_FAILED)
    const runnable = hasBrowser ? stage : stage.filter(({ suite }) => !suite.browser)
    const jobs = runnable.flatMap((pass) => jobsOf(pass, paths, options))
    // Files that wait are first. Within these, files of suites with the fewest simultaneous files
    // are first, because they would otherwise run alone at the end.
    jobs.sort((a, b) => Number(b.waits) - Number(a.waits) || a.most - b.most)
    const files = `${jobs.length} file${jobs.length === 1 ? '' : 's'}`
    print(`— ${runnable.map(({ title }) => title).join('; ')}: ${files}`)
    const results = await runJobs({ root, jobs, slots: cores + 2, temporary, print }, signal)
    for (const { job, result } of results) {
      counts = addCounts(counts, result.counts)
      last.push({ label: job.label, ms: result.ms })
    }
  }
  if (last.length > 10) print(formatSlowest(last))
  return counts
}

/** Returns whether the work succeeded. Otherwise prints the reason, and which passes do not run. */
async function attempt(passes: readonly Pass[], work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    signal.throwIfAborted()
    print(describeFailure(error))
    print(`✖ not run: ${passes.map(({ title }) => title).join('; ')}`)
    return false
  }
}

function jobsOf(pass: Pass, paths: Partial<ToolPaths>, options: TestOptions): Job[] {
  const { suite, title, files, env: own } = pass
  const env = {
    // Go programs collect garbage less often than by default. This saves an API server a fifth of
    // its CPU until it is ready.
    GOGC: '400',
    GOMEMLIMIT: '500MiB',
    ...process.env,
    NODE_OPTIONS: [process.env.NODE_OPTIONS, `--import=${stripCache.href}`].filter(Boolean).join(' '),
    ACR_NOPASS_STRIPPED: strippedFolder,
    ...own,
    ...options.seedEnv,
    ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
    [TEST_RUN_VARIABLE]: run,
    ...(suite.waits && { [HELPER_VARIABLE]: helperProgram }),
    ...(isComplete(options) && { NODE_V8_COVERAGE: coverageFolder }),
  }
  const isFirst = title === suite.name
  return files.map((file) => ({
    file,
    label: isFirst ? file : `${file} (${title})`,
    group: suite.name,
    most: suite.parallel(availableParallelism()),
    waits: suite.waits ?? false,
    fileLimit: suite.fileLimit,
    env,
    logs: isFirst ? logs : join(logs, 'oldest'),
  }))
}

function keepNewest(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder).sort().slice(0, -count))
    rmSync(join(folder, name), { recursive: true, force: true })
}

try {
  const counts = await main(readOptions(process.argv.slice(2)))
  if (counts.failed > 0) print(`logs: ${relative(root, logs)}`)
  print(formatCounts(counts))
  process.exitCode = counts.failed > 0 ? 1 : 0
} catch (error) {
  if (!signal.aborted) {
    print(error instanceof UsageError ? error.message : describeFailure(error))
    print(formatCounts(ONE_FAILED))
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
