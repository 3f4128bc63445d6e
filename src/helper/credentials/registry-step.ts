import type { PullVerdict } from '../../acr/query-manifest.ts'
import { EARLIEST, refreshAt, retryAt, spreadAfter } from '../../acr/refresh-schedule.ts'
import { registryShape } from '../../acr/registry-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import {
  type Credential,
  errorSince,
  hasExpired,
  heldBackUntil,
  isOutdated,
  NEVER,
  partUsed,
  type RefreshReason,
  type RegistryEntry,
  type RegistryState,
  sameLogin,
  type Verification,
  type Width,
} from './registry-state.ts'

export type RegistryEvent =
  /** A follower must prove the configuration with one token (docs/en/decisions.md#readiness). */
  | { readonly type: 'prove' }
  /** This replica leads; `found`: the registry's newest credential in the log. */
  | { readonly type: 'lead'; readonly found: Credential | undefined }
  /** Another leader wrote this credential into the log. */
  | { readonly type: 'found'; readonly found: Credential }
  /** A refresh regardless of the schedule. A request that is running counts as this refresh. */
  | { readonly type: 'force' }
  /**
   * A Secret has a credential that is not in the log. It is newer than the credential in the log.
   */
  | { readonly type: 'doubt' }
  /** At this time (monotonic) a person asked for credentials that are requested after it. */
  | { readonly type: 'ask'; readonly noticedAt: number }
  /** A refresh together with another registry; a failure changes nothing. */
  | { readonly type: 'join' }
  /** The time of `nextTick` has come. */
  | { readonly type: 'tick' }
  | { readonly type: 'token'; readonly token: RegistryToken }
  | { readonly type: 'failure'; readonly error: unknown }
  /**
   * Undefined: the check was not made. `pull`: whether a limited credential may pull its own list.
   */
  | {
      readonly type: 'verdict'
      readonly token: RegistryToken
      readonly verdict: Verification | undefined
      readonly pull?: PullVerdict
    }
  | { readonly type: 'measured'; readonly answer: Width }

export type RegistryEffect =
  /** A request begins. `answered` follows, also after a failure. */
  | { readonly do: 'announce'; readonly reason: RefreshReason }
  | { readonly do: 'request'; readonly from: 'configured' | 'earlier' }
  | { readonly do: 'check'; readonly from: 'configured' | 'earlier'; readonly token: RegistryToken }
  | { readonly do: 'answered' }
  /** Checks in the background whether the credential is too wide. */
  | { readonly do: 'measure'; readonly token: RegistryToken; readonly turn: number }
  | { readonly do: 'report width'; readonly answer: Width }
  /** The credential in use changed. */
  | { readonly do: 'distribute' }
  /** `refused`: a refused credential is in use, because there is no better one. */
  | { readonly do: 'report'; readonly kind: 'refreshed' | 'unchanged' | 'revoked' | 'proven' }
  | { readonly do: 'report'; readonly kind: 'failed' | 'refused'; readonly error: unknown }

export interface Step {
  readonly state: RegistryState
  readonly effects: readonly RegistryEffect[]
}

/** The inputs of a step besides state and event. Times are in milliseconds; `random`: 0 to 1. */
export interface Moment {
  readonly cloud: number
  readonly monotonic: number
  readonly random: number
  readonly entry: RegistryEntry
  /** 0: logins are not checked again. */
  readonly verifyIntervalMs: number
}

/**
 * A refused credential that is in use is checked again after this time, doubling up to the longest
 * pause.
 */
const FIRST_RECHECK_MS = 30_000
const LONGEST_RECHECK_MS = 10 * 60_000
/** The shortest time between two requests, however short the lifetime of the credentials is. */
const SHORTEST_PAUSE_MS = 1_000
const AHEAD_MS = 60_000
/** The result of a width check is kept for an hour. */
const MEASURED_FOR_MS = 3_600_000
/**
 * If a limited credential may not pull its list, the cause is a setting, so a quick retry does not
 * help.
 */
const NOT_ACCEPTED_PAUSE_MS = 5 * 60_000
/** Rounding errors of sums of milliseconds are smaller than this. */
const ROUNDING_MS = 1
/** A static login has no expiry, so its mounted files are read this often. */
const STATIC_POLL_MS = 30_000
/** The longest wait. The clock may be corrected meanwhile, by hours after a machine slept. */
const LONGEST_WAIT_MS = 60_000
/** The latest time that a Date can represent. */
const LATEST_DATE = 8.64e15

