import { availableParallelism, totalmem } from 'node:os'
import { forEachLimited } from '../../src/lib/concurrency.ts'
import { acquireLock } from '../bootstrap/lock.mjs'
import { type Host, moduleLock, readHost } from '../host.ts'
import type { Progress, StepHandle } from '../progress.ts'
import { TestbedError } from '../testbed-error.ts'
import { removeCompileCache } from './build-cache.ts'
import { type Capacity, countRows, groupByPackages } from './build-rows.ts'
import { buildTool, compileStandardLibrary } from './build-tool.ts'
import { DownloadFailure, downloadTool } from './download-tool.ts'
import { findTool, type PinnedTool, pinnedTool } from './find-tool.ts'
import { checkCompiler, findGo } from './go-program.ts'
import { announceWork } from './plan-text.ts'
import { findReachable, NOTHING, withProxy } from './reachable.ts'
import { type Release, type ReleaseRow, readReleases } from './release.ts'
import { TOOLS, type ToolName } from './tool-table.ts'

/** The absolute paths of the requested tools, and of no others. */
export type ToolPaths = Readonly<Record<ToolName, string>>

/** What a user may choose about tools that are missing. */
export interface ToolChoices {
  /** Build all tools, also those that could be downloaded. */
  readonly build?: boolean
  /** Keep the compiled packages after the last build. */
  readonly keepCaches?: boolean
}

interface EnsureOptions extends ToolChoices {
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly host?: Host
  readonly capacity?: Capacity
  readonly releases?: Readonly<Record<string, ReleaseRow>>
}

/** A tool that is neither given nor in the cache. `title` says which of how many it is. */
interface MissingTool extends PinnedTool {
  readonly title: string
}

/**
 * Finds the named tools, downloads or builds the missing tools, and returns the paths of all. A
 * download that fails is reported, and the tool is built.
 * @throws GO_MISSING, GO_TOO_OLD, NO_C_COMPILER, TOOL_NOT_HERE, TOOL_MIRROR and the codes of
 * `buildFailure`
 */
export async function ensureTools(names: readonly ToolName[], options: EnsureOptions): Promise<ToolPaths> {
  const { build = false, host = readHost() } = options
  const paths: Partial<Record<ToolName, string>> = {}
  const absent: PinnedTool[] = []
  for (const name of new Set(names)) {
    const tool = await pinnedTool(name, host)
    const found = await findTool(tool, host, build)
    if (found) paths[name] = found.path
    else absent.push(tool)
  }
  if (absent.length > 0) await addMissing(absent, paths, options, host)
  return Object.fromEntries(names.map((name) => [name, paths[name]])) as ToolPaths
}

async function addMissing(
  absent: readonly PinnedTool[],
  paths: Partial<Record<ToolName, string>>,
  options: EnsureOptions,
  host: Host,
): Promise<void> {
  const { progress, signal, build = false } = options
  for (const { name } of absent) checkPlatform(name, host)
  const sorted = groupByPackages(absent).flat()
  const missing = sorted.map((tool, index) => ({ ...tool, title: `tool ${index + 1} of ${absent.length}` }))
  const { releases = readReleases(host.toolsFolder) } = options
  const { reachable, silent } = build ? NOTHING : await findReachable(missing, releases, host, signal)
  const toBuild = missing.filter(({ name }) => !reachable.has(name))
  // What a build needs is checked before the first download.
  let go = toBuild.length > 0 ? await findBuilder(toBuild, host, signal) : undefined
  progress.note(announceWork({ missing, toBuild, build, silent }))
  await downloadAll(missing, reachable, paths, options, host)
  const left = missing.filter(({ name }) => paths[name] === undefined)
  if (left.length === 0) return
  go = left.length > toBuild.length || go === undefined ? await findBuilder(left, host, signal) : go
  await buildAll(left, go, paths, options, host)
  if (!options.keepCaches) await removeCompileCache(host)
}

function checkPlatform(name: ToolName, host: Host): void {
  if (TOOLS[name].linuxOnly && host.platform !== 'linux') {
    throw new TestbedError('TOOL_NOT_HERE', `${name} runs on Linux only; this machine is ${host.platform}`)
  }
}

async function findBuilder(tools: readonly PinnedTool[], host: Host, signal: AbortSignal): Promise<string> {
  const go = await findGo(host, signal)
  if (tools.some(({ plan }) => plan.cgo)) await checkCompiler(go, host, signal)
  return go
}

async function downloadAll(
  missing: readonly MissingTool[],
  releases: ReadonlyMap<ToolName, Release>,
  paths: Partial<Record<ToolName, string>>,
  { progress, signal }: EnsureOptions,
  host: Host,
): Promise<void> {
  const work = missing.flatMap((tool) => {
    const release = releases.get(tool.name)
    return release === undefined ? [] : [{ tool, release }]
  })
  await withProxy(host, () =>
    forEachLimited(work, 3, async ({ tool, release }) => {
      const title = `${tool.title}: download ${tool.name} ${tool.version}`
      try {
        paths[tool.name] = await progress.step(title, (step) =>
          withModule(tool, host, step, signal, () => downloadTool(tool, release, host, step, signal)),
        )
      } catch (error) {
        if (!(error instanceof DownloadFailure)) throw error
        progress.note(`${tool.name} was not downloaded from ${release.url.host}: ${error.message}. It is built.`)
      }
    }),
  )
}

async function buildAll(
  tools: readonly MissingTool[],
  go: string,
  paths: Partial<Record<ToolName, string>>,
  { progress, signal, build = false, capacity = readCapacity() }: EnsureOptions,
  host: Host,
): Promise<void> {
  // The first failure ends the build of the other row.
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  let failure: unknown
  const groups = groupByPackages(tools)
  const rows = countRows(capacity)
  const [first] = tools
  if (first !== undefined && groups.length > 1 && rows > 1) {
    await progress.step("Go's standard library", async (step) => {
      // A run that removes compiled packages holds all locks.
      const release = await lockModule(first, host, step, signal)
      try {
        await compileStandardLibrary(first, go, host, signal)
      } finally {
        release()
      }
    })
  }
  await forEachLimited(groups, rows, async (group) => {
    for (const tool of group) {
      if (failed.signal.aborted) return
      try {
        paths[tool.name] = await progress.step(`${tool.title}: build ${tool.name} ${tool.version}`, (step) =>
          withModule(tool, host, step, both, () => buildTool(tool, go, host, step, both), build),
        )
      } catch (error) {
        if (!failed.signal.aborted) failure = error
        failed.abort()
      }
    }
  })
  if (failed.signal.aborted) throw failure
}

function readCapacity(): Capacity {
  return { cores: availableParallelism(), memory: totalmem() }
}

function lockModule(tool: PinnedTool, host: Host, step: StepHandle, signal: AbortSignal): Promise<() => void> {
  return acquireLock(moduleLock(TOOLS[tool.name].folder, host), {
    what: `building ${tool.name}`,
    onWait: (holder) =>
      step.update(`waiting for another run (process ${holder.pid}, ${holder.what} since ${holder.since})`),
    signal,
  })
}

/** Takes a lock per module so that a concurrent run waits and then finds the finished tool. */
async function withModule(
  tool: PinnedTool,
  host: Host,
  step: StepHandle,
  signal: AbortSignal,
  work: () => Promise<string>,
  onlyBuilt = false,
): Promise<string> {
  const release = await lockModule(tool, host, step, signal)
  try {
    const built = await findTool(tool, host, onlyBuilt)
    if (built) step.update('another run has made it')
    return built?.path ?? (await work())
  } finally {
    release()
  }
}
