import { refreshAt, retryAt } from '../acr/refresh-schedule.ts'
import type { RegistryToken } from '../acr/token-source.ts'
import { NopassError } from '../errors.ts'
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
  /** A credential that differs from the one before is in use. */
  readonly onToken: (state: RegistryState) => void
  /** Anything changed that a status would show. */
  readonly onChange: (event: RefreshEvent) => void
}

export type RefreshEvent =
  | { readonly kind: 'refreshed' | 'unchanged' | 'revoked'; readonly state: RegistryState }
  | { readonly kind: 'failed'; readonly state: RegistryState; readonly error: unknown }

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
  stop(): void
}

/** A static login has no expiry: its mounted files are read this often. */
const STATIC_POLL_MS = 30_000
/** No timer sleeps longer, so that a corrected clock is noticed. */
const LONGEST_SLEEP_MS = 60_000

export function createRefreshClock(options: RefreshClockOptions): RefreshClock {
  const { entry, clock, cloudNow, random } = options
  const stop = new AbortController()
  let state: RegistryState = options.initial ?? blankState(entry)
  let due = Number.POSITIVE_INFINITY
  let running = false
  let cancelTimer: (() => void) | undefined
  let cancelVerify: (() => void) | undefined
  let mode: 'idle' | 'proving' | 'started' = 'idle'

  const schedule = (at: number): void => {
    due = at
    cancelTimer?.()
    if (mode === 'idle' || running || stop.signal.aborted) return
    const wait = Math.min(LONGEST_SLEEP_MS, due - cloudNow())
    cancelTimer = clock.after(Math.max(0, wait), () => {
      if (cloudNow() >= due) void refresh()
      else schedule(due)
    })
  }
  const nextAfterSuccess = (live: LiveToken): number => live.refreshAt ?? cloudNow() + STATIC_POLL_MS

  function succeed(token: RegistryToken, verified: Verification): void {
    const before = state.live
    const changed = before === undefined || !sameLogin(before.token, token)
    const sharedSession = entry.source.sharedSession
    const live: LiveToken = {
      name: entry.name,
      fingerprint: entry.source.key,
      token,
      refreshAt: refreshAt(token, { random: random(), sharedSession }),
    }
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
    state = { ...state, failures, error: toStatusError(error, now) }
    schedule(retryAt({ now, failures, token: state.live?.token ?? null, random: random() }))
    options.onChange({ kind: 'failed', state, error })
  }

  async function refresh(): Promise<void> {
    if (running) return
    running = true
    let act: () => void
    try {
      const token = await entry.source.get(stop.signal)
      const known = state.live !== undefined && sameLogin(state.live.token, token)
      const verified = known ? state.verified : await entry.verify(token, stop.signal)
      // A refused one never replaces a good one.
      act = verified === 'refused' ? () => fail(refusal(entry.name)) : () => succeed(token, verified)
    } catch (error) {
      act = () => fail(error)
    }
    running = false
    if (!stop.signal.aborted) act()
  }

  /** One login from time to time finds a credential that was revoked before its end. */
  function verifyLater(): void {
    cancelVerify = clock.after(options.verifyIntervalMs, () => {
      void verifyNow().finally(() => {
        if (!stop.signal.aborted) verifyLater()
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
      if (options.verifyIntervalMs > 0) verifyLater()
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
    force: () => schedule(cloudNow()),
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