/** Returns the next state of one registry's credential after an event, and the effects. Pure. */
export function step(state: RegistryState, event: RegistryEvent, at: Moment): Step {
  switch (event.type) {
    case 'prove':
      if (state.role !== 'follower' || state.live !== undefined) return only(state)
      return only({ ...state, role: 'prover', due: dueIn(0, at) })
    case 'lead':
      return only(lead(state, event.found, at))
    case 'found':
      return { state: adopt(state, event.found, at), effects: [{ do: 'report', kind: 'unchanged' }] }
    case 'force':
      return only(force(state, at))
    case 'doubt':
      return only(state.isFresh || state.forced || state.failures > 0 ? state : force(state, at))
    case 'ask':
      return only(force({ ...state, askedAt: Math.max(state.askedAt, event.noticedAt), pending: true }, at))
    case 'join':
      return isResting(state) && state.role === 'leader' && state.failures === 0
        ? begin(state, 'coalesced', at)
        : only(state)
    case 'tick':
      return tick(state, at)
    case 'token':
      return received(state, event.token, at)
    case 'failure':
      return failed(state, event.error, at)
    case 'verdict':
      return judged(state, event.token, event.verdict, at, event.pull)
    case 'measured': {
      const { at: askedAt = at.monotonic, turn = 0 } = state.measured ?? {}
      const measured = { at: askedAt, turn, answer: event.answer }
      return { state: { ...state, measured }, effects: [{ do: 'report width', answer: event.answer }] }
    }
  }
}

/** Returns the milliseconds until the next `tick`; infinite if none is needed. */
export function nextTick(state: RegistryState, at: Pick<Moment, 'cloud' | 'monotonic'>): number {
  const checks = state.role === 'leader' ? [state.checkAt, state.recheckAt] : []
  const wait = Math.min(untilRequest(state, at), ...checks.map((time) => time - at.monotonic))
  return wait === NEVER ? NEVER : Math.max(0, Math.min(LONGEST_WAIT_MS, wait))
}

function untilRequest({ role, work, due, notBefore }: RegistryState, at: Pick<Moment, 'cloud' | 'monotonic'>): number {
  if (role === 'follower' || work.at !== 'rest' || due === undefined) return NEVER
  return Math.max(Math.min(due.cloud - at.cloud, due.monotonic - at.monotonic), notBefore - at.monotonic)
}

const only = (state: RegistryState): Step => ({ state, effects: [] })
const isResting = ({ work }: RegistryState): boolean => work.at === 'rest'
const dueIn = (ms: number, at: Moment): RegistryState['due'] => ({ cloud: at.cloud + ms, monotonic: at.monotonic + ms })

/** Returns when a credential is due for replacement. `shortest`: the shortest wait from now. */
function dueOf({ token, refreshAt: planned }: Credential, at: Moment, shortest = 0): RegistryState['due'] {
  // A token that was issued in the future shows that our clock is behind. Only a call to the cloud
  // corrects it.
  const isAhead = token.issuedAt > at.cloud + AHEAD_MS
  if (planned === null) return dueIn(STATIC_POLL_MS, at)
  return isAhead || planned < at.cloud + shortest ? dueIn(shortest, at) : { cloud: planned, monotonic: NEVER }
}

function lead(before: RegistryState, found: Credential | undefined, at: Moment): RegistryState {
  const adopted = found === undefined ? before : adopt(before, found, at)
  const { live, failures, due, revoked, isFresh, work } = adopted
  // The first check is at a random time, so that helpers that start together do not log in
  // together.
  const checkAt = at.verifyIntervalMs > 0 ? at.monotonic + at.random * at.verifyIntervalMs : NEVER
  const use = live === undefined ? 'credential' : 'proof'
  const state: RegistryState = {
    ...adopted,
    role: 'leader',
    work: work.at === 'request' || work.at === 'check' ? { ...work, use } : work,
    checkAt,
  }
  if (live === undefined) return { ...state, due: dueIn(0, at) }
  // The files of a static login may have changed since the log was written.
  const isDoubtful = live.token.expiresAt === null && !isFresh
  if (state.forced || revoked || isDoubtful || isOutdated(live, at.entry.values)) return force(state, at)
  // It already failed before a reload.
  if (failures > 0) return due === undefined ? retry(state, at) : state
  return { ...state, due: dueOf(live, at) }
}

/** Uses a credential of the log. */
function adopt(state: RegistryState, found: Credential, at: Moment): RegistryState {
  const { live, failures } = state
  if (found.fingerprint !== state.fingerprint) return live ? state : { ...state, kept: found, isFresh: false }
  if (live && sameLogin(live.token, found.token)) return state
  // An expired credential never replaces a live one.
  if (live && hasExpired(found.token, at.cloud) && !hasExpired(live.token, at.cloud)) return state
  return {
    ...state,
    live: found,
    kept: undefined,
    by: at.entry,
    isFresh: false,
    verified: 'skipped',
    granted: undefined,
    revoked: false,
    refused: undefined,
    // A failing registry keeps its retry: another replica's credential does not show that it works
    // again.
    due: failures === 0 ? dueOf(found, at) : state.due,
  }
}

