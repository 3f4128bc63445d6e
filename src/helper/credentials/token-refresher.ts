import { EARLIEST, refreshAt, retryAt, spreadAfter } from '../../acr/refresh-schedule.ts'
import { registryShape } from '../../acr/registry-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { RefreshTimer } from './refresh-timer.ts'
import {
  asKept,
  errorSince,
  hasExpired,
  heldBackUntil,
  initialState,
  isIssuedBefore,
  isOutdated,
  type LiveToken,
  newestOf,
  partUsed,
  type RegistryEntry,
  type RegistryState,
  sameLogin,
  type Verification,
} from './registry-state.ts'

export interface TokenRefresherOptions {
  readonly entry: RegistryEntry
  readonly clock: Clock
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  readonly random: () => number
  readonly verifyIntervalMs: number
  /** The state before a reload. */
  readonly initial?: RegistryState | undefined
  /** A new credential is requested; `onResponse` follows in any case except after `stop`. */
  readonly onRequest?: (reason: RefreshReason) => void
  readonly onResponse?: () => void
  /** The credential in use has changed. */
  readonly onToken: (state: RegistryState) => void
  /** Something that the status shows has changed. */
  readonly onChange: (event: RefreshEvent) => void
}

/** `refused`: a new credential is in use although the registry refuses it, because there is no better one. */
export type RefreshEvent =
  | { readonly kind: 'refreshed' | 'unchanged' | 'revoked'; readonly state: RegistryState }
  | { readonly kind: 'failed' | 'refused'; readonly state: RegistryState; readonly error: unknown }

/** `due`: by the schedule; `retried`: after a failure; `coalesced`: with another registry; `forced`: on request. */
export type RefreshReason = 'due' | 'retried' | 'coalesced' | 'forced'

export type TokenRefresher = ReturnType<typeof createTokenRefresher>

/** A refused credential that is in use is checked again after this time, doubling up to the longest pause. */
const FIRST_RECHECK_MS = 30_000
const LONGEST_RECHECK_MS = 10 * 60_000
/** At most one request in this time, however short the lifetime of the credentials is. */
const SHORTEST_PAUSE_MS = 1_000
const AHEAD_MS = 60_000
/** Sums of fractions of milliseconds, made in another order, differ by less. */
const ROUNDING_MS = 1
/** A static login has no expiry: its mounted files are read this often. */
const STATIC_POLL_MS = 30_000

