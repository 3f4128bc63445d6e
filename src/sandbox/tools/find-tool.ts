import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isProgram } from './go-program.ts'
import { cacheFolder, type Host, pathFolders } from './host.ts'
import type { InstalledProgram, ToolName } from './tool-table.ts'

/** A program and where it was found. */
export interface FoundTool {
  readonly path: string
  readonly source: 'ACR_NOPASS_TOOLS' | 'KUBEBUILDER_ASSETS' | 'HELM' | 'PATH' | 'cache'
}

const run = promisify(execFile)

/** Finds a tool in the folder `ACR_NOPASS_TOOLS`; its version is not checked. */
export async function findGiven(name: ToolName, host: Host): Promise<FoundTool | undefined> {
  const folder = host.env.ACR_NOPASS_TOOLS
  if (!folder) return undefined
  const path = join(folder, name)
  return (await isProgram(path)) ? { path, source: 'ACR_NOPASS_TOOLS' } : undefined
}

/** Finds a build of this source in the cache, by this version of Go or, if undefined, by any. */
export async function findBuilt(
  name: ToolName,
  source: string,
  go: string | undefined,
  host: Host,
): Promise<FoundTool | undefined> {
  const folder = join(cacheFolder(host), 'tools', name)
  const keys = await readdir(folder).catch(() => [])
  const key = keys.find((entry) => (go ? entry === `${source}-go${go}` : entry.startsWith(`${source}-go`)))
  if (!key) return undefined
  const path = join(folder, key, name)
  return (await isProgram(path)) ? { path, source: 'cache' } : undefined
}

/** Finds an installed program of exactly this version. */
export async function findInstalled(
  installed: InstalledProgram,
  version: string,
  host: Host,
  signal: AbortSignal,
): Promise<FoundTool | undefined> {
  for (const candidate of candidates(installed, host)) {
    if (!(await isProgram(candidate.path))) continue
    const output = await run(candidate.path, [...installed.versionArgs], { timeout: 10_000, signal }).catch(
      () => undefined,
    )
    if (output && hasVersion(output.stdout, version)) return candidate
  }
  return undefined
}

/** Whether the output of `--version` contains this version: for `4.3.1` also `v4.3.1+g0a1b`, not `4.3.1-rc.1`. */
export function hasVersion(output: string, version: string): boolean {
  return new RegExp(`(?<![\\w.-])v?${version.replaceAll('.', '\\.')}(?![\\w.-])`).test(output)
}

function candidates(installed: InstalledProgram, host: Host): FoundTool[] {
  const found: FoundTool[] = []
  const { program, variable } = installed
  const value = variable && host.env[variable.name]
  if (value) {
    const path = variable.is === 'folder' ? join(value, program) : value
    found.push({ path, source: variable.name === 'HELM' ? 'HELM' : 'KUBEBUILDER_ASSETS' })
  }
  for (const folder of pathFolders(host.env)) found.push({ path: join(folder, program), source: 'PATH' })
  return found
}