function force(state: RegistryState, at: Moment): RegistryState {
  // A request in progress suffices, unless its token only proves the configuration.
  if (!isResting(state) && !('use' in state.work && state.work.use === 'proof')) return state
  return { ...state, forced: true, due: dueIn(Math.max(0, state.startedAt + SHORTEST_PAUSE_MS - at.monotonic), at) }
}

function tick(before: RegistryState, at: Moment): Step {
  const { live, refused, verified } = before
  const isOver = live === undefined || hasExpired(live.token, at.cloud)
  const [isCheck, isRecheck] = [before.checkAt <= at.monotonic, before.recheckAt <= at.monotonic]
  const isRefused = isRecheck && !isOver && live === refused && verified !== 'accepted'
  const state: RegistryState = {
    ...before,
    checkAt: isCheck ? at.monotonic + at.verifyIntervalMs : before.checkAt,
    ...(isRecheck && (isRefused ? recheckLater(before, at) : { recheckAt: NEVER })),
  }
  if (untilRequest(state, at) <= 0) {
    return begin(state, state.forced ? 'forced' : state.failures > 0 ? 'retried' : 'due', at)
  }
  const checks = (isCheck || isRefused) && !isOver && isResting(state)
  return { state, effects: checks ? [{ do: 'check', from: 'configured', token: live.token }] : [] }
}

/**
 * Requests a new credential. If a credential was held back and is not yet due for replacement, uses
 * that instead.
 */
function begin(before: RegistryState, reason: RefreshReason, at: Moment): Step {
  const use = before.role === 'prover' ? 'proof' : 'credential'
  const work = { at: 'request', use, reason } as const
  const state: RegistryState = { ...before, work, forced: false, startedAt: at.monotonic }
  const announce = { do: 'announce', reason } as const
  const spare = reason === 'retried' ? state.heldBack : undefined
  if (spare !== undefined && !predatesQuestion(spare, state, at) && partUsed(spare, at.cloud) < EARLIEST) {
    const { state: next, effects } = received(state, spare, at)
    return { state: next, effects: [announce, ...effects] }
  }
  return { state, effects: [announce, { do: 'request', from: 'configured' }] }
}

function received(state: RegistryState, token: RegistryToken, at: Moment): Step {
  const { work, live, kept } = state
  const { expiresAt } = token
  const isUsable = expiresAt === null || (expiresAt > at.cloud && expiresAt <= LATEST_DATE)
  if (work.at === 'earlier request') {
    if (!isUsable || kept === undefined || sameLogin(token, kept.token)) return rest(state, at)
    if (hasExpired(kept.token, at.cloud)) return succeedEarlier(state, token, at)
    const next: RegistryState = { ...state, work: { at: 'earlier check', token } }
    return { state: next, effects: [{ do: 'check', from: 'earlier', token }] }
  }
  if (work.at !== 'request') return only(state)
  if (!isUsable) return failed(state, unusable(state.name), at)
  const checking: RegistryState = { ...state, work: { ...work, at: 'check', token } }
  const isKnown = live !== undefined && sameLogin(live.token, token)
  if (isKnown) return judged(checking, token, state.verified, at)
  return { state: checking, effects: [{ do: 'check', from: 'configured', token }] }
}

function judged(
  before: RegistryState,
  token: RegistryToken,
  verdict: Verification | undefined,
  at: Moment,
  pull?: PullVerdict,
): Step {
  const { work, live } = before
  const isDenied = pull?.grant === 'denied'
  if (work.at === 'earlier check' && work.token === token)
    return verdict === 'refused' || isDenied ? rest(before, at) : succeedEarlier(before, token, at)
  if (work.at !== 'check' || work.token !== token) return judgedInUse(before, token, verdict, at)
  // The credential cannot pull its own list, so it is never used, even if there is no other
  // credential.
  if (isDenied) return work.reason === 'coalesced' ? passOver(before, at) : fail(before, notAccepted(before, pull), at)
  const isKnown = live !== undefined && sameLogin(live.token, token)
  // The check took longer than the token lives.
  if (!isKnown && hasExpired(token, at.cloud)) {
    return work.reason === 'coalesced' ? passOver(before, at) : fail(before, unusable(before.name), at)
  }
  const isRefused = verdict === 'refused' && (!isKnown || token.expiresAt === null)
  const until = isRefused ? heldBackUntil(token, before, at.cloud) : undefined
  // A proof's token is thrown away.
  const granted = work.use === 'proof' || (isKnown && pull === undefined) ? before.granted : pull
  if (until === undefined) return succeed({ ...before, granted }, token, verdict ?? 'skipped', at)
  const held = { ...before, heldBack: token.expiresAt === null ? undefined : token }
  return work.reason === 'coalesced' ? passOver(held, at) : fail(held, refusal(before.name), at, until)
}

