import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { orElse } from '../../lib/or-else.ts'
import type { ProcessId } from '../../lib/process-id.ts'

/** Something that a run creates on the machine and has to remove. It is recorded before it is created. */
export type Trace =
  | { readonly kind: 'process'; readonly id: ProcessId; readonly name: string; readonly disposable: boolean }
  /** A folder and its content. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A control group of the sandbox and everything below it; its processes are killed. */
  | { readonly kind: 'cgroup'; readonly path: string }

/** The first line of a ledger. */
export interface LedgerHead {
  readonly run: string
  readonly owner: ProcessId
}

export interface LedgerContent extends LedgerHead {
  /** The traces that were not removed yet, in the order of creation. */
  readonly traces: readonly Trace[]
}

/** Creates a ledger. Writes are synchronous and whole lines, so a crash at any moment leaves a readable file. */
export function writeHead(file: string, head: LedgerHead): void {
  writeFileSync(file, `${JSON.stringify(head)}\n`, { mode: 0o600, flag: 'wx' })
}

export function addTrace(file: string, trace: Trace): void {
  append(file, `${JSON.stringify({ add: trace })}\n`)
}

/** Records that a trace was removed. */
export function dropTrace(file: string, trace: Trace): void {
  append(file, `${JSON.stringify({ drop: trace })}\n`)
}

/** Does not create the file, because a run without a ledger has ended. */
function append(file: string, line: string): void {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND)
  try {
    writeSync(descriptor, line)
  } finally {
    closeSync(descriptor)
  }
}

/** Returns undefined without a first line, because then the owner died before it created anything. */
export function readLedger(file: string): LedgerContent | undefined {
  const text = orElse(() => readFileSync(file, 'utf8'), '')
  const [first, ...rest] = text.split('\n').map(parseLine)
  if (!first || !('owner' in first)) return undefined
  const traces = new Map<string, Trace>()
  for (const line of rest) {
    if (line && 'add' in line) traces.set(JSON.stringify(line.add), line.add)
    if (line && 'drop' in line) traces.delete(JSON.stringify(line.drop))
  }
  return { ...first, traces: [...traces.values()] }
}

/** Undefined for the last line, which may be incomplete after a crash. */
function parseLine(line: string): LedgerHead | { add: Trace } | { drop: Trace } | undefined {
  return orElse(() => JSON.parse(line), undefined)
}
