import { refreshAt, retryAt, spreadAfter } from '../acr/refresh-schedule.ts'
import type { RegistryToken } from '../acr/token-source.ts'
import { NopassError, toNopassError } from '../errors.ts'
import type { Clock } from '../kube/clock.ts'
import type { RegistryEntry } from './registry-entry.ts'
import type { LiveToken, RegistryState, Verification } from './registry-state.ts'
import { toStatusError } from './status-error.ts'

export interface RefreshClockOptions {
  readonly entry: RegistryEntry
  readonly clock: Clock
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  readonly random: () => number
  readonly verifyIntervalMs: number
  /** Known from before a reload. */
  readonly initial?: RegistryState | undefined
  /** A new credential is asked for; `onAnswered` follows in any case but after `stop`. */
  readonly onAsk?: (reason: RefreshReason) => void
  readonly onAnswered?: () => void
  /** A credential that differs from the one before is in use. */
  readonly onToken: (state: RegistryState) => void
  /** Anything changed that a status would show. */
  readonly onChange: (event: RefreshEvent) => void
}

export type RefreshEvent =
  | { readonly kind: 'refreshed' | 'unchanged' | 'revoked'; readonly state: RegistryState }
  | { readonly kind: 'failed'; readonly state: RegistryState; readonly error: unknown }

/** `due`: by the schedule; `retried`: after a failure; `joined`: with another registry's; `wanted`: out of turn. */
export type RefreshReason = 'due' | 'retried' | 'joined' | 'wanted'

/** Keeps the credential of one registry fresh by the credential's own expiry. */
export interface RefreshClock {
  readonly state: RegistryState
  /** From now on the credential is refreshed when it is due; at once when there is none. */
  start(): void
  /** Asks until there is a credential, and no further: that the configuration works is to be shown (decision 5). */
  prove(): void
  /** The credential in the helper's own copy, which is what all namespaces have: it wins unless it is over. */
  adopt(live: LiveToken): void
  /** Refreshes now, whatever the schedule says. */
  force(): void
  /** Refreshes now with another, unless it is asked for already or failed last time; a failure leaves all as it was. */
  join(): void
  stop(): void
}

/** A static login has no expiry: its mounted files are read this often. */
const STATIC_POLL_MS = 30_000
/** No timer sleeps longer than a minute or this part of what is left, so that a corrected clock is noticed in time. */
const LONGEST_SLEEP = 1 / 4
const SHORTEST_SLEEP_MS = 60_000

