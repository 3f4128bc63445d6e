import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How far a build is. */
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
 * Runs `go build -v` with its output in a log file. Answers the exit code and the output. When aborted, the whole process group gets SIGINT, so
 * that Go removes its work folder; what it compiled stays in its build cache and the next run goes on from there.
 */
export async function runGoBuild(build: GoBuild, signal: AbortSignal): Promise<{ code: number; output: string }> {
  signal.throwIfAborted()
  const log = createWriteStream(build.logFile)
  log.write(`$ go ${build.arguments.join(' ')}\n`)
  const child = spawn(build.go, build.arguments, {
    cwd: build.cwd,
    env: build.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: a Ctrl-C of the terminal reaches it once, through us.
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
  const slow = new AbortController()
  const ended = exited.then(() => slow.abort())
  await delay(KILL_AFTER_MS, undefined, { signal: slow.signal }).then(
    () => signalGroup(pid, 'SIGKILL'),
    () => {},
  )
  await ended
}

function signalGroup(pid: number, name: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name)
  } catch {
    // It ended by itself.
  }
}
