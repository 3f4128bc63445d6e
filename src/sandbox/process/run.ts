import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, globSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isAlive, processId } from '../../lib/process-id.ts'
import { cacheFolder, readHost } from '../tools/host.ts'
import { type Child, type ProcessSpec, startChild } from './child.ts'
import { startGuard } from './guard.ts'
import { addTrace, dropTrace, readLedger, type Trace, writeHead } from './ledger.ts'
import { RUN_VARIABLE, takeBackRun } from './take-back.ts'

/** All that one owner has put into the machine, and the one place that takes it back. */
export interface Run {
  readonly id: string
  /** Everything that the run writes; short, so that Unix sockets in it have names that fit. */
  readonly folder: string
  readonly ledger: string
  /** Starts a child that never outlives the run, however that ends; its log is `<name>.log` in the folder unless told. */
  start(spec: Omit<ProcessSpec, 'logFile'> & { logFile?: string }): Promise<Child>
  /** Writes down what is about to be done; to be called before doing it. */
  record(trace: Trace): void
  /** It was taken back already. */
  forget(trace: Trace): void
  /** Aborted when the run begins to end: what else its owner does for it (watches, timers) ends with it. */
  readonly ended: AbortSignal
  /** Ends all processes, takes back all traces, removes the folder. Safe to call twice. */
  end(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RunOptions {
  /** Where ledgers lie; they must survive the run (default: `runs` in the user's cache). */
  readonly ledgers?: string | undefined
}

/** Begins a run, after what dead runs have left behind was taken back. */
export async function openRun(options: RunOptions = {}): Promise<Run> {
  const ledgers = options.ledgers ?? defaultLedgers()
  mkdirSync(ledgers, { recursive: true, mode: 0o700 })
  await sweepDeadRuns(ledgers)
  const id = randomBytes(4).toString('hex')
  const ledger = join(ledgers, `${id}.jsonl`)
  const folder = join(tmpdir(), `acr-nopass-${id}`)
  writeHead(ledger, { run: id, owner: processId(process.pid) })
  addTrace(ledger, { kind: 'folder', path: folder })
  // others may pass through but not look: a Pod's process that runs as another user has its files in here
  mkdirSync(folder, { mode: 0o711 })
  const guard = startGuard(ledger)
  const ended = new AbortController()
  let ending: Promise<void> | undefined
  const end = (): Promise<void> => {
    ended.abort()
    const kept = process.env.ACR_NOPASS_TEST_LOGS
    if (!ending) keepLogs(folder, kept && join(kept, id))
    ending ??= takeBackRun(ledger).finally(() => guard.dismiss())
    return ending
  }
  return {
    id,
    folder,
    ledger,
    record: (trace) => addTrace(ledger, trace),
    forget: (trace) => dropTrace(ledger, trace),
    start: async (spec) => {
      ended.signal.throwIfAborted()
      return startRecorded(id, ledger, { logFile: join(folder, `${spec.name}.log`), ...spec })
    },
    ended: ended.signal,
    end,
    [Symbol.asyncDispose]: end,
  }
}

/** Takes back what runs whose owner is dead have left behind; the names of these runs. */
export async function sweepDeadRuns(ledgers: string = defaultLedgers()): Promise<string[]> {
  const dead = listLedgers(ledgers).flatMap((file) => {
    const content = readLedger(file)
    return content && !isAlive(content.owner) ? [{ file, run: content.run }] : []
  })
  for (const { file } of dead) await takeBackRun(file)
  return dead.map(({ run }) => run)
}

async function startRecorded(id: string, ledger: string, spec: ProcessSpec): Promise<Child> {
  const env = { ...(spec.env ?? { PATH: process.env.PATH ?? '' }), [RUN_VARIABLE]: id }
  const child = await startChild({ ...spec, env })
  const trace: Trace = { kind: 'process', id: child.id, name: spec.name, disposable: spec.disposable ?? false }
  addTrace(ledger, trace)
  void child.exited.then(() => existsSync(ledger) && dropTrace(ledger, trace))
  return child
}

function listLedgers(ledgers: string): string[] {
  try {
    return readdirSync(ledgers)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => join(ledgers, name))
  } catch {
    return []
  }
}

function defaultLedgers(): string {
  return join(cacheFolder(readHost()), 'runs')
}

/** Copies the programs' logs of a run that is about to be removed: a failing test names them. */
function keepLogs(folder: string, target: string | undefined): void {
  if (!target) return
  for (const file of globSync('**/*.log', { cwd: folder })) {
    const copy = join(target, file)
    try {
      mkdirSync(dirname(copy), { recursive: true })
      copyFileSync(join(folder, file), copy)
    } catch {
      // Its program has just removed it; a log must never keep a run from ending.
    }
  }
}
