import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type GoModule, readGoModule } from './go-build.ts'
import { isProgram } from './go-program.ts'
import { cacheFolder, type Host } from './host.ts'
import { TOOLS, type Tool, type ToolName } from './tool-table.ts'

/** The package and settings of a build. */
interface BuildPlan {
  readonly package: string
  /** The arguments of `go build` without output and package. */
  readonly arguments: readonly string[]
  readonly cgo: boolean
}

/** Returns the build plan of a tool at a version. */
export function buildPlan(tool: Tool, version: string): BuildPlan {
  const stamps = tool.stamp(version).map((setting) => `-X ${setting}`)
  const ldflags = ['-s -w', ...(tool.cgo ? ['-extldflags -static'] : []), ...stamps].join(' ')
  const tags = tool.tags ? ['-tags', tool.tags.join(',')] : []
  return {
    package: tool.package,
    arguments: ['-trimpath', '-buildvcs=false', ...tags, '-ldflags', ldflags],
    cgo: tool.cgo === true,
  }
}

/** Identifies a build by source, flags and platform. */
export function sourceKey(
  module: Pick<GoModule, 'hash'>,
  plan: BuildPlan,
  host: Pick<Host, 'platform' | 'arch'>,
): string {
  const parts = [module.hash, plan, host.platform, host.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** A tool and its pinned source. */
export type PinnedTool = Awaited<ReturnType<typeof pinnedTool>>

/** Reads the pinned source of a tool. */
export async function pinnedTool(name: ToolName, host: Host) {
  const tool = TOOLS[name]
  const module = await readGoModule(host.toolsFolder, tool)
  const plan = buildPlan(tool, module.version)
  const { folder: moduleFolder, version } = module
  return { name, version, plan, moduleFolder, source: sourceKey(module, plan, host) }
}

/** Finds a tool in the folder `ACR_NOPASS_TOOLS`, where its version is not checked, or in the cache. */
export async function findTool(tool: PinnedTool, host: Host) {
  const given = host.env.ACR_NOPASS_TOOLS && join(host.env.ACR_NOPASS_TOOLS, tool.name)
  if (given && (await isProgram(given))) return { path: given, source: 'ACR_NOPASS_TOOLS' }
  const folder = buildsFolder(tool.name, host)
  const key = (await readdir(folder).catch(() => [])).find((entry) => isBuildOf(tool, entry))
  return key === undefined ? undefined : { path: join(folder, key, tool.name), source: 'cache' }
}

/** The folder of a tool's builds in the cache, each in a folder of its own, which appears when the build is complete. */
export function buildsFolder(name: string, host: Host): string {
  return join(cacheFolder(host), 'tools', name)
}

/** The name of a build's folder. Any Go that builds the source builds the program. */
export function buildName({ source }: PinnedTool, goVersion: string): string {
  return `${source}-go${goVersion}`
}

export function isBuildOf(tool: PinnedTool, entry: string): boolean {
  return entry.startsWith(buildName(tool, ''))
}
