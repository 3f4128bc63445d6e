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
  /** The states before a reload, by name, including states whose fingerprint has changed. */
  readonly carried: ReadonlyMap<string, RegistryState>
  /** Returns the other credentials that share a Secret with this credential. */
  readonly together: (registry: string) => ReadonlySet<string>
  /**
   * Called after each request for this registry. A new credential was passed to `onTokens`, unless
   * it waits for other registries.
   */
  readonly onAnswered: (registry: string) => void
  /** Called when a request is due. The callee may drop credentials that nothing needs any more. */
  readonly onDue?: () => void
  /** Called with all credentials that changed, for one rotation. */
  readonly onTokens: (states: readonly RegistryState[]) => void
}

export type CredentialManager = ReturnType<typeof createCredentialManager>

/**
 * Keeps the credentials of all registries fresh. Credentials that share Secrets or a token request
 * are replaced together (`coalesces`).
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
   * Only a first attempt also refreshes other registries, because retries of a failing registry
   * must not repeat the requests of the others.
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
   * Returns the other entries with the same instance and identity. Their sources share requests
   * that are made at the same time.
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
   * Returns the state before a reload. It is also found if the registry had another name, the union
   * had another list, or the entry was not limited.
   */
  function carriedOf({ name, source, union }: RegistryEntry): RegistryState | undefined {
    // Credentials of a configuration from hours ago have expired.
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
     * Starts to refresh the credentials. `newest` returns a registry's newest credential in the
     * log.
     */
    lead(newest: (registry: string) => Credential | undefined): void {
      newestOf = newest
      for (const [name, one] of drivers) one.send({ type: 'lead', found: newest(name) })
    },
    /** Requests one token from each of these registries, to prove the configuration. */
    prove(registries: readonly string[]): void {
      for (const name of registries) drivers.get(name)?.send({ type: 'prove' })
    },
    /** Another leader wrote these into the log. */
    found(credentials: readonly Credential[]): void {
      for (const one of credentials) drivers.get(one.name)?.send({ type: 'found', found: one })
    },
    /**
     * Replaces credentials that were issued before a person's request, and retries failed
     * registries.
     */
    rotate({ at, olderThan, noticedAt }: RotationRequest): void {
      requested = at
      for (const one of drivers.values()) {
        const { live } = one.state
        if (live === undefined || live.token.issuedAt < olderThan) one.send({ type: 'ask', noticedAt })
      }
    },
    /** Replaces the credential of this registry now. */
    force: (registry: string): void => drivers.get(registry)?.send({ type: 'force' }),
    /**
     * Requests new credentials for these registries, once, because some Secret has credentials that
     * are not in the log.
     */
    renewUnlogged(registries: readonly string[]): void {
      for (const name of registries) drivers.get(name)?.send({ type: 'doubt' })
    },
    /**
     * The `at` of a person's last request, if every registry was tried since then. Otherwise
     * undefined.
     */
    get handled(): number | undefined {
      return [...drivers.values()].some(({ state }) => state.pending) ? undefined : requested
    },
    /** True if a new credential waits for the credential of another registry. */
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
 * Returns true if the credential `other` is replaced together with `due`, so that Secrets with both
 * are written once. Two conditions must hold: `other` would be due before `due` is due again, and
 * the elapsed share of its lifetime is at least half of that of `due`. Credentials of equal
 * lifetime are therefore replaced together from the first period on, and none before 30 % of its
 * lifetime. For two lifetimes that are almost equal, this costs at most 2.2 times the calls on
 * average (65 % / 30 %); otherwise it costs hardly any. `now`: by the cloud's clock.
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
    /** Call when a credential is requested. `responded` must follow, also after a failure. */
    requested: (registry: string) => void requesting.add(registry),
    responded(registry: string): void {
      requesting.delete(registry)
      if (requesting.size === 0) release()
    },
    /** Call when a registry has a new credential. An urgent credential does not wait for others. */
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
