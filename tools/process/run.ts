import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, globSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { orElse } from '../../src/lib/or-else.ts'
import { isAlive, processId } from '../../src/lib/process-id.ts'
import { cacheFolder, type Host, readHost } from '../host.ts'
import { type Child, type ProcessSpec, startChild } from './child.ts'
import { cleanUpRun, RUN_VARIABLE } from './clean-up.ts'
import { addTrace, type LedgerContent, readLedger, type Trace, writeHead } from './ledger.ts'

/**
 * The processes, folders and control groups that one owner creates on the machine, which are
 * removed together.
 */
export type Run = Awaited<ReturnType<typeof openRun>>

/** The folders of the runs that this process has ended. */
const endedFolders: string[] = []
// Work that an interrupt has overtaken may create a folder again after the run was cleaned up.
process.once('exit', () => {
  for (const folder of endedFolders) rmSync(folder, { recursive: true, force: true })
})

/** Cleans up after dead runs and starts a new one. The folder of the ledgers must outlive it. */
export async function openRun(ledgers: string = ledgerFolder()) {
  mkdirSync(ledgers, { recursive: true, mode: 0o700 })
  await sweepDeadRuns(ledgers)
  const id = randomBytes(4).toString('hex')
  const ledger = join(ledgers, `${id}.ledger`)
  const folder = join(tmpdir(), `acr-nopass-${id}`)
  writeHead(ledger, { run: id, owner: processId(process.pid) })
  addTrace(ledger, { kind: 'folder', path: folder })
  mkdirSync(folder, { mode: 0o700 })
  const dismissGuard = startGuard(ledger)
  const ended = new AbortController()
  let ending: Promise<void> | undefined
  const end = (): Promise<void> => {
    ended.abort()
    const kept = process.env.ACR_NOPASS_TEST_LOGS
    if (!ending) {
      keepLogs(folder, kept && join(kept, id))
      endedFolders.push(folder)
    }
    ending ??= cleanUpRun(ledger).finally(dismissGuard)
    return ending
  }
  return {
    id,
    /**
     * The folder of all files of the run. Its path is short, because the paths of Unix sockets are
     * limited.
     */
    folder,
    ledger,
    /** Records a trace. Must be called before the thing is created. */
    record: (trace: Trace) => addTrace(ledger, trace),
    /**
     * Starts a child that never outlives the run, even if the owner is killed. By default the child
     * logs to `<name>.log`.
     */
    start: async (spec: Omit<ProcessSpec, 'logFile'> & { logFile?: string }): Promise<Child> => {
      ended.signal.throwIfAborted()
      const env = { ...(spec.env ?? programEnvironment(process.env)), [RUN_VARIABLE]: id }
      const child = await startChild({ logFile: join(folder, `${spec.name}.log`), ...spec, env })
      addTrace(ledger, { kind: 'process', id: child.id, disposable: spec.disposable ?? false })
      return child
    },
    /** Aborts when the run begins to end, for watches and timers that belong to it. */
    ended: ended.signal,
    /** Stops all processes and removes all traces. Safe to call twice. */
    end,
    [Symbol.asyncDispose]: end,
  }
}

/** Cleans up after runs whose owner is dead. Returns their IDs. */
export async function sweepDeadRuns(ledgers: string = ledgerFolder()): Promise<string[]> {
  const dead = readLedgers(ledgers).filter(({ owner }) => !isAlive(owner))
  for (const { file } of dead) await cleanUpRun(file)
  return dead.map(({ run }) => run)
}

/**
 * Returns the environment of a program of the run: PATH, and, if set, how often a Go program
 * collects garbage. Most programs are Go programs.
 */
function programEnvironment({ PATH = '', GOGC, GOMEMLIMIT }: NodeJS.ProcessEnv): Record<string, string> {
  return { PATH, ...(GOGC !== undefined && { GOGC }), ...(GOMEMLIMIT !== undefined && { GOMEMLIMIT }) }
}

/** Reads the ledgers of all runs, including dead runs. */
export function readLedgers(ledgers: string = ledgerFolder()): (LedgerContent & { readonly file: string })[] {
  const files = orElse(() => readdirSync(ledgers), []).filter((name) => name.endsWith('.ledger'))
  return files.flatMap((name) => {
    const file = join(ledgers, name)
    const content = readLedger(file)
    return content ? [{ file, ...content }] : []
  })
}

export function ledgerFolder(host: Pick<Host, 'env' | 'home'> = readHost()): string {
  return join(cacheFolder(host), 'runs')
}

/** Copies the logs of a run that is about to be removed, for the analysis of failed tests. */
function keepLogs(folder: string, target: string | undefined): void {
  if (!target) return
  for (const file of globSync('**/*.log', { cwd: folder })) {
    const copy = join(target, file)
    try {
      mkdirSync(dirname(copy), { recursive: true })
      copyFileSync(join(folder, file), copy)
    } catch {
      // The file may have been removed. A failed copy must not prevent the run from ending.
    }
  }
}

/**
 * Starts a process that cleans up when its owner dies. The process waits in its own session until
 * the pipe from the owner closes, which the kernel does even after `kill -9`. Until then the
 * process is a shell of 1 MB, and not a second Node. Returns a function that stops the process
 * after the run was cleaned up.
 */
function startGuard(ledger: string): () => void {
  const wait = 'trap "" INT TERM HUP QUIT; while read -r _; do :; done; exec "$@"'
  const main = fileURLToPath(new URL('guard/main.ts', import.meta.url))
  const child = spawn('/bin/sh', ['-c', wait, 'acr-nopass-guard', process.execPath, main, ledger], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
    cwd: '/',
  })
  child.unref()
  const { stdin } = child
  // The guard must not keep an idle owner alive.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  stdin.on('error', () => undefined)
  return () => void child.kill('SIGKILL')
}