/** Handles a check of the login in use, which detects a revoked credential. */
function judgedInUse(before: RegistryState, token: RegistryToken, verdict: Verification | undefined, at: Moment): Step {
  const { live, error, failures } = before
  if (live?.token !== token || verdict === undefined || verdict === before.verified) return only(before)
  const unchanged = [{ do: 'report', kind: 'unchanged' }] as const
  if (verdict !== 'refused') {
    const isCleared = verdict === 'accepted' && error?.code === 'REGISTRY_LOGIN_REFUSED' && failures === 0
    return { state: { ...before, verified: verdict, error: isCleared ? undefined : error }, effects: unchanged }
  }
  const state = { ...before, verified: verdict, error: errorSince(error, refusal(before.name), at.cloud) }
  // The replacement was refused too. A third credential would rewrite all namespaces for nothing.
  if (state.refused === live) return { state, effects: unchanged }
  const revoked = force({ ...state, refused: live, revoked: true }, at)
  return { state: revoked, effects: [{ do: 'report', kind: 'revoked' }] }
}

function succeed(state: RegistryState, token: RegistryToken, verified: Verification, at: Moment): Step {
  const { work, live: before, kept } = state
  if (work.at !== 'check' && work.at !== 'request') return only(state)
  if (work.use === 'proof') return prove(state, at)
  const changed = before === undefined || !sameLogin(before.token, token)
  const { sharedSession, key: fingerprint } = at.entry.source
  // A credential that was held back may be due soon.
  const usual = token === state.heldBack ? 'usual' : spreadAfter(before, at.cloud)
  const spread = work.reason === 'forced' && token !== state.heldBack ? 'whole' : usual
  const planned = refreshAt(token, { random: at.random, sharedSession, spread })
  const shape = registryShape(at.entry.values)
  const fetched: Credential = { name: state.name, fingerprint, shape, token, refreshAt: planned }
  // A static login that is read again is not newer, so the status does not change.
  const live = changed || token.expiresAt !== null ? fetched : before
  const last = before ?? kept
  const error = verified === 'refused' ? refusal(state.name) : undefined
  const next: RegistryState = {
    ...state,
    live,
    kept: undefined,
    isFresh: true,
    isProven: true,
    by: at.entry,
    verified,
    revoked: false,
    error: error && errorSince(state.error, error, at.cloud),
    triedAt: undefined,
    failures: 0,
    urgent:
      (before !== undefined && state.verified === 'refused') ||
      (last !== undefined && hasExpired(last.token, at.cloud)),
    heldBack: undefined,
    pending: predatesQuestion(token, state, at),
    due: dueOf(live, at, SHORTEST_PAUSE_MS),
    rechecks: 0,
    recheckAt: NEVER,
    ...(error && { refused: live, ...recheckLater({ rechecks: 0 }, at) }),
  }
  const report: RegistryEffect = error
    ? { do: 'report', kind: 'refused', error }
    : { do: 'report', kind: changed ? 'refreshed' : 'unchanged' }
  if (!changed) return rest(next, at, [report])
  const { measured } = state
  if (at.entry.measure === undefined || (measured !== undefined && at.monotonic < measured.at + MEASURED_FOR_MS))
    return rest(next, at, [report, { do: 'distribute' }])
  const turn = measured === undefined ? 0 : measured.turn + 1
  const asking = { ...next, measured: { ...measured, at: at.monotonic, turn } }
  return rest(asking, at, [report, { do: 'distribute' }, { do: 'measure', token, turn }])
}

/**
 * A token that only proves the configuration is discarded, because the leader logs the credential
 * in use.
 */
function prove(state: RegistryState, at: Moment): Step {
  const role = state.role === 'prover' ? 'follower' : state.role
  const next: RegistryState = { ...state, role, isProven: true, error: undefined, failures: 0 }
  return rest(next, at, [{ do: 'report', kind: 'proven' }])
}

