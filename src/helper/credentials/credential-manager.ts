import { EARLIEST, LATEST, SHARED_PAUSE } from '../../acr/refresh-schedule.ts'
import type { Clock } from '../../lib/clock.ts'
import type { LiveToken, RegistryEntry, RegistryState } from './registry-state.ts'
import { createTokenRefresher, type RefreshEvent, type RefreshReason, type TokenRefresher } from './token-refresher.ts'

export interface CredentialManagerOptions {
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

/** Keeps the credentials of all registries fresh; those that share namespaces, or a token request, are replaced together (`joinsRefresh`). */
export interface CredentialManager {
  readonly states: readonly RegistryState[]
  /** What Secrets hold for a registry: its live credential, else the last one of an earlier configuration. */
  entryOf(registry: string): LiveToken | undefined
  start(): void
  /** Asks for each of these until there is a credential, and no further. */
  prove(registries: readonly string[]): void
  /** The credential in the helper's own copy; one of another configuration of the registry is kept until there is a new one. */
  adopt(live: LiveToken): void
  /** Replaces what was issued before that time, epoch milliseconds, and asks again where all tries have failed; `registries`: only these. */
  refreshOlderThan(time: number, registries?: readonly string[]): void
  /** Replaces what was got for other domains than the configuration has now. */
  replaceOutdated(): void
  /** Some Secret holds a newer credential of these: ours is replaced now, unless this replica got it as the leader. */
  replaceOlder(registries: readonly string[]): void
  /** A new credential waits for another's. */
  readonly holding: boolean
  stop(): void
}

export function createCredentialManager(options: CredentialManagerOptions): CredentialManager {
  const { clock, cloudNow, random, verifyIntervalMs, onChange } = options
  const hold = createRotationHold(clock, options.onTokens)
  const clocks = new Map<string, TokenRefresher>()
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
    const one = createTokenRefresher({
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
        const { live, name, failures } = one.state
        if (registries && !registries.includes(name)) continue
        // One that has no credential yet may wait for its next try.
        if (live ? live.token.issuedAt < time : failures > 0) one.force()
      }
    },
    replaceOutdated() {
      for (const one of clocks.values()) one.replaceOutdated()
    },
    replaceOlder(registries) {
      for (const name of registries) clocks.get(name)?.replaceOlder()
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

/** A credential as far as it matters for when it is replaced; epoch milliseconds. */
export interface Schedule {
  readonly issuedAt: number
  readonly expiresAt: number
  readonly refreshAt: number
  readonly sharedSession: boolean
}

/**
 * Whether a credential is replaced together with one that is due now, so that the Secrets that hold both are written once
 * for both. It is when it would be due before the other comes round again, and has used up at least half of the part of
 * its life that the other has. So two lives of one length meet within a period and stay together, and none is replaced
 * before 30 % of its life: at the most 2.2 times the calls in the mean (65 against 30 %), for one of two whose lives are
 * nearly but not quite alike; else hardly any more. `now` on the cloud's clock.
 */
export function joinsRefresh(due: Schedule, other: Schedule, now: number): boolean {
  if (now >= other.expiresAt || (other.sharedSession && now - other.issuedAt < SHARED_PAUSE)) return false
  const nextTurn = now + EARLIEST * (due.expiresAt - due.issuedAt)
  return other.refreshAt < nextTurn && partUsed(other, now) >= Math.min(LATEST, partUsed(due, now)) / 2
}

function partUsed({ issuedAt, expiresAt }: Schedule, now: number): number {
  return (now - issuedAt) / Math.max(1, expiresAt - issuedAt)
}

/** Gathers credentials that are asked for at the same time, so that a Secret is written once for all of them. */
export interface RotationHold {
  /** A credential is asked for; `answered` follows in any case. */
  asked(registry: string): void
  answered(registry: string): void
  /** A registry has another credential; an urgent one waits for nothing. */
  changed(state: RegistryState): void
  /** Credentials that are held back. */
  readonly holding: boolean
  stop(): void
}

/** One that takes longer is written by itself. */
const LONGEST_MS = 3_000

function createRotationHold(clock: Clock, rotate: (states: readonly RegistryState[]) => void): RotationHold {
  const asking = new Set<string>()
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
    asked: (registry) => void asking.add(registry),
    answered(registry) {
      asking.delete(registry)
      if (asking.size === 0) release()
    },
    changed(state) {
      held.set(state.name, state)
      if (state.urgent || asking.size === 0) release()
      else cancel ??= clock.after(LONGEST_MS, release)
    },
    get holding() {
      return held.size > 0
    },
    stop: () => cancel?.(),
  }
}
