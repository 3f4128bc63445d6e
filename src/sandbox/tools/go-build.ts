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

interface GoBuild {
  readonly go: string
  readonly cwd: string
  readonly arguments: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
  readonly onProgress?: (text: string) => void
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
    let downloads = 0
    let packages = 0
    const read = async (stream: NodeJS.ReadableStream) => {
      for await (const line of createInterface({ input: stream })) {
        log.write(`${line}\n`)
        if (line.startsWith('go: downloading ')) downloads++
        else if (/^[\w.~/-]+$/.test(line)) packages++
        else output.push(line)
        build.onProgress?.(packages > 0 ? `${packages} packages compiled` : `${downloads} modules downloaded`)
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
  return { folder, version: pinnedVersion(mod, tool.module), hash }
}

/** Returns the version of `module` in a go.mod. */
export function pinnedVersion(text: string, module: string): string {
  const words = text.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require\s+/, '')
      .split(/\s+/),
  )
  const version = words.find(([name, version]) => name === module && version?.startsWith('v'))?.[1]
  if (!version) throw new Error(`go.mod does not pin a version of ${module}`)
  return version.slice(1)
}
