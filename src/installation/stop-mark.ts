import { parseObject, textOf } from '../lib/json.ts'
import { printable } from '../printable.ts'

/** Why no further node is changed: a change was undone on one of them. */
export interface StopMark {
  readonly node: string
  /** The hash of the configuration that failed. Only this configuration is stopped. */
  readonly config: string
  readonly why: string
  /** RFC 3339, by the clock of the node. */
  readonly at: string
}

/**
 * Reads the annotation of the DaemonSet's Lease. Undefined: there is no mark. `null`: the mark
 * cannot be read, so it stops every configuration.
 */
export function parseStopMark(annotation: string | undefined): StopMark | null | undefined {
  if (annotation === undefined || annotation === '') return undefined
  const mark = parseObject(annotation)
  if (typeof mark?.config !== 'string') return null
  const [node, at] = [textOf(mark.node).slice(0, LONGEST_NAME), textOf(mark.at).slice(0, LONGEST_NAME)]
  return { node, config: mark.config, why: textOf(mark.why), at }
}

/** Kubernetes' longest name of an object. A longer one was not written by the DaemonSet. */
const LONGEST_NAME = 253

/** A script's message may quote a file or a program of the node (characters). */
const LONGEST_REASON = 400

/** Returns what the script did on the node, as the end of a sentence, and why. */
export function describeStopMark({ why }: StopMark) {
  // A credential that is cut would not be recognized any more.
  const whole = printable(why)
  const isUndone = !whole.startsWith('NODE_UNDO:')
  return {
    isUndone,
    deed: isUndone ? 'undid its change' : 'could not undo its change',
    why: whole.length > LONGEST_REASON ? `${whole.slice(0, LONGEST_REASON)} …` : whole.replace(/\.$/, ''),
  }
}
