import { EARLIEST, LATEST, SHARED_PAUSE } from '../../acr/refresh-schedule.ts'
import type { Clock } from '../../lib/clock.ts'
import { createRegistryDriver, type RegistryDriver, type RegistryDriverOptions } from './registry-driver.ts'
import {
  type Credential,
  partUsed,
  type RefreshReason,
  type RegistryEntry,
  type RegistryState,
} from './registry-state.ts'
import type { RotationRequest } from './rotation-request.ts'

export interface CredentialManagerOptions
  extends Pick<
    RegistryDriverOptions,
    'clock' | 'cloudNow' | 'random' | 'verifyIntervalMs' | 'onChange' | 'onMeasured'
  > {
  /** The credentials from the start. */
  readonly entries: readonly RegistryEntry[]
  /** The states before a reload by name, including those whose fingerprint has changed. */
  readonly carried: ReadonlyMap<string, RegistryState>
  /** The other credentials that are in a Secret with this one. */
  readonly together: (registry: string) => ReadonlySet<string>
  /**
   * A request for this registry ended, and what it gave was handed to `onTokens`, unless that waits
   * for others.
   */
  readonly onAnswered: (registry: string) => void
  /** A request is due. Credentials that nothing needs any more may be dropped now. */
  readonly onDue?: () => void
  /** Called with all credentials that changed, for one rotation. */
  readonly onTokens: (states: readonly RegistryState[]) => void
}

export type CredentialManager = ReturnType<typeof createCredentialManager>

/**
 * Keeps the credentials of all registries fresh; those that share Secrets, or a token request, are
 * replaced together (`coalesces`).
 */
export function createCredentialManager(options: CredentialManagerOptions) {
  const { clock, cloudNow } = options
  const coalescer = createRotationCoalescer(clock, options.onTokens)
  const drivers = new Map<string, RegistryDriver>()
  const entries = new Map<string, RegistryEntry>()
  let requested: number | undefined
  /** Set while this replica leads. */
  let newestOf: ((registry: string) => Credential | undefined) | undefined

  /**
   * Only a first attempt refreshes others too: the retries of a failing registry must not repeat
   * their requests.
   */
  function onRequest(registry: string, reason: RefreshReason): void {
    coalescer.requested(registry)
    options.onDue?.()
    const due = reason === 'due' ? scheduleOf(registry) : undefined
    if (due === undefined || drivers.size < 2) return
    for (const name of new Set([...options.together(registry), ...twinsOf(registry)])) {
      const other = scheduleOf(name)
      if (other !== undefined && coalesces(due, other, cloudNow())) drivers.get(name)?.send({ type: 'join' })
    }
  }

  /**
   * Entries of the same instance and identity, whose sources share a request made at the same time.
   */
  function twinsOf(registry: string): string[] {
    const key = drivers.get(registry)?.state.fingerprint
    const twins = [...entries.values()].filter(({ name, source }) => source.key === key && name !== registry)
    return twins.map(({ name }) => name)
  }

  function scheduleOf(registry: string): Schedule | undefined {
    const { token, refreshAt = null } = drivers.get(registry)?.state.live ?? {}
    if (token === undefined || token.expiresAt === null || refreshAt === null) return undefined
    const { issuedAt, expiresAt } = token
    return { issuedAt, expiresAt, refreshAt, sharedSession: entries.get(registry)?.source.sharedSession ?? false }
  }

  /**
   * The state before a reload, also of a registry that had another name, of a union that had
   * another list, and of an entry that was not limited.
   */
  function carriedOf({ name, source, union }: RegistryEntry): RegistryState | undefined {
    // What another configuration had hours ago has expired.
    if (newestOf !== undefined) return undefined
    const own = options.carried.get(name)
    if (own !== undefined) return own
    const states = [...options.carried.values()].filter(({ live, kept }) => (live ?? kept) !== undefined)
    const isOfSameEntries = ({ by }: RegistryState): boolean => by.union?.entries.join() === union?.entries.join()
    const former =
      states.find((one) => one.fingerprint === source.key && !entries.has(one.name)) ??
      (union && (states.find(isOfSameEntries) ?? states.find((one) => union.entries.includes(one.name))))
    if (former === undefined) return undefined
    const { live, kept } = former
    return { ...former, name, live: live && { ...live, name }, kept: kept && { ...kept, name } }
  }

  function add(entry: RegistryEntry): void {
    const { name } = entry
    const one = createRegistryDriver({
      ...options,
      entry,
      initial: carriedOf(entry),
      onRequest: (reason) => onRequest(name, reason),
      onResponse() {
        coalescer.responded(name)
        options.onAnswered(name)
      },
      onToken: coalescer.changed,
    })
    drivers.set(name, one)
    if (newestOf !== undefined) one.send({ type: 'lead', found: newestOf(name) })
  }

  function start(added: readonly RegistryEntry[]): void {
    for (const entry of added) entries.set(entry.name, entry)
    for (const entry of added) add(entry)
  }
  start(options.entries)

  return {
    get states(): readonly RegistryState[] {
      return [...drivers.values()].map(({ state }) => state)
    },
    stateOf: (registry: string): RegistryState | undefined => drivers.get(registry)?.state,
    isFailing: (registry: string): boolean => (drivers.get(registry)?.state.failures ?? 0) > 0,
    /** Keeps these credentials fresh too. */
    add: start,
    /** Requests no more credentials of this name. */
    drop(name: string): void {
      drivers.get(name)?.stop()
      drivers.delete(name)
      entries.delete(name)
      coalescer.dropped(name)
      options.onAnswered(name)
    },
    /**
     * Refreshes the credentials from now on; `newest`: the newest credential of a registry in the
     * log.
     */
    lead(newest: (registry: string) => Credential | undefined): void {
      newestOf = newest
      for (const [name, one] of drivers) one.send({ type: 'lead', found: newest(name) })
    },
    /** Requests one token of each of these, to prove the configuration. */
    prove(registries: readonly string[]): void {
      for (const name of registries) drivers.get(name)?.send({ type: 'prove' })
    },
    /** Another leader wrote these into the log. */
    found(credentials: readonly Credential[]): void {
      for (const one of credentials) drivers.get(one.name)?.send({ type: 'found', found: one })
    },
    /** Replaces what was issued before a request for new credentials, and retries what failed. */
    rotate({ at, olderThan, noticedAt }: RotationRequest): void {
      requested = at
      for (const one of drivers.values()) {
        const { live } = one.state
        if (live === undefined || live.token.issuedAt < olderThan) one.send({ type: 'ask', noticedAt })
      }
    },
    /** Replaces the credential of this registry now. */
    force: (registry: string): void => drivers.get(registry)?.send({ type: 'force' }),
    /** Some Secret has credentials of these that are in no log: requests new ones, once. */
    renewUnlogged(registries: readonly string[]): void {
      for (const name of registries) drivers.get(name)?.send({ type: 'doubt' })
    },
    /** The `at` of the last request since which every registry was tried; undefined: none. */
    get handled(): number | undefined {
      return [...drivers.values()].some(({ state }) => state.pending) ? undefined : requested
    },
    /** A new credential waits for another registry's. */
    get holding(): boolean {
      return coalescer.holding
    },
    stop(): void {
      coalescer.stop()
      for (const one of drivers.values()) one.stop()
    },
  }
}