/** Handles a credential that the earlier configuration obtained. */
function succeedEarlier(state: RegistryState, token: RegistryToken, at: Moment): Step {
  const { kept, by } = state
  if (kept === undefined) return rest(state, at)
  const { sharedSession } = by.source
  const planned = refreshAt(token, { random: at.random, sharedSession, spread: 'usual' })
  const urgent = hasExpired(kept.token, at.cloud)
  const next = { ...state, kept: { ...kept, token, refreshAt: planned }, isFresh: true, urgent }
  return rest(next, at, [{ do: 'distribute' }])
}

/** Handles a request that failed, or returned nothing usable. */
function failed(state: RegistryState, error: unknown, at: Moment): Step {
  const { work, heldBack: spare } = state
  if (work.at === 'earlier request') return rest(state, at)
  if (work.at !== 'request') return only(state)
  // Even a refused credential is better than a credential that is about to expire.
  const isBetter = spare && !hasExpired(spare, at.cloud) && heldBackUntil(spare, state, at.cloud) === undefined
  if (isBetter) return succeed({ ...state, granted: undefined }, spare, 'refused', at)
  return work.reason === 'coalesced' ? passOver(state, at) : fail(state, error, at)
}

function fail(state: RegistryState, error: unknown, at: Moment, noLaterThan = NEVER): Step {
  const isAnswer = state.pending && state.startedAt >= state.askedAt
  const next: RegistryState = {
    ...state,
    failures: state.failures + 1,
    error: errorSince(state.error, error, at.cloud),
    pending: state.pending && !isAnswer,
    // A scheduled retry does not change this time, so that the status is not written for each
    // retry.
    triedAt: isAnswer ? at.cloud : state.triedAt,
  }
  const report = { do: 'report', kind: 'failed', error } as const
  return rest(retry(next, at, toNopassError(error).retryAfterMs, noLaterThan), at, [report])
}

function retry(state: RegistryState, at: Moment, retryAfterMs?: number, noLaterThan = NEVER): RegistryState {
  const { failures, live } = state
  const next = retryAt({ now: at.cloud, failures, token: live?.token ?? null, random: at.random, retryAfterMs })
  return { ...state, due: dueIn(Math.min(next, noLaterThan) - at.cloud, at) }
}

/** A coalesced refresh was not due yet, so its failure is not reported. */
function passOver(state: RegistryState, at: Moment): Step {
  return rest({ ...state, notBefore: state.startedAt + SHORTEST_PAUSE_MS }, at)
}

/**
 * Ends the request. If the earlier configuration's credential is due, that credential is requested
 * next.
 */
function rest(state: RegistryState, at: Moment, effects: readonly RegistryEffect[] = []): Step {
  if (isEarlierDue(state, at)) {
    return {
      state: { ...state, work: { at: 'earlier request' } },
      effects: [...effects, { do: 'request', from: 'earlier' }],
    }
  }
  const resting: RegistryState = { ...state, work: { at: 'rest' } }
  return { state: state.pending ? force(resting, at) : resting, effects: [...effects, { do: 'answered' }] }
}

function isEarlierDue({ role, work, live, kept, by }: RegistryState, at: Moment): boolean {
  const isTried = work.at === 'earlier request' || work.at === 'earlier check'
  if (isTried || role !== 'leader' || live !== undefined || kept === undefined) return false
  return kept.refreshAt !== null && kept.refreshAt <= at.cloud && by.source.key === kept.fingerprint
}

function recheckLater({ rechecks }: Pick<RegistryState, 'rechecks'>, at: Moment) {
  const wait = Math.min(LONGEST_RECHECK_MS, FIRST_RECHECK_MS * 2 ** Math.min(30, rechecks)) * (1 + at.random / 2)
  return { rechecks: rechecks + 1, recheckAt: at.monotonic + wait }
}

/**
 * Returns true if a token was requested before the person asked: it was held back, or another
 * registry's call returned it.
 */
function predatesQuestion({ issuedAt }: RegistryToken, { askedAt }: RegistryState, at: Moment): boolean {
  return at.cloud - issuedAt > at.monotonic - askedAt + ROUNDING_MS
}

function unusable(registry: string): NopassError {
  const what = `the token service issued a credential for registry ${registry} that has already expired or has no valid expiry`
  return new NopassError('CLOUD_UNAVAILABLE', what)
}

function notAccepted({ name }: RegistryState, { detail }: PullVerdict): NopassError {
  const what = `the registry does not let the new credential ${name} pull its own list: ${detail}`
  return new NopassError('LIMIT_NOT_ACCEPTED', what, { retryAfterMs: NOT_ACCEPTED_PAUSE_MS })
}

function refusal(registry: string): NopassError {
  return new NopassError('REGISTRY_LOGIN_REFUSED', `registry ${registry} refused a login with the credential`)
}
