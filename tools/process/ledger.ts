import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { orElse } from '../../src/lib/or-else.ts'
import type { ProcessId } from '../../src/lib/process-id.ts'

/**
 * Something that a run creates on the machine and has to remove. The record is written before the
 * creation.
 */
export type Trace =
  | { readonly kind: 'process'; readonly id: ProcessId; readonly disposable: boolean }
  /** A folder and its content. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A control group of the sandbox and everything below it; its processes are killed. */
  | { readonly kind: 'cgroup'; readonly path: string }
  /** Nothing to remove: the owner keeps a sandbox up until `down`. */
  | { readonly kind: 'up' }

/** The first line of a ledger. */
export interface LedgerHead {
  readonly run: string
  readonly owner: ProcessId
}

export interface LedgerContent extends LedgerHead {
  /** The traces in the order of their creation, including processes that have exited. */
  readonly traces: readonly Trace[]
}

/**
 * Creates a ledger. Writes are synchronous and whole lines, so a crash at any moment leaves a
 * readable file.
 */
export function writeHead(file: string, head: LedgerHead): void {
  writeFileSync(file, `${JSON.stringify(head)}\n`, { mode: 0o600, flag: 'wx' })
}

/** Adds a trace. Does not create the file, because a run without a ledger has ended. */
export function addTrace(file: string, trace: Trace): void {
  const descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND)
  try {
    writeSync(descriptor, `${JSON.stringify(trace)}\n`)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Returns undefined without a first line, because then the owner died before it created anything.
 */
export function readLedger(file: string): LedgerContent | undefined {
  const text = orElse(() => readFileSync(file, 'utf8'), '')
  // The last line may be incomplete after a crash.
  const [head, ...traces] = text.split('\n').flatMap((line) => orElse(() => [JSON.parse(line)], []))
  return head && { ...head, traces }
}
