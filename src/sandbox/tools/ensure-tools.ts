import { execFile } from 'node:child_process'
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { acquireLock } from '../../../tools/bootstrap/lock.mjs'
import { NopassError } from '../../errors.ts'
import { formatDuration } from '../../lib/format-duration.ts'
import type { Progress } from '../progress.ts'
import { buildTool, type ToolBuild } from './build-tool.ts'
import { type FoundTool, findBuilt, findGiven, findInstalled } from './find-tool.ts'
import { type GoModule, readGoModule } from './go-build.ts'
import { checkCompiler, findGo, type GoProgram } from './go-program.ts'
import { cacheFolder, type Host, readHost } from './host.ts'
import { type BuildPlan, buildKey, buildPlan, effectiveGo, sourceKey } from './tool-key.ts'
import { TOOLS, type ToolName } from './tool-table.ts'

/** The absolute paths of the requested tools, and of no others. */
export type ToolPaths = Readonly<Record<ToolName, string>>

export interface EnsureOptions {
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly host?: Host
}

/** A tool and its pinned source. */
export interface PinnedTool {
  readonly name: ToolName
  readonly module: GoModule
  readonly plan: BuildPlan
  readonly source: string
}

/**
 * Finds the named tools, builds the missing ones, and returns the paths of all.
 * @throws GO_MISSING, GO_TOO_OLD, NO_C_COMPILER, NO_DISK_SPACE, TOOL_NOT_HERE and the codes of `buildFailure`
 */
export async function ensureTools(names: readonly ToolName[], options: EnsureOptions): Promise<ToolPaths> {
  const { progress, signal, host = readHost() } = options
  const tools = await Promise.all([...new Set(names)].map((name) => pinnedTool(name, host)))
  const go = await findGo(host, signal).catch((error: unknown) => error)
  const paths: Partial<Record<ToolName, string>> = {}
  const missing: PinnedTool[] = []
  for (const tool of tools) {
    const found = await findTool(tool, isGo(go) ? go : undefined, host, signal)
    if (found) paths[tool.name] = found.path
    else missing.push(tool)
  }
  if (missing.length > 0) {
    if (!isGo(go)) throw go
    for (const { name } of missing) checkPlatform(name, host)
    if (missing.some(({ plan }) => plan.cgo)) await checkCompiler(go, host, signal)
    await checkSpace(
      missing.map(({ name }) => name),
      host,
      go,
      signal,
    )
    const builds = missing.map((tool) => toBuild(tool, go, host))
    progress.note(announce(builds))
    for (const build of builds) paths[build.name] = await buildLocked(build, host, progress, signal)
  }
  return paths as ToolPaths
}

/** Reads the pinned source of a tool. */
export async function pinnedTool(name: ToolName, host: Host): Promise<PinnedTool> {
  const tool = TOOLS[name]
  const module = await readGoModule(host.toolsFolder, tool)
  const plan = buildPlan(tool, module.version)
  return { name, module, plan, source: sourceKey(module, plan, host) }
}

/** Looks for a tool in `ACR_NOPASS_TOOLS`, the cache and the machine; without Go any cached build is accepted. */
export async function findTool(
  tool: PinnedTool,
  go: GoProgram | undefined,
  host: Host,
  signal: AbortSignal,
): Promise<FoundTool | undefined> {
  const given = await findGiven(tool.name, host)
  if (given) return given
  const built = await findBuilt(tool.name, tool.source, go && effectiveGo(go.version, tool.module), host)
  if (built) return built
  const { installed } = TOOLS[tool.name]
  return installed && findInstalled(installed, tool.module.version, host, signal)
}

function isGo(value: unknown): value is GoProgram {
  return !(value instanceof Error) && typeof value === 'object'
}

function checkPlatform(name: ToolName, host: Host): void {
  if (TOOLS[name].linuxOnly && host.platform !== 'linux') {
    throw new NopassError('TOOL_NOT_HERE', `${name} runs on Linux only; this machine is ${host.platform}`)
  }
}

function toBuild(tool: PinnedTool, go: GoProgram, host: Host): ToolBuild {
  const { name, module, plan } = tool
  // Compiling scales with the cores, linking does not.
  const scale = Math.max(0.4, 2 / host.cores)
  const estimate = TOOLS[name].seconds * 1000 * scale
  return { name, module, plan, go, estimate, key: buildKey(tool.source, effectiveGo(go.version, module)) }
}

function announce(builds: readonly ToolBuild[]): string {
  const total = builds.reduce((sum, build) => sum + build.estimate, 0)
  const names = builds.map(({ name, module }) => `${name} ${module.version}`).join(', ')
  return `To build once, about ${formatDuration(total)}: ${names}`
}

/** Takes a lock per module so that a concurrent run waits and then finds the finished tool. */
async function buildLocked(build: ToolBuild, host: Host, progress: Progress, signal: AbortSignal): Promise<string> {
  return progress.step(`build ${build.name} ${build.module.version}`, async (step) => {
    const lock = join(cacheFolder(host), 'locks', `${build.module.folder.split('/').at(-1)}.lock`)
    const release = await acquireLock(lock, {
      what: `building ${build.name}`,
      onWait: (holder) =>
        step.update(`waiting for another run (process ${holder.pid}, ${holder.what} since ${holder.since})`),
      signal,
    })
    try {
      const [source = '', go] = build.key.split('-go')
      const built = await findBuilt(build.name, source, go, host)
      if (built) step.update('another run has built it')
      return built?.path ?? (await buildTool(build, host, step, signal))
    } finally {
      release()
    }
  })
}

const run = promisify(execFile)

/** Checks the free space in Go's caches and in the sandbox's. @throws NO_DISK_SPACE */
async function checkSpace(names: readonly ToolName[], host: Host, go: GoProgram, signal: AbortSignal): Promise<void> {
  const need = names.reduce((sum, name) => sum + TOOLS[name].megabytes, 0)
  const cache = cacheFolder(host)
  await mkdir(cache, { recursive: true })
  const { stdout } = await run(go.path, ['env', 'GOCACHE', 'GOMODCACHE'], { cwd: '/', env: host.env, signal })
  for (const folder of [cache, ...stdout.trim().split('\n')]) {
    const free = await freeMegabytes(folder)
    if (free !== undefined && free < need) {
      throw new NopassError(
        'NO_DISK_SPACE',
        `${folder} has ${free} MB free; building ${names.join(', ')} takes up to ${need} MB`,
      )
    }
  }
}

/** The free space for this user in MB; undefined if the folder does not exist yet. */
async function freeMegabytes(folder: string): Promise<number | undefined> {
  const facts = await statfs(folder).catch(() => undefined)
  return facts && Math.floor((facts.bavail * facts.bsize) / 1e6)
}
