/** Why a Secret is written. */
export type WriteReason = 'missing' | 'rotated' | 'relabelled' | 'tampered' | 'adopted' | 'shrunk'

/** Why an object is left unchanged. */
type SkipReason =
  | 'not-targeted'
  | 'opted-out'
  | 'terminating'
  | 'foreign-secret'
  | 'foreign-list'
  | 'overlong-list'
  | 'kept-by-other'
  | 'left-attached'

/** Why a write has to wait. */
type WaitReason = 'no-credential' | 'last-good' | 'detaching' | 'conflict' | 'unreadable' | 'log-unread'

/**
 * The object and the version that were planned. The API server refuses the write if either differs
 * (docs/en/decisions.md#preconditions).
 */
interface Precondition {
  readonly uid: string
  readonly resourceVersion: string
}

/**
 * The write of one namespace's pull secret. `group` names the content. Without a precondition, the
 * Secret must not exist. `patch` writes only the content of an unchanged Secret of ours, which
 * costs the API server a quarter less than `apply`.
 */
export interface WriteSecret {
  readonly kind: 'writeSecret'
  readonly namespace: string
  readonly group: string
  readonly by: 'apply' | 'patch'
  readonly precondition: Precondition | undefined
  readonly reason: WriteReason
}

/** The write of one ServiceAccount's whole list. */
export interface WriteList {
  readonly kind: 'attach' | 'detach'
  readonly namespace: string
  readonly serviceAccount: string
  readonly precondition: Precondition
  /**
   * Undefined if the list is too long to cache. The writer then reads the list and removes our
   * entry.
   */
  readonly list: readonly string[] | undefined
}

/** One request to the API server. */
export type WriteAction = WriteSecret | WriteList

/** What to do about one namespace's Secret or one ServiceAccount. */
export type PlannedAction =
  | WriteAction
  | { readonly kind: 'current' }
  /** The helper is retired and our entries are removed. */
  | { readonly kind: 'none' }
  /** `entries`: length of an overlong list. */
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly manager?: string; readonly entries?: number }
  /** `until`: when to plan again, monotonic milliseconds. `ask`: what the wait is for. */
  | {
      readonly kind: 'wait'
      readonly reason: WaitReason
      readonly until?: number
      readonly manager?: string
      readonly ask?: Question
    }

/**
 * `log`: the helper's own copy must be read. `renew`: the Secret has credentials of these
 * registries that the log does not have.
 */
export type Question = 'log' | { readonly renew: readonly string[] }

export function isWrite(decision: PlannedAction): decision is WriteAction {
  return decision.kind === 'writeSecret' || decision.kind === 'attach' || decision.kind === 'detach'
}

/** Returns when to plan again even if nothing changes, monotonic milliseconds. */
export function untilOf(decision: PlannedAction): number | undefined {
  return decision.kind === 'wait' ? decision.until : undefined
}

/** The number of losses within `FIGHT_WINDOW_MS` that shows a conflicting writer. */
const FIGHT_LOSSES = 3
export const FIGHT_WINDOW_MS: number = 10 * 60_000
/** The pause between two attempts while another writer conflicts. */
const FIGHT_PAUSE_MS = 60_000

/**
 * Returns until when (monotonic) not to write an object that another writer keeps changing.
 * Undefined if the object may be written now.
 */
export function fightPause(losses: readonly number[], now: number): number | undefined {
  const recent = losses.filter((at) => now - at < FIGHT_WINDOW_MS)
  const last = recent.at(-1)
  if (recent.length < FIGHT_LOSSES || last === undefined || now >= last + FIGHT_PAUSE_MS) return undefined
  return last + FIGHT_PAUSE_MS
}
