// npm test [-- RUNG… WORD…]: all rungs, or these; only files whose path holds a WORD.
import { randomUUID } from 'node:crypto'
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatError, toNopassError } from '../src/errors.ts'
import { createProgress, wantsPlain } from '../src/sandbox/progress.ts'
import { ensureTools } from '../src/sandbox/toolchest/ensure-tools.ts'
import { measureCoverage } from './test/coverage.ts'
import { readFloor, reportCoverage } from './test/coverage-floor.ts'
import { endAll, removeTemporary, TEST_RUN_VARIABLE } from './test/leftovers.ts'
import { missingForNode } from './test/node-needs.ts'
import { addCounts, type Counts, formatCounts, NO_TESTS } from './test/results.ts'
import { runRung } from './test/run-rung.ts'
import { chooseRungs, findTestFiles, RUNGS, type Rung } from './test/rungs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = randomUUID()
const interrupt = new AbortController()
const { signal } = interrupt
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const print = (text: string) => console.log(text)
const progress = createProgress(process.stderr, { plain: wantsPlain(process.stderr.isTTY, process.env.CI) })
const logs = join(root, '.cache', 'test-logs', new Date().toISOString().replaceAll(':', '-').slice(0, 19))
const temporary = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
const coverageFolder = join(temporary, 'v8')

const { rungs, words } = chooseRungs(process.argv.slice(2))
const complete = rungs.length === RUNGS.length && words.length === 0
const nodeMissing = missingForNode({ platform: process.platform, uid: process.getuid?.() ?? -1, cgroups: hasCgroups() })

async function main(): Promise<Counts> {
  keepNewest(join(root, '.cache', 'test-logs'), 4)
  let counts = NO_TESTS
  const queue = rungs.flatMap((rung) => ({ rung, files: findTestFiles(root, rung.name, words) }))
  if (queue.every(({ files }) => files.length === 0)) {
    print(`no test file matches: ${process.argv.slice(2).join(' ')}`)
    return { ...NO_TESTS, failed: 1 }
  }
  let ran = true
  for (const [index, { rung, files }] of queue.entries()) {
    if (files.length === 0) continue
    if (rung.name === 'node' && nodeMissing) {
      print(`— node: not run on this machine: ${nodeMissing}`)
      ran = false
      continue
    }
    // Once, for all that is still to come: a missing Go shows now, not after half of the tests.
    const later = queue
      .slice(index)
      .filter(({ rung, files }) => files.length > 0 && !(rung.name === 'node' && nodeMissing))
    const tools = later.flatMap(({ rung }) => rung.tools)
    const paths = rung.tools.length > 0 ? await ensureTools(tools, { progress, signal }) : {}
    print(`— ${rung.name}: ${files.length} file${files.length === 1 ? '' : 's'}`)
    counts = addCounts(counts, await runOne(rung, files, paths))
  }
  if (!complete) return counts
  const coverage = await measureCoverage(root, coverageFolder)
  const low = reportCoverage(coverage, ran && counts.failed === 0 ? readFloor(root) : undefined, print)
  return low ? addCounts(counts, { ...NO_TESTS, failed: 1 }) : counts
}

async function runOne(rung: Rung, files: readonly string[], paths: object): Promise<Counts> {
  const env = {
    ...process.env,
    ACR_NOPASS_TOOL_PATHS: JSON.stringify(paths),
    [TEST_RUN_VARIABLE]: run,
    ...(complete && { NODE_V8_COVERAGE: coverageFolder }),
  }
  const parallel = rung.parallel(availableParallelism())
  return runRung({ root, files, parallel, fileLimit: rung.fileLimit, env, temporary, logs, print }, signal)
}

function hasCgroups(): boolean {
  try {
    accessSync('/sys/fs/cgroup', constants.W_OK)
    return readdirSync('/sys/fs/cgroup').length > 0 && readFileSync('/proc/self/cgroup', 'utf8') !== ''
  } catch {
    return false
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