/** Keeps the credential of one registry fresh, by a schedule from the credential's own expiry. */
export function createTokenRefresher(options: TokenRefresherOptions) {
  const { entry, clock, cloudNow, random } = options
  const stop = new AbortController()
  let state = initialState(entry, options.initial)
  /** A new credential that the registry refused, held back while the one in use works. */
  let candidate: RegistryToken | undefined
  /** The credential in use after it was refused: another refusal does not request a new one. */
  let refusedLive: LiveToken | undefined
  /** A credential that is older than the one in some Secret. */
  let olderLive: LiveToken | undefined
  let rechecks = 0
  let cancelRecheck: (() => void) | undefined
  let forced = false
  let running = false
  let startedAt = Number.NEGATIVE_INFINITY
  /** When new credentials were last asked for, monotonic milliseconds. */
  let requestedAt = Number.NEGATIVE_INFINITY
  let pending = false
  let cancelVerify: (() => void) | undefined
  let mode: 'idle' | 'proving' | 'started' = 'idle'

  const timer = new RefreshTimer({
    clock,
    cloudNow,
    mayWait: () => mode !== 'idle' && !running && !stop.signal.aborted,
    onDue: () => void refresh(forced ? 'forced' : state.failures > 0 ? 'retried' : 'due'),
  })
  const scheduleFor = ({ token, refreshAt: at }: LiveToken, shortest = 0): void => {
    const now = cloudNow()
    // Issued in the future: our clock is behind, and only a call to the cloud corrects it.
    const isAhead = token.issuedAt > now + AHEAD_MS
    if (at === null) timer.setIn(STATIC_POLL_MS)
    else if (isAhead || at < now + shortest) timer.setIn(shortest)
    else timer.setAt(at)
  }

  /** A credential that was held back, or that another registry's call returned, may be older than the request that it is used for. */
  function predatesRequest({ issuedAt }: RegistryToken): boolean {
    return cloudNow() - issuedAt > clock.monotonic() - requestedAt + ROUNDING_MS
  }

  function succeed(token: RegistryToken, verified: Verification, reason: RefreshReason): void {
    const before = state.live
    const changed = before === undefined || !sameLogin(before.token, token)
    const { sharedSession, key: fingerprint } = entry.source
    // A credential that was held back may be due soon.
    const spread = token === candidate ? 'usual' : reason === 'forced' ? 'whole' : spreadAfter(before, cloudNow())
    const planned = refreshAt(token, { random: random(), sharedSession, spread })
    const origin = mode === 'proving' ? ({ origin: 'proof' } as const) : {}
    const shape = registryShape(entry.values)
    const fetched: LiveToken = { name: entry.name, fingerprint, shape, token, refreshAt: planned, ...origin }
    // A static login that is read again is not newer, so the status does not change.
    const live = changed || token.expiresAt !== null ? fetched : before
    const urgent = before !== undefined && (state.verified === 'refused' || hasExpired(before.token, cloudNow()))
    const error = verified === 'refused' ? refusal(entry.name) : undefined
    state = {
      ...state,
      live,
      kept: undefined,
      by: entry,
      verified,
      revoked: false,
      error: error && errorSince(state.error, error, cloudNow()),
      triedAt: undefined,
      failures: 0,
      urgent,
    }
    candidate = undefined
    pending = predatesRequest(token)
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

  /** Checks a refused credential that is in use again, until it is accepted or replaced. */
  function recheckLater(): void {
    const wait = Math.min(LONGEST_RECHECK_MS, FIRST_RECHECK_MS * 2 ** Math.min(30, rechecks)) * (1 + random() / 2)
    rechecks += 1
    cancelRecheck = clock.after(wait, () => {
      void verifyNow().finally(() => {
        const { live, verified } = state
        if (stop.signal.aborted || live === undefined || hasExpired(live.token, cloudNow())) return
        if (live === refusedLive && verified !== 'accepted') recheckLater()
      })
    })
  }

  function fail(error: unknown, noLaterThan = Number.POSITIVE_INFINITY): void {
    const now = cloudNow()
    const failures = state.failures + 1
    const isRequested = pending && startedAt >= requestedAt
    if (isRequested) pending = false
    // A scheduled retry does not change it, so that the status is not written for each.
    const triedAt = isRequested ? now : state.triedAt
    state = { ...state, failures, error: errorSince(state.error, error, now), triedAt }
    retryFrom(now, toNopassError(error).retryAfterMs, noLaterThan)
    options.onChange({ kind: 'failed', state, error })
  }

  function retryFrom(now: number, retryAfterMs?: number, noLaterThan = Number.POSITIVE_INFINITY): void {
    const { failures, live } = state
    const retry = retryAt({ now, failures, token: live?.token ?? null, random: random(), retryAfterMs })
    timer.setIn(Math.min(retry, noLaterThan) - now)
  }

  /** Requests a new credential, or returns the one that was held back if that is not due for replacement itself. */
  async function fetchToken(reason: RefreshReason): Promise<RegistryToken> {
    const spare = reason === 'retried' ? candidate : undefined
    if (spare !== undefined && !predatesRequest(spare) && partUsed(spare, cloudNow()) < EARLIEST) return spare
    return getUsable(entry)
  }

  async function getUsable({ source }: RegistryEntry): Promise<RegistryToken> {
    const token = await source.get(stop.signal)
    const { expiresAt } = token
    if (expiresAt !== null && !(expiresAt > cloudNow() && expiresAt <= LATEST_DATE)) throw unusable(entry.name)
    return token
  }

  /** Refreshes the entry of the earlier configuration when it is due, because there is no credential of the current one. */
  async function refreshKept(): Promise<void> {
    const { live, kept, by } = state
    const isDue = kept !== undefined && kept.refreshAt !== null && kept.refreshAt <= cloudNow()
    if (live !== undefined || !isDue || mode !== 'started' || by.source.key !== kept.fingerprint) return
    try {
      const token = await getUsable(by)
      const urgent = hasExpired(kept.token, cloudNow())
      const isWorse = !urgent && (await by.verify(token, stop.signal)) === 'refused'
      if (stop.signal.aborted || isWorse || sameLogin(token, kept.token) || state.kept !== kept) return
      const planned = refreshAt(token, { random: random(), sharedSession: by.source.sharedSession, spread: 'usual' })
      state = { ...state, kept: { ...kept, token, refreshAt: planned }, urgent }
      options.onToken(state)
    } catch {
      // The next try of the current configuration is also the next one of this.
    }
  }

  async function refresh(reason: RefreshReason): Promise<void> {
    if (running) return
    running = true
    startedAt = clock.monotonic()
    options.onRequest?.(reason)
    let act: () => void
    // A coalesced refresh was not due yet, so its failure is not reported.
    const failed = (error: unknown) =>
      reason === 'coalesced' ? () => timer.arm(startedAt + SHORTEST_PAUSE_MS) : () => fail(error)
    try {
      const token = await fetchToken(reason)
      const known = state.live !== undefined && sameLogin(state.live.token, token)
      const verified = known ? state.verified : await entry.verify(token, stop.signal)
      const isRefused = verified === 'refused' && (!known || token.expiresAt === null)
      const until = isRefused ? heldBackUntil(token, state, cloudNow()) : undefined
      if (until !== undefined) candidate = token.expiresAt === null ? undefined : token
      if (until !== undefined) await refreshKept()
      if (until === undefined) act = () => succeed(token, verified, reason)
      else act = reason === 'coalesced' ? failed(undefined) : () => fail(refusal(entry.name), until)
    } catch (error) {
      await refreshKept()
      const spare = candidate
      // Even refused it is better than one that is about to expire.
      if (spare === undefined || hasExpired(spare, cloudNow()) || heldBackUntil(spare, state, cloudNow()) !== undefined)
        act = failed(error)
      else act = () => succeed(spare, 'refused', reason)
    }
    running = false
    forced = false
    if (stop.signal.aborted) return
    act()
    if (pending) force()
    options.onResponse?.()
  }

  /** Checks the login at intervals, to detect a revoked credential; the first time after `part` of the interval. */
  function verifyLater(part: number): void {
    cancelVerify = clock.after(part * options.verifyIntervalMs, () => {
      void verifyNow().finally(() => {
        if (!stop.signal.aborted) verifyLater(1)
      })
    })
  }

  async function verifyNow(): Promise<void> {
    const { live } = state
    if (live === undefined || running || hasExpired(live.token, cloudNow())) return
    const verified = await entry.verify(live.token, stop.signal).catch(() => undefined)
    if (verified === undefined || state.live !== live || verified === state.verified) return
    state = { ...state, verified }
    if (verified === 'accepted' && state.error?.code === 'REGISTRY_LOGIN_REFUSED' && state.failures === 0) {
      state = { ...state, error: undefined }
    }
    if (verified !== 'refused') return options.onChange({ kind: 'unchanged', state })
    state = { ...state, error: errorSince(state.error, refusal(entry.name), cloudNow()) }
    // A second credential was refused too: a third would rewrite all namespaces in vain.
    if (refusedLive === live) return options.onChange({ kind: 'unchanged', state })
    refusedLive = live
    state = { ...state, revoked: true }
    options.onChange({ kind: 'revoked', state })
    force()
  }

  function force(): void {
    forced = true
    timer.setIn(Math.max(0, startedAt + SHORTEST_PAUSE_MS - clock.monotonic()))
  }

  return {
    get state() {
      return state
    },
    /** Nothing that was sent to the cloud after the last `request` has succeeded or failed yet. */
    get pending() {
      return pending
    },
    /** Refreshes the credential when it is due from now on, and immediately when there is none. */
    start(): void {
      if (mode === 'started') return
      mode = 'started'
      if (!state.live || forced) timer.setIn(0)
      // It already failed before a reload.
      else if (state.failures > 0 && !timer.isSet) retryFrom(cloudNow())
      else if (state.failures > 0) timer.arm()
      else if (state.revoked) force()
      else scheduleFor(state.live)
      // A random first interval, so that helpers that start together do not log in together.
      if (options.verifyIntervalMs > 0) verifyLater(random())
    },
    /** Requests a credential until there is one, to verify the configuration (docs/en/decisions.md#readiness). */
    prove(): void {
      if (mode !== 'idle' || state.live !== undefined) return
      mode = 'proving'
      timer.setIn(0)
    },
    /** Uses the credential of the helper's own copy, which all namespaces have, unless ours is newer and was got as the leader. */
    adopt(found: LiveToken): void {
      const live = newestOf(found, state.kept)
      // An expired credential never replaces a live one.
      if (state.live && hasExpired(live.token, cloudNow())) return
      // We got a newer one as the leader before a reload, and the write of our own copy has not finished or failed.
      if (state.live && state.live.origin === undefined && isIssuedBefore(live, state.live)) return
      if (state.live && sameLogin(state.live.token, live.token)) {
        state = { ...state, live: { ...state.live, origin: 'restored' } }
        return
      }
      const adopted = { live: { ...live, origin: 'restored' }, kept: undefined, by: entry } as const
      state = { ...state, ...adopted, verified: 'skipped', revoked: false }
      // A failing registry keeps its retry, because another replica's credential does not show that it works again.
      if (state.failures === 0) scheduleFor(live)
      options.onChange({ kind: 'unchanged', state })
      options.onToken(state)
    },
    /** Keeps a credential of an earlier configuration, whose entry stays in Secrets while there is no other. */
    keep(live: LiveToken): void {
      if (state.live !== undefined || (state.kept && isIssuedBefore(live, state.kept))) return
      state = { ...state, kept: asKept(live) }
    },
    /** Refreshes now, regardless of the schedule. A request to the cloud that is running counts as this refresh. */
    force,
    /** Refreshes until there is a credential that was requested of the cloud after this time (monotonic milliseconds). */
    request(noticedAt: number): void {
      requestedAt = Math.max(requestedAt, noticedAt)
      pending = true
      force()
    },
    /** Refreshes now if the credential was requested for other domains than are configured now. */
    replaceOutdated(): void {
      if (state.live !== undefined && isOutdated(state.live, entry.values)) force()
    },
    /**
     * A Secret has a newer credential: refreshes now, once per credential; a failure is retried as usual. A credential that this replica
     * got as the leader is not replaced, because two replicas that both lead for a moment must not keep outdoing each other.
     */
    replaceOlder(): void {
      const { live } = state
      if (live === undefined || live === olderLive || live.origin === undefined) return
      olderLive = live
      force()
    },
    /** Refreshes now with another registry, unless a request is running or the last one failed; a failure changes nothing. */
    join(): void {
      if (mode === 'started' && !running && state.failures === 0) void refresh('coalesced')
    },
    stop(): void {
      stop.abort()
      timer.stop()
      cancelVerify?.()
      cancelRecheck?.()
    },
  }
}

/** The latest time that a Date can represent. */
const LATEST_DATE = 8.64e15

function unusable(registry: string): NopassError {
  const what = `the token service handed out a credential for registry ${registry} that has already expired or has no valid expiry`
  return new NopassError('CLOUD_UNAVAILABLE', what)
}

function refusal(registry: string): NopassError {
  return new NopassError('REGISTRY_LOGIN_REFUSED', `registry ${registry} refused the credential at its login`)
}
