/** Why a Secret is written. */
export type WriteReason = 'missing' | 'rotated' | 'relabelled' | 'tampered' | 'adopted' | 'shrunk'

/** Why nothing is done about an object that exists. */
type SkipReason =
  | 'not-targeted'
  | 'opted-out'
  | 'terminating'
  | 'foreign-secret'
  | 'foreign-list'
  | 'overlong-list'
  | 'kept-by-other'

/** What has to come first. */
type WaitReason = 'no-credential' | 'last-good' | 'detaching' | 'fought' | 'unreadable'

/** The object that the plan was made for: the write of any other is refused (docs/en/decisions.md#preconditions). */
interface Precondition {
  readonly uid: string
  readonly resourceVersion: string
}

/**
 * Entries that stay as that very Secret has them, because ours are older or there are none: they are read out of it for this write
 * (docs/en/decisions.md#last-good).
 */
export interface Carry {
  readonly names: readonly string[]
  /** Names what is put together, so that it is done once. */
  readonly mixture: string
}

/**
 * The write of one namespace's pull secret; `group` names the content. Without a precondition it must not exist. `patch`: only the
 * content of a Secret of ours that is as we left it, which costs an API server a quarter less than to `apply` all of it.
 */
export interface WriteSecret {
  readonly kind: 'writeSecret'
  readonly namespace: string
  readonly group: string
  readonly by: 'apply' | 'patch'
  readonly precondition: Precondition | undefined
  readonly reason: WriteReason
  readonly carry?: Carry
  /** Registries of which it holds a newer credential than we do. */
  readonly newer?: readonly string[]
}

/** The write of one ServiceAccount's whole list. */
export interface WriteList {
  readonly kind: 'attach' | 'detach'
  readonly namespace: string
  readonly serviceAccount: string
  readonly precondition: Precondition
  /** Undefined: too long to keep; it is read again for this write, and our entry taken out. */
  readonly list: readonly string[] | undefined
}

/** One request to the API server. */
export type WriteAction = WriteSecret | WriteList

/** What is to be done about one namespace's Secret or one ServiceAccount. */
export type Decision =
  | WriteAction
  /** `newer`: as of a write. `until`: when that one may have ended. */
  | { readonly kind: 'current'; readonly newer?: readonly string[]; readonly until?: number }
  /** Taken back, or nothing of ours there. */
  | { readonly kind: 'none' }
  /** `entries`: of an overlong list. */
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly manager?: string; readonly entries?: number }
  /** `until`: monotonic milliseconds, when time alone decides. */
  | {
      readonly kind: 'wait'
      readonly reason: WaitReason
      readonly until?: number
      readonly manager?: string
      readonly newer?: readonly string[]
    }

export function isWrite(decision: Decision): decision is WriteAction {
  return decision.kind === 'writeSecret' || decision.kind === 'attach' || decision.kind === 'detach'
}
