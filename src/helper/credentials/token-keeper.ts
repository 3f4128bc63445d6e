import type { Clock } from '../../lib/clock.ts'
import { joinsRefresh, type Schedule } from './join-refreshes.ts'
import { createRefreshClock, type RefreshClock, type RefreshEvent, type RefreshReason } from './refresh-clock.ts'
import type { RegistryEntry } from './registry-entry.ts'
import type { LiveToken, RegistryState } from './registry-state.ts'
import { createRotationHold } from './rotation-hold.ts'

export interface TokenKeeperOptions {
  readonly entries: readonly RegistryEntry[]
  /** Of the configuration before a reload, by name; also those whose fingerprint has changed. */
  readonly carried: ReadonlyMap<string, RegistryState>
  readonly clock: Clock
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  readonly random: () => number
  readonly verifyIntervalMs: number
  /** The other registries that some namespace holds together with this one. */
  readonly together: (registry: string) => ReadonlySet<string>
  /** Credentials that differ from those before are in use: one rotation for all of them. */
  readonly onTokens: (states: readonly RegistryState[]) => void
  readonly onChange: (event: RefreshEvent) => void
}

/** Keeps the credentials of all registries fresh; those that share namespaces, or a token request, are replaced together (join-refreshes.ts). */
export interface TokenKeeper {
  readonly states: readonly RegistryState[]
  /** What Secrets hold for a registry: its live credential, else the last one of an earlier configuration. */
  entryOf(registry: string): LiveToken | undefined
  start(): void
  /** Asks for each of these until there is a credential, and no further. */
  prove(registries: readonly string[]): void
  /** The credential in the helper's own copy; one of another configuration of the registry is kept until there is a new one. */
  adopt(live: LiveToken): void
  /** Replaces what was issued before that time, epoch milliseconds; `registries`: only these. */
  refreshOlderThan(time: number, registries?: readonly string[]): void
  /** Replaces what was got for other domains than the configuration has now. */
  replaceOutdated(): void
  /** Some Secret holds a newer credential of these: ours is replaced now, unless this replica got it as the leader (without `also own`). */
  replaceOlder(registries: readonly string[], which?: 'also own'): void
  /** A new credential waits for another's. */
  readonly holding: boolean
  stop(): void
}

export function createTokenKeeper(options: TokenKeeperOptions): TokenKeeper {
  const { clock, cloudNow, random, verifyIntervalMs, onChange } = options
  const hold = createRotationHold(clock, options.onTokens)
  const clocks = new Map<string, RefreshClock>()
  const shared = new Set(options.entries.filter(({ source }) => source.sharedSession).map(({ name }) => name))

  /** Only a first attempt takes others along: they are not to fail with one that fails. */
  function asked(registry: string, reason: RefreshReason): void {
    hold.asked(registry)
    const due = reason === 'due' ? scheduleOf(registry) : undefined
    if (due === undefined || clocks.size < 2) return
    for (const name of new Set([...options.together(registry), ...twinsOf(registry)])) {
      const other = scheduleOf(name)
      if (other !== undefined && joinsRefresh(due, other, cloudNow())) clocks.get(name)?.join()
    }
  }

  /** Entries of the same instance and identity, whose sources share a request made at the same time. */
  function twinsOf(registry: string): string[] {
    const key = clocks.get(registry)?.state.fingerprint
    return options.entries.filter(({ name, source }) => source.key === key && name !== registry).map(({ name }) => name)
  }

  function scheduleOf(registry: string): Schedule | undefined {
    const { token, refreshAt = null } = clocks.get(registry)?.state.live ?? {}
    if (token === undefined || token.expiresAt === null || refreshAt === null) return undefined
    const { issuedAt, expiresAt } = token
    return { issuedAt, expiresAt, refreshAt, sharedSession: shared.has(registry) }
  }

  for (const entry of options.entries) {
    const { name } = entry
    const one = createRefreshClock({
      entry,
      clock,
      cloudNow,
      random,
      verifyIntervalMs,
      initial: options.carried.get(name),
      onAsk: (reason) => asked(name, reason),
      onAnswered: () => hold.answered(name),
      onToken: hold.changed,
      onChange,
    })
    clocks.set(name, one)
  }

  return {
    get states() {
      return [...clocks.values()].map(({ state }) => state)
    },
    entryOf(registry) {
      const state = clocks.get(registry)?.state
      return state?.live ?? state?.kept
    },
    start() {
      for (const one of clocks.values()) one.start()
    },
    prove(registries) {
      for (const name of registries) clocks.get(name)?.prove()
    },
    adopt(live) {
      const known = clocks.get(live.name)
      if (known?.state.fingerprint === live.fingerprint) known.adopt(live)
      else known?.keep(live)
    },
    refreshOlderThan(time, registries) {
      for (const one of clocks.values()) {
        const { live, name } = one.state
        if (registries && !registries.includes(name)) continue
        if (live && live.token.issuedAt < time) one.force()
      }
    },
    replaceOutdated() {
      for (const one of clocks.values()) one.replaceOutdated()
    },
    replaceOlder(registries, which) {
      for (const name of registries) clocks.get(name)?.replaceOlder(which)
    },
    get holding() {
      return hold.holding
    },
    stop() {
      hold.stop()
      for (const one of clocks.values()) one.stop()
    },
  }
}