export function createRefreshClock(options: RefreshClockOptions): RefreshClock {
  const { entry, clock, cloudNow, random } = options
  const stop = new AbortController()
  let state: RegistryState = options.initial ?? blankState(entry)
  let due = Number.POSITIVE_INFINITY
  let wanted = false
  let running = false
  let cancelTimer: (() => void) | undefined
  let cancelVerify: (() => void) | undefined
  let mode: 'idle' | 'proving' | 'started' = 'idle'

  const schedule = (at: number): void => {
    due = at
    cancelTimer?.()
    if (mode === 'idle' || running || stop.signal.aborted) return
    const left = due - cloudNow()
    const wait = Math.min(left, Math.max(SHORTEST_SLEEP_MS, left * LONGEST_SLEEP))
    cancelTimer = clock.after(Math.max(0, wait), () => {
      if (cloudNow() >= due) void refresh(wanted ? 'wanted' : state.failures > 0 ? 'retried' : 'due')
      else schedule(due)
    })
  }
  const nextAfterSuccess = (live: LiveToken): number => live.refreshAt ?? cloudNow() + STATIC_POLL_MS

  function succeed(token: RegistryToken, verified: Verification, reason: RefreshReason): void {
    const before = state.live
    const changed = before === undefined || !sameLogin(before.token, token)
    const { sharedSession, key: fingerprint } = entry.source
    const spread = reason === 'wanted' ? 'whole' : spreadAfter(before, cloudNow())
    const planned = refreshAt(token, { random: random(), sharedSession, spread })
    const live: LiveToken = { name: entry.name, fingerprint, token, refreshAt: planned }
    const urgent = before !== undefined && (state.verified === 'refused' || isOver(before.token, cloudNow()))
    state = { ...state, live, verified, error: undefined, failures: 0, urgent }
    if (mode === 'proving') mode = 'idle'
    schedule(nextAfterSuccess(live))
    options.onChange({ kind: changed ? 'refreshed' : 'unchanged', state })
    if (changed) options.onToken(state)
  }

  function fail(error: unknown): void {
    const now = cloudNow()
    const failures = state.failures + 1
    const known = state.error
    const met = toStatusError(error, now)
    // The same trouble keeps the time at which it began.
    const same = known?.code === met.code && known.reason === met.reason
    state = { ...state, failures, error: same ? { ...met, at: known.at } : met }
    const { retryAfterMs } = toNopassError(error)
    schedule(retryAt({ now, failures, token: state.live?.token ?? null, random: random(), retryAfterMs }))
    options.onChange({ kind: 'failed', state, error })
  }

  async function refresh(reason: RefreshReason): Promise<void> {
    if (running) return
    running = true
    wanted = false
    options.onAsk?.(reason)
    let act: () => void
    // One that joined was not due yet: what is wrong is said when it is.
    const failed = (error: unknown) => (reason === 'joined' ? () => schedule(due) : () => fail(error))
    try {
      const token = await entry.source.get(stop.signal)
      const known = state.live !== undefined && sameLogin(state.live.token, token)
      const verified = known ? state.verified : await entry.verify(token, stop.signal)
      // A refused one never replaces a good one.
      act = verified === 'refused' ? failed(refusal(entry.name)) : () => succeed(token, verified, reason)
    } catch (error) {
      act = failed(error)
    }
    running = false
    if (stop.signal.aborted) return
    act()
    options.onAnswered?.()
  }

  /** One login from time to time finds a credential that was revoked before its end; the first after `part` of the interval. */
  function verifyLater(part: number): void {
    cancelVerify = clock.after(part * options.verifyIntervalMs, () => {
      void verifyNow().finally(() => {
        if (!stop.signal.aborted) verifyLater(1)
      })
    })
  }

  async function verifyNow(): Promise<void> {
    const { live } = state
    if (live === undefined || running || isOver(live.token, cloudNow())) return
    const verified = await entry.verify(live.token, stop.signal).catch(() => undefined)
    if (verified === undefined || state.live !== live || verified === state.verified) return
    state = { ...state, verified }
    if (verified !== 'refused') return options.onChange({ kind: 'unchanged', state })
    state = { ...state, error: toStatusError(refusal(entry.name), cloudNow()) }
    options.onChange({ kind: 'revoked', state })
    force()
  }

  function force(): void {
    wanted = true
    schedule(cloudNow())
  }

  return {
    get state() {
      return state
    },
    start() {
      if (mode === 'started') return
      mode = 'started'
      schedule(state.live ? nextAfterSuccess(state.live) : cloudNow())
      // Helpers that start at one moment do not log in at one moment for good.
      if (options.verifyIntervalMs > 0) verifyLater(random())
    },
    prove() {
      if (mode !== 'idle' || state.live !== undefined) return
      mode = 'proving'
      schedule(cloudNow())
    },
    adopt(live) {
      const isNewer = state.live === undefined || state.live.token.issuedAt < live.token.issuedAt
      if (!isNewer && isOver(live.token, cloudNow())) return
      if (state.live && sameLogin(state.live.token, live.token)) return
      state = { ...state, live }
      schedule(nextAfterSuccess(live))
      options.onChange({ kind: 'unchanged', state })
      options.onToken(state)
    },
    force,
    join() {
      if (mode === 'started' && !running && state.failures === 0) void refresh('joined')
    },
    stop() {
      stop.abort()
      cancelTimer?.()
      cancelVerify?.()
    },
  }
}

function blankState(entry: RegistryEntry): RegistryState {
  return {
    name: entry.name,
    fingerprint: entry.source.key,
    live: undefined,
    verified: 'skipped',
    error: undefined,
    failures: 0,
    urgent: false,
  }
}

/** Whether a credential has reached its end, `now` on the cloud's clock. */
function isOver(token: Pick<RegistryToken, 'expiresAt'>, now: number): boolean {
  return token.expiresAt !== null && token.expiresAt <= now
}

function sameLogin(a: RegistryToken, b: RegistryToken): boolean {
  return a.username === b.username && a.password === b.password && a.domains.join() === b.domains.join()
}

function refusal(registry: string): NopassError {
  return new NopassError('REGISTRY_LOGIN_REFUSED', `registry ${registry} refused the credential at its login`)
}
