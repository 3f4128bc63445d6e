import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../../src/version.ts'
import { cacheFolder, type Host } from '../host.ts'
import { isProgram } from './go-program.ts'
import { TOOLS, type Tool, type ToolName } from './tool-table.ts'

/** The package and settings of a build. */
interface BuildPlan {
  readonly package: string
  /** The arguments of `go build` without output and package. */
  readonly arguments: readonly string[]
  readonly cgo: boolean
  readonly target?: 'linux'
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
    ...(tool.target && { target: tool.target }),
  }
}

/** Identifies a build by the hash of its source, flags and platform. */
export function sourceKey(hash: string, plan: BuildPlan, host: Pick<Host, 'platform' | 'arch'>): string {
  const parts = [hash, plan, host.platform, host.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** A tool and its pinned source. */
export type PinnedTool = Awaited<ReturnType<typeof pinnedTool>>

/**
 * Reads the pinned source of a tool: `tools/<folder>`. Throws if the module does not pin the tool.
 */
export async function pinnedTool(name: ToolName, host: Pick<Host, 'toolsFolder' | 'platform' | 'arch'>) {
  const tool = TOOLS[name]
  const moduleFolder = join(host.toolsFolder, tool.folder)
  const names = ['go.mod', tool.module === undefined ? 'main.go' : 'go.sum']
  const files = await Promise.all(names.map((file) => readFile(join(moduleFolder, file), 'utf8')))
  const version = tool.module === undefined ? VERSION : pinnedVersion(files[0] ?? '', tool.module)
  const plan = buildPlan(tool, version)
  const hash = createHash('sha256').update(files.join('\0')).digest('hex')
  return { name, version, plan, moduleFolder, source: sourceKey(hash, plan, host) }
}

/** Returns the version of `module` in a go.mod, without the leading v. */
export function pinnedVersion(text: string, module: string): string {
  const line = new RegExp(`^(?:require)?\\s+${module.replaceAll('.', '\\.')}\\s+v(\\S+)`, 'm')
  const version = line.exec(text)?.[1]
  if (!version) throw new Error(`go.mod does not pin a version of ${module}`)
  return version
}

/**
 * Finds a tool in the folder `ACR_NOPASS_TOOLS`, where its version is not checked, or in the cache.
 * With `onlyBuilt` a downloaded program does not count.
 */
export async function findTool(tool: PinnedTool, host: Host, onlyBuilt = false) {
  const given = host.env.ACR_NOPASS_TOOLS && join(host.env.ACR_NOPASS_TOOLS, tool.name)
  if (given && (await isProgram(given))) return { path: given, source: 'ACR_NOPASS_TOOLS' }
  const folder = buildsFolder(tool.name, host)
  const entries = await readdir(folder).catch(() => [])
  const isRelease = (entry: string): boolean => entry === releaseFolder(tool)
  const built = entries.find((entry) => isBuildOf(tool, entry) && !isRelease(entry))
  if (built !== undefined) return { path: join(folder, built, tool.name), source: 'built' }
  const release = onlyBuilt ? undefined : entries.find(isRelease)
  return release === undefined ? undefined : { path: join(folder, release, tool.name), source: 'downloaded' }
}

/**
 * Returns the cache folder with a tool's builds. Each build has a folder of its own, which appears
 * when the build is complete.
 */
export function buildsFolder(name: string, host: Host): string {
  return join(cacheFolder(host), 'tools', name)
}

/** The name of the folder with the downloaded program of a tool. */
export function releaseFolder({ source }: PinnedTool): string {
  return `${source}-release`
}

/**
 * True if the folder contains this build. Any Go version may have built it; older folders end with
 * the version of Go.
 */
export function isBuildOf({ source }: PinnedTool, entry: string): boolean {
  return entry.startsWith(source)
}
