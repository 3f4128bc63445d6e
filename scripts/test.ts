// npm test [-- RUNG… WORD…]: all rungs, or these; only files whose path holds a WORD.
// npm test -- --kubernetes 1.24 | --helm 3.18 | --node 20,22: what runs on older versions, instead of the rungs.
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
import { measureCoverage } from './test/coverage.ts'
import { readFloor, reportCoverage } from './test/coverage-floor.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { type Pass, passesOf } from './test/passes.ts'
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/results.ts'
import { runRung } from './test/run-rung.ts'
import { chooseRungs, findTestFiles, RUNGS, type Rung, takeSeed } from './test/rungs.ts'
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
const { seedEnv, rest } = takeSeed(older.rest)
const { rungs, words } = chooseRungs(rest)
const complete = older.passes.length === 0 && rungs.length === RUNGS.length && words.length === 0

async function main(): Promise<Counts> {
  keepNewest(join(root, '.cache', 'test-logs'), 4)
  for (const line of older.unknown) print(line)
  if (older.unknown.length > 0) return { ...NO_TESTS, failed: 1 }
  if (older.passes.length > 0) return runPasses(older.passes.map((pass) => onlyNamed(pass, words)))
  const all = rungs
    .map((rung) => ({ rung, files: findTestFiles(root, rung.name, words) }))
    .filter(({ files }) => files.length > 0)
  if (all.length === 0) {
    print(`no test file matches: ${process.argv.slice(2).join(' ')}`)
    return { ...NO_TESTS, failed: 1 }
  }
  const obstacle = await findNodeObstacle(temporary)
  const runnable = all.filter(({ rung }) => rung.name !== 'node' || obstacle === undefined)
  const counts = await runPasses(runnable.flatMap(({ rung, files }) => passesOf(rung, files)))
  if (runnable.length < all.length) print(`— node: not run on this machine: ${obstacle}`)
  if (!complete) return counts
  const coverage = await measureCoverage(root, coverageFolder)
  const floor = runnable.length === all.length && counts.failed === 0 ? readFloor(root) : undefined
  const low = reportCoverage(coverage, floor, print)
  return low ? addCounts(counts, { ...NO_TESTS, failed: 1 }) : counts
}

function onlyNamed(pass: Pass, words: readonly string[]): Pass {
  return {
    ...pass,
    files: pass.files.filter((file) => words.length === 0 || words.some((word) => file.includes(word))),
  }
}

async function runPasses(runs: readonly Pass[]): Promise<Counts> {
  let counts = NO_TESTS
  for (const [index, pass] of runs.entries()) {
    const later = runs.slice(index)
    const paths = await prepareTools(later.map((run) => run.rung))
    if (!paths) {
      print(`✖ not run: ${later.map(({ title }) => title).join('; ')}`)
      return addCounts(counts, { ...NO_TESTS, failed: 1 })
    }
    if (pass.rung.browser && !(await prepare(() => ensureBrowser({ progress, signal })))) {
      print(`✖ not run: ${pass.title}`)
      counts = addCounts(counts, { ...NO_TESTS, failed: 1 })
      continue
    }
    print(`— ${pass.title}: ${pass.files.length} file${pass.files.length === 1 ? '' : 's'}`)
    counts = addCounts(counts, await runOne(pass, paths))
  }
  return counts
}

/** The first rung that needs any tool makes those of all later rungs: a missing Go shows at once. */
async function prepareTools([next, ...later]: readonly Rung[]): Promise<Partial<ToolPaths> | undefined> {
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

async function runOne({ rung, title, files, env: own }: Pass, paths: Partial<ToolPaths>): Promise<Counts> {
  const env = {
    ...process.env,
    ...own,
    ...seedEnv,
    ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
    [TEST_RUN_VARIABLE]: run,
    ...(complete && { NODE_V8_COVERAGE: coverageFolder }),
  }
  const parallel = rung.parallel(availableParallelism())
  const folder = title === rung.name ? logs : join(logs, 'oldest')
  return runRung({ root, files, parallel, fileLimit: rung.fileLimit, env, temporary, logs: folder, print }, signal)
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
