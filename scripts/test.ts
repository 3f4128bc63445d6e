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
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findNodeObstacle } from '../sandbox/nodes/containerd/start-node.ts'
import { ensureBrowser } from '../test/support/browser/ensure-browser.ts'
import { HELPER_VARIABLE } from '../test/support/helper-program.ts'
import { ensureTools, type ToolPaths } from '../tools/build/ensure-tools.ts'
import { createProgress } from '../tools/progress.ts'
import { describeFailure } from '../tools/testbed-error.ts'
import { bundleHelper } from './build/bundles.ts'
import { affectedTests, changedFiles, takeChanged } from './test/changed.ts'
import { measureCoverage } from './test/coverage.ts'
import { readFloor, reportCoverage } from './test/coverage-floor.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { type Pass, passesOf } from './test/passes.ts'
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/results.ts'
import type { FileResult } from './test/run-file.ts'
import { type Job, runJobs } from './test/run-jobs.ts'
import { chooseSecondTries, type Tried } from './test/second-try.ts'
import { formatSlowest } from './test/slowest.ts'
import { stripAll } from './test/strip-types.ts'
import { chooseSuites, emptySuites, findTestFiles, SUITES, type Suite, takeSeed } from './test/suites.ts'
import { takeVersionRuns } from './test/version-runs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = randomUUID()
const interrupt = new AbortController()
const { signal } = interrupt
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const print = (text: string) => console.log(text)
const progress = createProgress(process.stderr, process.env.CI)
const logs = join(root, '.cache', 'test-logs', new Date().toISOString().replaceAll(':', '-').slice(0, 19))
const temporary = mkdtempSync(join(tmpdir(), 'anp-'))
const helperProgram = join(temporary, 'helper.mjs')
const coverageFolder = join(temporary, 'v8')
const strippedFolder = join(temporary, 'stripped')
const stripCache = new URL('test/strip-cache.mjs', import.meta.url)

const older = takeVersionRuns(process.argv.slice(2))
const { since, rest: other } = takeChanged(older.rest)
const { seedEnv, rest } = takeSeed(other)
const { suites, words } = chooseSuites(rest)
const complete =
  older.passes.length === 0 && suites.length === SUITES.length && words.length === 0 && since === undefined

async function main(): Promise<Counts> {
  keepNewest(join(root, '.cache', 'test-logs'), 4)
  stripAll(root, strippedFolder)
  for (const line of older.unknown) print(line)
  if (older.unknown.length > 0) return { ...NO_TESTS, failed: 1 }
  if (older.passes.length > 0) return runPasses(older.passes.map((pass) => onlyNamed(pass, words)))
  const empty = emptySuites(root, suites, words)
  if (empty.length > 0) {
    print(`no file of the suite ${empty.join(' or ')} matches: ${words.join(' ')}`)
    print('Words choose the files of every named suite: run a whole suite in a run of its own.')
    return { ...NO_TESTS, failed: 1 }
  }
  const all = suites
    .map((suite) => ({ suite, files: onlyAffected(findTestFiles(root, suite.name, words)) }))
    .filter(({ files }) => files.length > 0)
  if (all.length === 0) {
    if (since !== undefined) {
      print(`no test file is affected by the changes since ${since}`)
      return NO_TESTS
    }
    print(`no test file matches: ${process.argv.slice(2).join(' ')}`)
    return { ...NO_TESTS, failed: 1 }
  }
  const obstacle = await findNodeObstacle(temporary)
  const runnable = all.filter(({ suite }) => suite.name !== 'node' || obstacle === undefined)
  const counts = await runPasses(runnable.flatMap(({ suite, files }) => passesOf(suite, files)))
  if (runnable.length < all.length) print(`— node: not run on this machine: ${obstacle}`)
  if (!complete) return counts
  const coverage = await measureCoverage(root, coverageFolder)
  const floor = runnable.length === all.length && counts.failed === 0 ? readFloor(root) : undefined
  const low = reportCoverage(coverage, floor, print)
  return low ? addCounts(counts, { ...NO_TESTS, failed: 1 }) : counts
}

function onlyAffected(files: string[]): readonly string[] {
  return since === undefined ? files : affectedTests(root, files, changedFiles(root, since))
}

function onlyNamed(pass: Pass, words: readonly string[]): Pass {
  return {
    ...pass,
    files: pass.files.filter((file) => words.length === 0 || words.some((word) => file.includes(word))),
  }
}

/**
 * Returns the passes in stages. The passes of a stage run at the same time. The first stage needs
 * no tools, because building the tools may take long.
 */
function stagesOf(passes: readonly Pass[]): readonly (readonly Pass[])[] {
  const [plain, rest] = [passes.filter(needsNoTools), passes.filter((pass) => !needsNoTools(pass))]
  return [plain, rest].filter((stage) => stage.length > 0)
}

function needsNoTools({ suite }: Pass): boolean {
  return suite.tools.length === 0
}

/**
 * Returns how many files of a stage run at the same time. If some files wait, this is more than the
 * number of cores.
 */
function slotsOf(stage: readonly Pass[]): number {
  const cores = availableParallelism()
  const [first, ...others] = stage
  if (first !== undefined && others.length === 0) return first.suite.parallel(cores)
  return stage.some(({ suite }) => suite.waits) ? cores + 2 : cores
}

