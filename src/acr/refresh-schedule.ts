import type { RegistryToken } from './registry-token.ts'

/** The part of its lifetime after which a token is replaced: 60 to 70 %, with jitter. */
export const EARLIEST: number = 0.6
export const LATEST: number = 0.7
/**
 * The earliest refresh, as part of the lifetime, if refreshes are spread over the whole lifetime.
 */
const SOONEST = 0.1
/**
 * If a refresh is late by more than this part of the token's lifetime, the cause probably affects
 * the whole fleet.
 */
const DELAYED = 0.05
/**
 * The worker role's session is shared by the node. Requesting this session does not renew it, so it
 * is read at most this often (milliseconds).
 */
export const SHARED_PAUSE: number = 5 * 60_000

/**
 * No registry issues tokens that live longer (`expiresInHours` is at most 24), so every token is
 * replaced daily.
 */
const LONGEST_LIFE = 24 * 60 * 60_000
/**
 * Tokens are not requested more often than this, however short their lifetime is (milliseconds).
 */
const SHORTEST = 1000

/**
 * `usual`: from 60 to 70 % of the lifetime. `whole`: from 10 to 70 %, for tokens that many clusters
 * may have received at the same moment.
 */
export type Spread = 'usual' | 'whole'

/**
 * Returns when a token is to be replaced (epoch milliseconds), or null if the token does not
 * expire. Usually this is at 60 to 70 % of its lifetime. For a shared session (worker role), only
 * the remaining lifetime counts, and the session is read at most every 5 minutes. If 5 minutes
 * would be too late, it is read after half of the rest, at least 30 s
 * (docs/en/decisions.md#shared-session).
 */
export function refreshAt(
  token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'>,
  options: { readonly random: number; readonly sharedSession: boolean; readonly spread: Spread },
): number | null {
  const { issuedAt, expiresAt } = token
  if (expiresAt === null) return null
  const life = Math.min(LONGEST_LIFE, Math.max(0, expiresAt - issuedAt))
  const from = options.spread === 'whole' ? SOONEST : EARLIEST
  const planned = issuedAt + Math.max(SHORTEST, life * (from + (LATEST - from) * options.random))
  if (!options.sharedSession || planned - issuedAt >= SHARED_PAUSE) return planned
  if (life > SHARED_PAUSE / 0.9) return issuedAt + SHARED_PAUSE
  return issuedAt + Math.max(30_000, life / 2)
}

/**
 * Decides how widely to spread the refresh of the token that replaces `before`. The first token
 * after a start, and a delayed token (an outage, machines that were off), may have been requested
 * by a whole fleet at the same moment. Such a fleet has to spread out again.
 */
export function spreadAfter(
  before:
    | { readonly token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'>; readonly refreshAt: number | null }
    | undefined,
  now: number,
): Spread {
  if (before === undefined) return 'whole'
  const { issuedAt, expiresAt } = before.token
  if (before.refreshAt === null || expiresAt === null) return 'usual'
  return now > before.refreshAt + DELAYED * (expiresAt - issuedAt) ? 'whole' : 'usual'
}

/**
 * The first wait after a failure, then the longest wait before and after the token expires
 * (milliseconds).
 */
const FIRST = 2000
const LONGEST_ALIVE = 2 * 60_000
const LONGEST_EXPIRED = 60_000
/** A longer pause that the cloud requests is shortened to this (milliseconds). */
const LONGEST_REQUESTED = 10 * 60_000

/**
 * Returns when to retry after `failures` failures in a row (epoch milliseconds). The wait doubles,
 * with full jitter, up to a tenth of the token's lifetime. If the cloud requests a pause, the wait
 * is this pause plus a random time of up to half of it. The random time keeps clients from retrying
 * together.
 */
export function retryAt(options: {
  readonly now: number
  readonly failures: number
  /** Null if there is no token yet, or the token does not expire. */
  readonly token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'> | null
  readonly random: number
  /** The pause that the cloud requested, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}): number {
  const { now, failures, token, random, retryAfterMs = 0 } = options
  const expiresAt = token?.expiresAt ?? null
  const alive = token !== null && (expiresAt === null || now < expiresAt)
  const tenth = token !== null && expiresAt !== null ? (expiresAt - token.issuedAt) / 10 : Number.POSITIVE_INFINITY
  const cap = alive ? Math.min(LONGEST_ALIVE, Math.max(FIRST, tenth)) : LONGEST_EXPIRED
  const bound = Math.min(cap, FIRST * 2 ** Math.min(30, Math.max(0, failures - 1)))
  const requested = Math.min(LONGEST_REQUESTED, retryAfterMs)
  return now + Math.max(FIRST / 4 + random * (bound - FIRST / 4), requested * (1 + random / 2))
}
