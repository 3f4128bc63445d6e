import { EARLIEST, refreshAt, retryAt, spreadAfter } from '../../acr/refresh-schedule.ts'
import { registryShape } from '../../acr/registry-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { type StatusError, toStatusError } from '../../release/helper-status.ts'
import {
  isOlder,
  isOver,
  type LiveToken,
  type RegistryEntry,
  type RegistryState,
  type Verification,
} from './registry-state.ts'

export interface TokenRefresherOptions {
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

/** `refused`: a new credential is in use although the registry refuses it, because nothing better is left. */
export type RefreshEvent =
  | { readonly kind: 'refreshed' | 'unchanged' | 'revoked'; readonly state: RegistryState }
  | { readonly kind: 'failed' | 'refused'; readonly state: RegistryState; readonly error: unknown }

/** `due`: by the schedule; `retried`: after a failure; `joined`: with another registry's; `wanted`: out of turn. */
export type RefreshReason = 'due' | 'retried' | 'joined' | 'wanted'

/** Keeps the credential of one registry fresh by the credential's own expiry. */
export interface TokenRefresher {
  readonly state: RegistryState
  /** From now on the credential is refreshed when it is due; at once when there is none. */
  start(): void
  /** Requests a credential until there is one, to prove that the configuration works (docs/en/decisions.md#readiness). */
  prove(): void
  /** The credential in the helper's own copy, which is what all namespaces have: it wins unless it is over, or older than one got as the leader. */
  adopt(live: LiveToken): void
  /** The credential of an earlier configuration in the helper's own copy: its entry stays while there is no other. */
  keep(live: LiveToken): void
  /** Refreshes now, whatever the schedule says. */
  force(): void
  /** Refreshes now if the credential was got for other domains than the configuration has now. */
  replaceOutdated(): void
  /**
   * Some Secret holds a newer credential: refreshes now, once for a credential; a failure is retried as usual. One that this replica
   * got as the leader waits for its time, because two that lead by right for a moment must not outdo each other.
   */
  replaceOlder(): void
  /** Refreshes now with another, unless it is asked for already or failed last time; a failure leaves all as it was. */
  join(): void
  stop(): void
}

/** The old credential is replaced by a refused one no later than when this part of its life is left. */
const LEAST_LEFT = 1 / 10
/** A refused credential that is in use is checked again after this time, doubling up to the longest pause. */
const FIRST_RECHECK_MS = 30_000
const LONGEST_RECHECK_MS = 10 * 60_000
/** However short a credential's life: no more than one request for a new one in this time. */
const SHORTEST_PAUSE_MS = 1_000
const AHEAD_MS = 60_000
/** A static login has no expiry: its mounted files are read this often. */
const STATIC_POLL_MS = 30_000
/** No timer sleeps longer than a minute or this part of what is left, so that a corrected clock is noticed in time. */
const LONGEST_SLEEP = 1 / 4
const SHORTEST_SLEEP_MS = 60_000

export function createTokenRefresher(options: TokenRefresherOptions): TokenRefresher {
  const { entry, clock, cloudNow, random } = options
  const shape = registryShape(entry.values)
  const stop = new AbortController()
  let state: RegistryState = initialState(entry, options.initial)
  /** New, refused at its login, and held back while the one in use is known to work. */
  let candidate: RegistryToken | undefined
  /** The one in use has been refused before: that it is refused again is no reason to request another. */
  let refusedLive: LiveToken | undefined
  /** Known to be older than what some Secret holds. */
  let olderLive: LiveToken | undefined
  let rechecks = 0
  let cancelRecheck: (() => void) | undefined
  let due = Number.POSITIVE_INFINITY
  /** The same in time that passes: what was counted from now stays right when the cloud corrects the clock. */
  let dueMonotonic = Number.POSITIVE_INFINITY
  let wanted = false
  let running = false
  let cancelTimer: (() => void) | undefined
  let cancelVerify: (() => void) | undefined
  let mode: 'idle' | 'proving' | 'started' = 'idle'

  const schedule = (at: number): void => {
    due = at
    dueMonotonic = Number.POSITIVE_INFINITY
    arm()
  }
  const scheduleIn = (ms: number): void => {
    due = cloudNow() + ms
    dueMonotonic = clock.monotonic() + ms
    arm()
  }
  const isDue = (): boolean => cloudNow() >= due || clock.monotonic() >= dueMonotonic
  const arm = (): void => {
    cancelTimer?.()
    if (mode === 'idle' || running || stop.signal.aborted) return
    const left = Math.min(due - cloudNow(), dueMonotonic - clock.monotonic())
    const wait = Math.min(left, Math.max(SHORTEST_SLEEP_MS, left * LONGEST_SLEEP))
    cancelTimer = clock.after(Math.max(0, wait), () => {
      if (isDue()) void refresh(wanted ? 'wanted' : state.failures > 0 ? 'retried' : 'due')
      else arm()
    })
  }
  const scheduleFor = ({ token, refreshAt: at }: LiveToken, shortest = 0): void => {
    const now = cloudNow()
    // Issued in the future: our clock is behind, and nothing but a call of the cloud corrects it.
    const isAhead = token.issuedAt > now + AHEAD_MS
    if (at === null) scheduleIn(STATIC_POLL_MS)
    else if (isAhead || at < now + shortest) scheduleIn(shortest)
    else schedule(at)
  }

  function succeed(token: RegistryToken, verified: Verification, reason: RefreshReason): void {
    const before = state.live
    const changed = before === undefined || !sameLogin(before.token, token)
    const { sharedSession, key: fingerprint } = entry.source
    // One that was held back is not young: its normal time may be near.
    const spread = token === candidate ? 'usual' : reason === 'wanted' ? 'whole' : spreadAfter(before, cloudNow())
    const planned = refreshAt(token, { random: random(), sharedSession, spread })
    const origin = mode === 'proving' ? ({ origin: 'proof' } as const) : {}
    const fetched: LiveToken = { name: entry.name, fingerprint, shape, token, refreshAt: planned, ...origin }
    // A static login that is read again is not a newer one: nothing has changed that a status would show.
    const live = changed || token.expiresAt !== null ? fetched : before
    const urgent = before !== undefined && (state.verified === 'refused' || isOver(before.token, cloudNow()))
    const error = verified === 'refused' ? refusal(entry.name) : undefined
    state = {
      ...state,
      live,
      kept: undefined,
      verified,
      error: error && noteError(error),
      triedAt: undefined,
      failures: 0,
      urgent,
    }
    candidate = undefined
    if (mode === 'proving') mode = 'idle'
    scheduleFor(live, SHORTEST_PAUSE_MS)
    rechecks = 0
    cancelRecheck?.()
    if (error) {
      refusedLive = live
      recheckLater()
      options.onChange({ kind: 'refused', state, error })
    } else options.onChange({ kind: changed ? 'refreshed' : 'unchanged', state })
    if (changed) options.onToken(state)
  }

  /**
   * Whether a refused new credential waits: only while the last check of the one in use was accepted and a tenth of its life is
   * left. A login check may be wrong (an address list, throttling), and an expired credential is useless for certain. A static
   * login has no successor that could do better, and a wrong one would break pulls of public images.
   */
  function heldBackUntil(token: RegistryToken): number | undefined {
    if (token.expiresAt === null) return Number.POSITIVE_INFINITY
    const { live, verified } = state
    if (live === undefined || verified !== 'accepted') return undefined
    const { issuedAt, expiresAt } = live.token
    const until = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - LEAST_LEFT * (expiresAt - issuedAt)
    return cloudNow() < until ? until : undefined
  }

  /** Checks a refused credential that is in use again, until it is accepted or replaced. */
  function recheckLater(): void {
    const wait = Math.min(LONGEST_RECHECK_MS, FIRST_RECHECK_MS * 2 ** Math.min(30, rechecks)) * (1 + random() / 2)
    rechecks += 1
    cancelRecheck = clock.after(wait, () => {
      void verifyNow().finally(() => {
        const { live, verified } = state
        if (stop.signal.aborted || live === undefined || isOver(live.token, cloudNow())) return
        if (live === refusedLive && verified !== 'accepted') recheckLater()
      })
    })
  }

  /** The same problem keeps the time at which it began. */
  function noteError(error: unknown): StatusError {
    const known = state.error
    const met = toStatusError(error, cloudNow())
    const same = known?.code === met.code && known.reason === met.reason
    return same ? { ...met, at: known.at } : met
  }

  function fail(error: unknown, reason: RefreshReason, noLaterThan = Number.POSITIVE_INFINITY): void {
    const now = cloudNow()
    const failures = state.failures + 1
    // A retry by the schedule changes nothing, so that the status is not written for each.
    const triedAt = reason === 'wanted' || wanted ? now : state.triedAt
    state = { ...state, failures, error: noteError(error), triedAt }
    retryFrom(now, toNopassError(error).retryAfterMs, noLaterThan)
    options.onChange({ kind: 'failed', state, error })
  }

  function retryFrom(now: number, retryAfterMs?: number, noLaterThan = Number.POSITIVE_INFINITY): void {
    const { failures, live } = state
    const retry = retryAt({ now, failures, token: live?.token ?? null, random: random(), retryAfterMs })
    scheduleIn(Math.min(retry, noLaterThan) - now)
  }

  /** A new credential, or the one that was held back, as long as that is not due for replacement itself. */
  async function fetchToken(reason: RefreshReason): Promise<RegistryToken> {
    if (candidate !== undefined && reason === 'retried' && partUsed(candidate, cloudNow()) < EARLIEST) return candidate
    const token = await entry.source.get(stop.signal)
    const { expiresAt } = token
    if (expiresAt !== null && !(expiresAt > cloudNow() && expiresAt <= LATEST_DATE)) throw unusable(entry.name)
    return token
  }

  async function refresh(reason: RefreshReason): Promise<void> {
    if (running) return
    running = true
    wanted = false
    options.onAsk?.(reason)
    let act: () => void
    // One that joined was not due yet: what is wrong is said when it is.
    const failed = (error: unknown) => (reason === 'joined' ? arm : () => fail(error, reason))
    try {
      const token = await fetchToken(reason)
      const known = state.live !== undefined && sameLogin(state.live.token, token)
      const verified = known ? state.verified : await entry.verify(token, stop.signal)
      const until = verified === 'refused' && (!known || token.expiresAt === null) ? heldBackUntil(token) : undefined
      if (until !== undefined) candidate = token.expiresAt === null ? undefined : token
      if (until === undefined) act = () => succeed(token, verified, reason)
      else act = reason === 'joined' ? failed(undefined) : () => fail(refusal(entry.name), reason, until)
    } catch (error) {
      const spare = candidate
      // Refused or not, it is better than one that is about to expire.
      if (spare === undefined || isOver(spare, cloudNow()) || heldBackUntil(spare) !== undefined) act = failed(error)
      else act = () => succeed(spare, 'refused', reason)
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
    if (verified === 'accepted' && state.error?.code === 'REGISTRY_LOGIN_REFUSED' && state.failures === 0) {
      state = { ...state, error: undefined }
    }
    if (verified !== 'refused') return options.onChange({ kind: 'unchanged', state })
    state = { ...state, error: noteError(refusal(entry.name)) }
    // Another one was got for it already, and is refused like the first: a third would rewrite all namespaces for nothing.
    if (refusedLive === live) return options.onChange({ kind: 'unchanged', state })
    refusedLive = live
    options.onChange({ kind: 'revoked', state })
    force()
  }

  function force(): void {
    wanted = true
    scheduleIn(0)
  }

  return {
    get state() {
      return state
    },
    start() {
      if (mode === 'started') return
      mode = 'started'
      if (!state.live || wanted) scheduleIn(0)
      // Before a reload it failed, too.
      else if (state.failures > 0 && due === Number.POSITIVE_INFINITY) retryFrom(cloudNow())
      else if (state.failures > 0) arm()
      else scheduleFor(state.live)
      // Helpers that start at one moment do not log in at one moment for good.
      if (options.verifyIntervalMs > 0) verifyLater(random())
    },
    prove() {
      if (mode !== 'idle' || state.live !== undefined) return
      mode = 'proving'
      scheduleIn(0)
    },
    adopt(found) {
      const live = newestOf(found, state.kept)
      // Nothing that has expired replaces a live credential.
      if (state.live && isOver(live.token, cloudNow())) return
      // Before a reload we got a newer one as the leader, and the write of our own copy is still under way or failed.
      if (state.live && state.live.origin === undefined && isOlder(live, state.live)) return
      if (state.live && sameLogin(state.live.token, live.token)) {
        state = { ...state, live: { ...state.live, origin: 'restored' } }
        return
      }
      state = { ...state, live: { ...live, origin: 'restored' }, kept: undefined, verified: 'skipped' }
      // One that fails is tried again when that is due: whether it still does is not known from what another got.
      if (state.failures === 0) scheduleFor(live)
      options.onChange({ kind: 'unchanged', state })
      options.onToken(state)
    },
    keep(live) {
      if (state.live !== undefined || (state.kept && isOlder(live, state.kept))) return
      state = { ...state, kept: keptOf(live) }
    },
    force,
    replaceOutdated() {
      const { live } = state
      if (live === undefined) return
      // A note of 0.1.0 has no shape: that a configured domain is missing can be seen, that one is there in excess cannot.
      const isOutdated =
        live.shape === undefined
          ? entry.values.domains.some((domain) => !live.token.domains.includes(domain.toLowerCase()))
          : live.shape !== shape
      if (isOutdated) force()
    },
    replaceOlder() {
      const { live } = state
      if (live === undefined || live === olderLive || live.origin === undefined) return
      olderLive = live
      force()
    },
    join() {
      if (mode === 'started' && !running && state.failures === 0) void refresh('joined')
    },
    stop() {
      stop.abort()
      cancelTimer?.()
      cancelVerify?.()
      cancelRecheck?.()
    },
  }
}

/** `before`: under the configuration before a reload; one that is another registry by now leaves only its entry in the Secrets. */
function initialState(entry: RegistryEntry, before: RegistryState | undefined): RegistryState {
  if (before?.fingerprint === entry.source.key) return before
  const last = before?.live ?? before?.kept
  return {
    name: entry.name,
    fingerprint: entry.source.key,
    live: undefined,
    kept: last && last.origin !== 'proof' ? keptOf(last) : undefined,
    verified: 'skipped',
    error: undefined,
    failures: 0,
    urgent: false,
  }
}

function keptOf(live: LiveToken): LiveToken {
  return { ...live, origin: 'kept' }
}

/** `kept`: of the same configuration, from before it was another one for a while; the write of our own copy failed since. */
function newestOf(found: LiveToken, kept: LiveToken | undefined): LiveToken {
  if (kept?.fingerprint !== found.fingerprint || !isOlder(found, kept)) return found
  // What is newer may still be over sooner.
  return (kept.token.expiresAt ?? 0) < (found.token.expiresAt ?? 0) ? found : kept
}

function partUsed({ issuedAt, expiresAt }: RegistryToken, now: number): number {
  return expiresAt === null ? 0 : (now - issuedAt) / Math.max(1, expiresAt - issuedAt)
}

/** The last moment that a Date can hold: the cloud said nanoseconds, or nonsense. */
const LATEST_DATE = 8.64e15

function unusable(registry: string): NopassError {
  const what = `the token service handed out a credential for registry ${registry} that has already expired or has no valid expiry`
  return new NopassError('CLOUD_UNAVAILABLE', what)
}

function sameLogin(a: RegistryToken, b: RegistryToken): boolean {
  return a.username === b.username && a.password === b.password && a.domains.join() === b.domains.join()
}

function refusal(registry: string): NopassError {
  return new NopassError('REGISTRY_LOGIN_REFUSED', `registry ${registry} refused the credential at its login`)
}
