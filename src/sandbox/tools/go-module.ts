import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tool } from './tool-table.ts'

/** The pinned source of a tool: what its go.mod and go.sum say. */
export interface GoModule {
  readonly folder: string
  /** The tool's version, without the leading v. */
  readonly version: string
  /** The Go version that the module asks for, such as `1.26.0`. */
  readonly go: string
  /** The packages that `tool` lines declare. */
  readonly tools: readonly string[]
  /** SHA-256 over both files. */
  readonly hash: string
}

/** Reads `tools/<folder>`; throws when the module does not pin the tool (a mistake in the repository). */
export async function readGoModule(toolsFolder: string, tool: Pick<Tool, 'folder' | 'module'>): Promise<GoModule> {
  const folder = join(toolsFolder, tool.folder)
  const [mod, sum] = await Promise.all([
    readFile(join(folder, 'go.mod'), 'utf8'),
    readFile(join(folder, 'go.sum'), 'utf8'),
  ])
  const hash = createHash('sha256').update(mod).update('\0').update(sum).digest('hex')
  return { folder, ...parseGoMod(mod, tool.module), hash }
}

/** The version of `module`, the go line and the tool lines of a go.mod. */
export function parseGoMod(text: string, module: string): Pick<GoModule, 'version' | 'go' | 'tools'> {
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, '').trim())
  const words = (line: string) => line.replace(/^require\s+/, '').split(/\s+/)
  const version = lines.map(words).find(([name, version]) => name === module && version?.startsWith('v'))?.[1]
  const go = lines.find((line) => line.startsWith('go '))?.slice(3)
  if (!version || !go) throw new Error(`go.mod pins no version of ${module}`)
  return { version: version.slice(1), go, tools: toolLines(lines) }
}

function toolLines(lines: readonly string[]): string[] {
  const found: string[] = []
  let inBlock = false
  for (const line of lines) {
    if (inBlock && line === ')') inBlock = false
    else if (inBlock && line) found.push(line)
    else if (line === 'tool (') inBlock = true
    else if (line.startsWith('tool ')) found.push(line.slice(5).trim())
  }
  return found
}
