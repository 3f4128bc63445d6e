/** How the script for nodes ended. The code is null if a signal ended it, or it did not start. */
export interface ScriptResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What `--check` found on a node. */
export type Check =
  | { readonly is: 'in-order' }
  | { readonly is: 'different'; readonly why: string }
  | { readonly is: 'unknown'; readonly why: string }

/** What a run did to a node. */
export type Run =
  | { readonly is: 'done' }
  /** The kubelet was not healthy with the change, or the change failed. The next node would too. */
  | { readonly is: 'undone'; readonly why: string }
  /** Nothing was changed, for a reason of this node. */
  | { readonly is: 'refused'; readonly why: string }
  /** A signal ended the run. It was undone, or the next run undoes it. */
  | { readonly is: 'interrupted' }

/** The exit code of `--check` if a run would change the node (node/install.sh, `differs`). */
const DIFFERS = 3
/** Exit codes after a signal, when all was undone (node/install.sh, the traps of `main`). */
const SIGNALS: readonly (number | null)[] = [129, 130, 143]

export function judgeCheck(result: ScriptResult): Check {
  if (result.code === 0) return { is: 'in-order' }
  if (result.code === DIFFERS) {
    return { is: 'different', why: /^acr-nopass: a run would change this host: (.*)$/m.exec(result.stdout)?.[1] ?? '' }
  }
  return { is: 'unknown', why: reasonOf(result) }
}

/**
 * Judges a run. `isStopping`: the Pod ends, so a signal says nothing about the configuration. A run
 * that was killed has undone nothing yet; the next run of this node does so first.
 */
export function judgeRun(result: ScriptResult, isStopping: boolean): Run {
  if (result.code === 0) return { is: 'done' }
  if (result.code === null || (isStopping && SIGNALS.includes(result.code))) return { is: 'interrupted' }
  const isUndone = /^acr-nopass: NODE_UNDO(NE)?: /m.test(result.stderr)
  return { is: isUndone ? 'undone' : 'refused', why: reasonOf(result) }
}

/** The last message with a code: what a run did follows why it did so. */
function reasonOf({ code, stderr }: ScriptResult): string {
  const messages = [...stderr.matchAll(/^(?:acr-nopass: |\S+: )?(NODE_[A-Z_]+: .*)$/gm)].map(([, text = '']) => text)
  return messages.at(-1) ?? (stderr.trim().split('\n').at(-1) || `the script ended with ${code ?? 'a signal'}`)
}
