// npm test [-- SUITE… WORD…]: all suites, or these; only files whose path holds a WORD.
// npm test -- --kubernetes 1.24 | --helm 3.18 | --node 20,22: what runs on older versions, instead of the suites.
// npm test -- --changed | --since REF: only files that what differs from HEAD, or from REF, may concern.
// npm test -- simulation --seed N [--only 1,4]: one seed of the simulation, or some of its faults, with all that happens.
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatError, toNopassError } from '../src/errors.ts'
import { findNodeObstacle } from '../src/sandbox/nodes/containerd/start-node.ts'
import { createProgress, wantsPlain } from '../src/sandbox/progress.ts'
import { ensureBrowser } from '../src/sandbox/tools/ensure-browser.ts'
import { ensureTools, type ToolPaths } from '../src/sandbox/tools/ensure-tools.ts'
import { changedFiles, takeChanged, touchedTests } from './test/changed.ts'
import { measureCoverage } from './test/coverage.ts'
import { readFloor, reportCoverage } from './test/coverage-floor.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { type Pass, passesOf } from './test/passes.ts'
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/results.ts'
import type { FileResult } from './test/run-file.ts'
import { runSuite } from './test/run-suite.ts'
import { chooseSecondTries, type Tried } from './test/second-try.ts'
import { formatSlowest } from './test/slowest.ts'
import { chooseSuites, findTestFiles, SUITES, type Suite, takeSeed } from './test/suites.ts'
import { takeVersionRuns } from './test/version-runs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = randomUUID()
const interrupt = new AbortController()
const { signal } = interrupt
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const print = (text: string) => console.log(text)
const progress = createProgress(process.stderr, { plain: wantsPlain(process.stderr.isTTY, process.env.CI) })
const logs = join(root, '.cache', 'test-logs', new Date().toISOString().replaceAll(':', '-').slice(0, 19))
const temporary = mkdtempSync(join(tmpdir(), 'anp-'))
const coverageFolder = join(temporary, 'v8')

const older = takeVersionRuns(process.argv.slice(2))
const { since, rest: other } = takeChanged(older.rest)
const { seedEnv, rest } = takeSeed(other)
const { suites, words } = chooseSuites(rest)
const complete =
  older.passes.length === 0 && suites.length === SUITES.length && words.length === 0 && since === undefined

async function main(): Promise<Counts> {
  keepNewest(join(root, '.cache', 'test-logs'), 4)
  for (const line of older.unknown) print(line)
  if (older.unknown.length > 0) return { ...NO_TESTS, failed: 1 }
  if (older.passes.length > 0) return runPasses(older.passes.map((pass) => onlyNamed(pass, words)))
  const all = suites
    .map((suite) => ({ suite, files: onlyTouched(findTestFiles(root, suite.name, words)) }))
    .filter(({ files }) => files.length > 0)
  if (all.length === 0) {
    if (since !== undefined) {
      print(`no test file is concerned by what differs from ${since}`)
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

function onlyTouched(files: string[]): readonly string[] {
  return since === undefined ? files : touchedTests(root, files, changedFiles(root, since))
}

function onlyNamed(pass: Pass, words: readonly string[]): Pass {
  return {
    ...pass,
    files: pass.files.filter((file) => words.length === 0 || words.some((word) => file.includes(word))),
  }
}

async function runPasses(runs: readonly Pass[]): Promise<Counts> {
  const tried: Tried<Pass>[] = []
  let unmade = NO_TESTS
  for (const [index, pass] of runs.entries()) {
    const later = runs.slice(index)
    const paths = await prepareTools(later.map((run) => run.suite))
    if (!paths) {
      print(`✖ not run: ${later.map(({ title }) => title).join('; ')}`)
      unmade = addCounts(unmade, { ...NO_TESTS, failed: 1 })
      break
    }
    if (pass.suite.browser && !(await prepare(() => ensureBrowser({ progress, signal })))) {
      print(`✖ not run: ${pass.title}`)
      unmade = addCounts(unmade, { ...NO_TESTS, failed: 1 })
      continue
    }
    print(`— ${pass.title}: ${countFiles(pass.files)}`)
    for (const result of await runOne(pass, paths)) tried.push({ pass, result })
  }
  const last = await tryAgain(tried)
  if (tried.length > 10) print(formatSlowest(last))
  return last.reduce((sum, { counts }) => addCounts(sum, counts), unmade)
}

/** Runs the failed files that chooseSecondTries names once more, alone; answers the last result of every file. */
async function tryAgain(tried: readonly Tried<Pass>[]): Promise<readonly FileResult[]> {
  const again = chooseSecondTries(tried)
  const second = new Map<FileResult, FileResult>()
  if (again.length > 0) print(`— once more, alone: ${countFiles(again)}`)
  for (const { pass, result } of again) {
    const paths = await prepareTools([pass.suite])
    if (!paths) break
    const [last] = await runOne({ ...pass, files: [result.file] }, paths, { parallel: 1, logs: join(logs, 'again') })
    if (last) second.set(result, last)
  }
  const unsteady = [...second].filter(([, last]) => last.counts.failed === 0).map(([first]) => first)
  for (const { file, log } of unsteady) print(`unsteady: ${file} failed at first, see ${relative(root, log)}`)
  return tried.map(({ result }) => second.get(result) ?? result)
}

function countFiles({ length }: readonly unknown[]): string {
  return `${length} file${length === 1 ? '' : 's'}`
}

/** The first suite that needs any tool makes those of all later suites: a missing Go shows at once. */
async function prepareTools([next, ...later]: readonly Suite[]): Promise<Partial<ToolPaths> | undefined> {
  if (!next || next.tools.length === 0) return {}
  const names = [next, ...later].flatMap(({ tools }) => tools)
  return prepare(() => ensureTools(names, { progress, signal }))
}

/** Undefined, with the reason printed, when it cannot be had. */
async function prepare<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    print(formatError(toNopassError(error)))
    return undefined
  }
}

async function runOne(
  { suite, title, files, env: own }: Pass,
  paths: Partial<ToolPaths>,
  alone?: { readonly parallel: number; readonly logs: string },
): Promise<readonly FileResult[]> {
  const env = {
    ...process.env,
    ...own,
    ...seedEnv,
    ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
    [TEST_RUN_VARIABLE]: run,
    ...(complete && { NODE_V8_COVERAGE: coverageFolder }),
  }
  const parallel = alone?.parallel ?? suite.parallel(availableParallelism())
  const folder = title === suite.name ? (alone?.logs ?? logs) : join(alone?.logs ?? logs, 'oldest')
  return runSuite({ root, files, parallel, fileLimit: suite.fileLimit, env, temporary, logs: folder, print }, signal)
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
    print(formatError(toNopassError(error)))
    print(formatCounts({ ...NO_TESTS, failed: 1 }))
  }
  process.exitCode = 1
} finally {
  if (signal.aborted) {
    await endAll(run)
    print('Interrupted; everything that the tests started was ended.')
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(signal.reason)] ?? 1
  }
  await removeTemporary(temporary)
}