/** Times of a credential, epoch milliseconds. */
export interface Schedule {
  readonly issuedAt: number
  readonly expiresAt: number
  readonly refreshAt: number
  readonly sharedSession: boolean
}

/**
 * Whether a credential is replaced together with one that is due now, so that Secrets with both are
 * written once. It is if it would be due before the other is due again, and if the used share of
 * its life is at least half of the other's. So credentials of equal lifetime are replaced together
 * from the first period on, and none before 30 % of its life. That costs at most 2.2 times the
 * calls on average (65 % against 30 %), for two lifetimes that are almost equal, and hardly any
 * otherwise. `now` on the cloud's clock.
 */
export function coalesces(due: Schedule, other: Schedule, now: number): boolean {
  if (now >= other.expiresAt || (other.sharedSession && now - other.issuedAt < SHARED_PAUSE)) return false
  const nextTurn = now + EARLIEST * (due.expiresAt - due.issuedAt)
  return other.refreshAt < nextTurn && partUsed(other, now) >= Math.min(LATEST, partUsed(due, now)) / 2
}

/** A request that takes longer gets its own rotation. */
const LONGEST_MS = 3_000

/**
 * Coalesces credentials that are requested at the same time, so that a Secret is written once for
 * all of them.
 */
function createRotationCoalescer(clock: Clock, rotate: (states: readonly RegistryState[]) => void) {
  const requesting = new Set<string>()
  const held = new Map<string, RegistryState>()
  let cancel: (() => void) | undefined
  const release = (): void => {
    cancel?.()
    cancel = undefined
    const states = [...held.values()]
    held.clear()
    if (states.length > 0) rotate(states)
  }
  return {
    /** A credential is requested; `responded` follows in any case. */
    requested: (registry: string) => void requesting.add(registry),
    responded(registry: string): void {
      requesting.delete(registry)
      if (requesting.size === 0) release()
    },
    /** A registry has a new credential; an urgent one does not wait. */
    changed(state: RegistryState): void {
      held.set(state.name, state)
      if (state.urgent || requesting.size === 0) release()
      else cancel ??= clock.after(LONGEST_MS, release)
    },
    /** A credential is not needed any more. */
    dropped(registry: string): void {
      held.delete(registry)
      this.responded(registry)
    },
    /** Whether credentials are waiting. */
    get holding() {
      return held.size > 0
    },
    stop: () => cancel?.(),
  }
}
