import { type Credential, sameLogin } from './registry-state.ts'

/** A credential in the log. A later credential of the same registry has a higher number. */
export interface Logged extends Credential {
  readonly number: number
}

export interface CopyVersion {
  readonly uid: string
  readonly resourceVersion: string
}

/** What was read of the helper's own copy. */
export interface OwnCopy {
  /** Undefined: there is none. */
  readonly version: CopyVersion | undefined
  /** The highest number that was assigned so far. */
  readonly last: number
  readonly credentials: readonly Logged[]
}

/** The log as this replica knows it (docs/en/decisions.md#own-copy). */
export interface LogState {
  /**
   * The version at which the helper's own copy was read or written. `unread`: the helper's own copy
   * must be read before the next write.
   */
  readonly copy: CopyVersion | 'absent' | 'unread'
  /**
   * The UID of the helper's own copy in which the numbers were assigned. Empty if no copy is known.
   */
  readonly uid: string
  /** The highest number that this replica has seen. */
  readonly last: number
  /** The credentials in force, by name. */
  readonly logged: ReadonlyMap<string, Logged>
  /**
   * Credentials that the next write logs: this replica obtained them as the leader, or a restored
   * log lost them.
   */
  readonly pending: ReadonlyMap<string, Credential>
  /**
   * True if the helper's own copy could not be written in time. Pending credentials are then in
   * force without a number.
   */
  readonly isStuck: boolean
}

export const EMPTY_LOG: LogState = {
  copy: 'unread',
  uid: '',
  last: 0,
  logged: new Map(),
  pending: new Map(),
  isStuck: false,
}

export type LogEvent =
  | { readonly type: 'obtained'; readonly credentials: readonly Credential[] }
  /** Only these credentials are needed from now on. */
  | { readonly type: 'needed'; readonly names: readonly string[] }
  /** The helper's own copy was read. */
  | { readonly type: 'read'; readonly copy: OwnCopy }
  /**
   * The helper's own copy was written, with the version that was read or written before as its
   * precondition.
   */
  | { readonly type: 'written'; readonly version: CopyVersion; readonly logged: readonly Logged[] }
  /** A write was refused because of its precondition, or changed by a policy. */
  | { readonly type: 'conflict' }
  /** The helper's own copy could not be written in time. */
  | { readonly type: 'stuck' }

export function logStep(state: LogState, event: LogEvent): LogState {
  switch (event.type) {
    case 'obtained': {
      const pending = new Map(state.pending)
      for (const credential of event.credentials) pending.set(credential.name, credential)
      return { ...state, pending }
    }
    case 'needed': {
      const names = new Set(event.names)
      const logged = new Map([...state.logged].filter(([name]) => names.has(name)))
      const pending = new Map([...state.pending].filter(([name]) => names.has(name)))
      return { ...state, logged, pending, isStuck: state.isStuck && pending.size > 0 }
    }
    case 'read':
      return read(state, event.copy)
    case 'written': {
      const isLogged = (one: Credential): boolean =>
        event.logged.some(({ name, token }) => name === one.name && sameLogin(token, one.token))
      const pending = new Map([...state.pending].filter(([, one]) => !isLogged(one)))
      return {
        copy: event.version,
        uid: event.version.uid,
        last: Math.max(state.last, ...event.logged.map(({ number }) => number)),
        logged: byName(event.logged),
        pending,
        isStuck: state.isStuck && pending.size > 0,
      }
    }
    case 'conflict':
      return { ...state, copy: 'unread' }
    case 'stuck':
      return { ...state, isStuck: state.pending.size > 0 }
  }
}

/**
 * For each credential, the higher number wins. A credential that the copy lacks, or has with a
 * lower number, is logged again.
 */
function read(state: LogState, copy: OwnCopy): LogState {
  const isSameCopy = copy.version === undefined || copy.version.uid === state.uid
  const logged = byName(copy.credentials)
  const pending = new Map(state.pending)
  for (const known of state.logged.values()) {
    const found = logged.get(known.name)
    if (found !== undefined && (!isSameCopy || found.number >= known.number)) continue
    logged.set(known.name, known)
    if (!pending.has(known.name)) pending.set(known.name, known)
  }
  // A write of ours whose response was lost.
  for (const [name, { token }] of state.pending) {
    const found = copy.credentials.find((one) => one.name === name)
    if (found && sameLogin(found.token, token)) pending.delete(name)
  }
  return {
    copy: copy.version ?? 'absent',
    uid: copy.version?.uid ?? state.uid,
    last: Math.max(state.last, copy.last),
    logged,
    pending,
    isStuck: state.isStuck && pending.size > 0,
  }
}

/** Returns the credential that namespaces get now. Without a number, it is not in the log. */
export function inForce(
  state: LogState,
  name: string,
): (Credential & { readonly number?: number | undefined }) | undefined {
  const pending = state.isStuck ? state.pending.get(name) : undefined
  return pending === undefined ? state.logged.get(name) : { ...pending, number: undefined }
}

/** Returns the newest credential that this replica knows. */
export function newest({ pending, logged }: LogState, name: string): Credential | undefined {
  return pending.get(name) ?? logged.get(name)
}

/**
 * Returns the content of the next write of the helper's own copy. New credentials get the next
 * number.
 */
export function nextContent({ pending, logged, last }: LogState, names: readonly string[]): readonly Logged[] {
  return names.flatMap((name) => {
    const next = pending.get(name)
    const entry = next === undefined ? logged.get(name) : { ...next, number: last + 1 }
    return entry === undefined ? [] : [entry]
  })
}

export function byName(credentials: readonly Logged[]): Map<string, Logged> {
  return new Map(credentials.map((one) => [one.name, one]))
}