async function runPasses(passes: readonly Pass[]): Promise<Counts> {
  const tried: Tried<Pass>[] = []
  let notRun = NO_TESTS
  for (const stage of stagesOf(passes)) {
    const paths = await prepareTools(stage.map((pass) => pass.suite))
    // The bundle is built once for all files that start a helper.
    const hasProgram =
      !stage.some(({ suite }) => suite.waits) || (await prepare(() => bundleHelper(root, helperProgram)))
    if (!paths || !hasProgram) {
      print(`✖ not run: ${stage.map(({ title }) => title).join('; ')}`)
      notRun = addCounts(notRun, { ...NO_TESTS, failed: 1 })
      break
    }
    const runnable = await withBrowser(stage)
    if (runnable.length < stage.length) notRun = addCounts(notRun, { ...NO_TESTS, failed: 1 })
    const jobs = longestWaitFirst(runnable.flatMap((pass) => jobsOf(pass, paths, logs)))
    print(`— ${runnable.map(({ title }) => title).join('; ')}: ${countFiles(jobs)}`)
    const results = await runJobs({ root, jobs, slots: slotsOf(stage), temporary, print }, signal)
    tried.push(...results.map(({ job, result }) => ({ ...job, result })))
  }
  const last = await tryAgain(tried)
  if (last.length > 10) print(formatSlowest(last))
  return last.reduce((sum, { counts }) => addCounts(sum, counts), notRun)
}

/** Returns the passes that can run. A browser that cannot be installed fails only its own pass. */
async function withBrowser(stage: readonly Pass[]): Promise<readonly Pass[]> {
  if (!stage.some(({ suite }) => suite.browser)) return stage
  if (await prepare(() => ensureBrowser({ progress, signal }))) return stage
  for (const { title } of stage.filter(({ suite }) => suite.browser)) print(`✖ not run: ${title}`)
  return stage.filter(({ suite }) => !suite.browser)
}

/**
 * Sorts files that wait before files that fill the cores. Within these, files of suites with the
 * fewest simultaneous files come first, because they would otherwise run alone at the end.
 */
function longestWaitFirst(jobs: readonly PassJob[]): readonly PassJob[] {
  return jobs.toSorted((a, b) => Number(b.waits) - Number(a.waits) || a.most - b.most)
}

interface PassJob extends Job {
  readonly pass: Pass
}

function jobsOf(pass: Pass, paths: Partial<ToolPaths>, folder: string): readonly PassJob[] {
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
    ...seedEnv,
    ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
    [TEST_RUN_VARIABLE]: run,
    ...(suite.waits && { [HELPER_VARIABLE]: helperProgram }),
    ...(complete && { NODE_V8_COVERAGE: coverageFolder }),
  }
  const isFirst = title === suite.name
  return files.map((file) => ({
    pass,
    file,
    label: isFirst ? file : `${file} (${title.replace(`${suite.name}, `, '')})`,
    group: suite.name,
    most: suite.parallel(availableParallelism()),
    waits: suite.waits ?? false,
    fileLimit: suite.fileLimit,
    env,
    logs: isFirst ? folder : join(folder, 'oldest'),
  }))
}

interface Outcome {
  readonly label: string
  readonly counts: Counts
  readonly ms: number
}

/**
 * Runs the failed files that chooseSecondTries selects again, one at a time. Returns the last
 * result of every file.
 */
async function tryAgain(tried: readonly Tried<Pass>[]): Promise<readonly Outcome[]> {
  const again = chooseSecondTries(tried)
  const second = new Map<Tried<Pass>, FileResult>()
  if (again.length > 0) print(`— running again, one at a time: ${countFiles(again)}`)
  for (const one of again) {
    const paths = await prepareTools([one.pass.suite])
    if (!paths) break
    const jobs = jobsOf({ ...one.pass, files: [one.result.file] }, paths, join(logs, 'again'))
    const [last] = await runJobs({ root, jobs, slots: 1, temporary, print }, signal)
    if (last) second.set(one, last.result)
  }
  for (const [{ label, result }, { counts }] of second)
    if (counts.failed === 0) print(`unsteady: ${label} failed at first, see ${relative(root, result.log)}`)
  return tried.map((one) => ({ label: one.label, ...(second.get(one) ?? one.result) }))
}

function countFiles({ length }: readonly unknown[]): string {
  return `${length} file${length === 1 ? '' : 's'}`
}

async function prepareTools(suites: readonly Suite[]): Promise<Partial<ToolPaths> | undefined> {
  const names = suites.flatMap(({ tools }) => tools)
  return names.length === 0 ? {} : prepare(() => ensureTools(names, { progress, signal }))
}

/** Returns the result, or undefined after printing the reason. */
async function prepare<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    print(describeFailure(error))
    return undefined
  }
}

function keepNewest(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder).sort().slice(0, -count))
    rmSync(join(folder, name), { recursive: true, force: true })
}

try {
  const counts = await main()
  if (counts.failed > 0) print(`logs: ${relative(root, logs)}`)
  print(formatCounts(counts))
  process.exitCode = counts.failed > 0 ? 1 : 0
} catch (error) {
  if (!signal.aborted) {
    print(describeFailure(error))
    print(formatCounts({ ...NO_TESTS, failed: 1 }))
  }
  process.exitCode = 1
} finally {
  if (signal.aborted) {
    await endAll(run)
    print('Interrupted; everything that the tests started was stopped.')
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(signal.reason)] ?? 1
  }
  await removeTemporary(temporary)
}
