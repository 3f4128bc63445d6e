import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { orElse } from '../../lib/or-else.ts'
import type { Tool } from './tool-table.ts'

/** Progress of a build. */
interface BuildCount {
  readonly downloads: number
  readonly packages: number
}

export interface GoBuild {
  readonly go: string
  readonly cwd: string
  readonly arguments: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
  readonly onCount: (count: BuildCount) => void
}

const KILL_AFTER_MS = 5_000

/**
 * Runs `go build -v`, writes its output to a log file and returns the exit code and the output. An abort sends SIGINT
 * to the process group so that Go removes its work folder. Compiled packages stay in Go's build cache, so the next run
 * continues from there.
 */
export async function runGoBuild(build: GoBuild, signal: AbortSignal): Promise<{ code: number; output: string }> {
  signal.throwIfAborted()
  const log = createWriteStream(build.logFile)
  log.write(`$ go ${build.arguments.join(' ')}\n`)
  const child = spawn(build.go, build.arguments, {
    cwd: build.cwd,
    env: build.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that Ctrl-C only reaches it through `signal`.
    detached: true,
  })
  const exited = once(child, 'close')
  const end = () => void endGroup(child.pid, exited)
  signal.addEventListener('abort', end, { once: true })
  try {
    const output: string[] = []
    const count = { downloads: 0, packages: 0 }
    const read = async (stream: NodeJS.ReadableStream) => {
      for await (const line of createInterface({ input: stream })) {
        log.write(`${line}\n`)
        if (line.startsWith('go: downloading ')) count.downloads++
        else if (/^[\w.~/-]+$/.test(line)) count.packages++
        else output.push(line)
        build.onCount(count)
      }
    }
    const [[code]] = await Promise.all([exited, read(child.stdout), read(child.stderr)])
    signal.throwIfAborted()
    return { code: typeof code === 'number' ? code : 1, output: output.join('\n') }
  } finally {
    signal.removeEventListener('abort', end)
    log.end()
    await finished(log)
  }
}

async function endGroup(pid: number | undefined, exited: Promise<unknown>): Promise<void> {
  if (pid === undefined) return
  signalGroup(pid, 'SIGINT')
  const killTimer = new AbortController()
  const exitHandled = exited.then(() => killTimer.abort())
  await delay(KILL_AFTER_MS, undefined, { signal: killTimer.signal }).then(
    () => signalGroup(pid, 'SIGKILL'),
    () => {},
  )
  await exitHandled
}

function signalGroup(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  // The process may have exited already.
  orElse(() => process.kill(-pid, name), false)
}

/** The pinned source of a tool, from its go.mod and go.sum. */
export interface GoModule {
  readonly folder: string
  /** The tool's version without the leading v. */
  readonly version: string
  /** The Go version that the module requires, such as `1.26.0`. */
  readonly go: string
  /** The packages in the `tool` lines. */
  readonly tools: readonly string[]
  /** The SHA-256 of both files. */
  readonly hash: string
}

/** Reads `tools/<folder>`; throws if the module does not pin the tool. */
export async function readGoModule(toolsFolder: string, tool: Pick<Tool, 'folder' | 'module'>): Promise<GoModule> {
  const folder = join(toolsFolder, tool.folder)
  const [mod, sum] = await Promise.all([
    readFile(join(folder, 'go.mod'), 'utf8'),
    readFile(join(folder, 'go.sum'), 'utf8'),
  ])
  const hash = createHash('sha256').update(mod).update('\0').update(sum).digest('hex')
  return { folder, ...parseGoMod(mod, tool.module), hash }
}

/** Parses the version of `module`, the go line and the tool lines of a go.mod. */
export function parseGoMod(text: string, module: string): Pick<GoModule, 'version' | 'go' | 'tools'> {
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, '').trim())
  const words = (line: string) => line.replace(/^require\s+/, '').split(/\s+/)
  const version = lines.map(words).find(([name, version]) => name === module && version?.startsWith('v'))?.[1]
  const go = lines.find((line) => line.startsWith('go '))?.slice(3)
  if (!version || !go) throw new Error(`go.mod does not pin a version of ${module}`)
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
