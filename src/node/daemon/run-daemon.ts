import { NopassError, toNopassError } from '../../errors.ts'
import { judgeCheck, judgeRun, type ScriptResult } from './judge-script.ts'
import { findStop } from './stop-mark.ts'
import type { Turns } from './turns.ts'

/** What the Pod knows of its node. It is ready if the node was seen as the values want it. */
export interface NodeState {
  readonly ready: boolean
  /** One line. */
  readonly text: string
}

export interface DaemonOptions {
  readonly node: string
  /** The hash of what would be installed. */
  readonly config: string
  /** True to remove everything. */
  readonly remove: boolean
  /** Runs the script for nodes with these arguments. Never rejects. */
  readonly runScript: (args: readonly string[], signal: AbortSignal) => Promise<ScriptResult>
  readonly turns: Turns
  readonly now: () => Date
  readonly onState: (state: NodeState) => void
  /** Called with each run that may have changed the node. */
  readonly onRun: (result: ScriptResult) => void
  /** Waits this long, or until a file of the kubelet changes (milliseconds). */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** How often a node is checked that is as it should be, and a node that is not (milliseconds). */
export const CHECK_MS = 5 * 60_000
export const RETRY_MS = 60_000

/**
 * Keeps one node as the values want it, until the signal aborts. A run of the script needs a turn,
 * and `--check` needs none. After a change was undone, no node is changed with that configuration.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const state = await keepNode(options, signal).catch((error: unknown) => describeError(toNopassError(error)))
    if (signal.aborted) return
    options.onState(state)
    await options.pause(state.ready ? CHECK_MS : RETRY_MS, signal).catch(() => undefined)
  }
}

async function keepNode(options: DaemonOptions, signal: AbortSignal): Promise<NodeState> {
  const { node, config, remove, runScript, turns, now, onState, onRun } = options
  const mode = remove ? ['--remove'] : []
  const check = async () => judgeCheck(await runScript([...mode, '--check'], signal))
  const found = await check()
  if (found.is !== 'different') return describeCheck(found, remove)
  const readStop = async () => findStop(await turns.readStop(signal), config)
  const stopped = await readStop()
  if (stopped !== undefined) return describeStop(stopped)
  onState({ ready: false, text: `waiting for the turn of this node; to change: ${found.why}` })
  let after: NodeState | undefined
  await turns.take(async () => {
    // Another node may have failed while this one waited.
    const stop = await readStop()
    if (stop !== undefined) {
      after = describeStop(stop)
      return
    }
    const result = await runScript(mode, signal)
    onRun(result)
    const run = judgeRun(result, signal.aborted)
    if (run.is === 'undone') {
      await turns.writeStop({ node, config, why: run.why, at: now().toISOString() }, signal)
      after = describeStop(`node ${node}: ${run.why}`)
    }
    if (run.is === 'refused') after = { ready: false, text: run.why }
  }, signal)
  return after ?? describeCheck(await check(), remove)
}

function describeCheck(check: ReturnType<typeof judgeCheck>, remove: boolean): NodeState {
  if (check.is === 'in-order') {
    return {
      ready: true,
      text: remove ? 'the program is removed' : 'the node has the program and the kubelet is healthy',
    }
  }
  return { ready: false, text: check.is === 'different' ? `to change: ${check.why}` : check.why }
}

function describeStop(why: string): NodeState {
  return describeError(new NopassError('NODE_STOPPED', `no further node is changed with these values: ${why}`))
}

function describeError({ code, message, hint }: NopassError): NodeState {
  return { ready: false, text: `${code}: ${message}; fix: ${hint}` }
}
