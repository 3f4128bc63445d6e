import type { RegistryToken } from './registry-token.ts'

/** The part of its life after which a token is replaced: 60 to 70 %, with jitter. */
export const EARLIEST: number = 0.6
export const LATEST: number = 0.7
/** The earliest refresh of a token whose refresh is spread over its whole life. */
const SOONEST = 0.1
/**
 * A refresh that is late by more than this part of the token's life was delayed by something that
 * affects the whole fleet.
 */
const DELAYED = 0.05
/**
 * Requesting a session that the node shares does not renew it, so it is read at most this often
 * (milliseconds).
 */
export const SHARED_PAUSE: number = 5 * 60_000

/**
 * No registry issues tokens for longer (`expiresInHours` is at most 24), so every token is replaced
 * daily.
 */
const LONGEST_LIFE = 24 * 60 * 60_000
/** Tokens are not requested more often than this, however short their life is (milliseconds). */
const SHORTEST = 1000

/**
 * `whole`: from 10 to 70 % of the life, for tokens that many clusters may have got at the same
 * moment.
 */
export type Spread = 'usual' | 'whole'

/**
 * When a token is to be replaced (epoch milliseconds), or null if it does not expire: usually at 60
 * to 70 % of its life. Of a shared session (worker role) only the rest of its life counts, at most
 * every 5 minutes; if that would be too late, half of the rest, at least 30 s
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
 * How the refresh of the token that replaces `before` is spread. The first token after a start and
 * a delayed one (an outage, machines that were off) may have been requested by a whole fleet at the
 * same moment, which has to spread out again.
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
 * The first wait after a failure, and the longest one before and after the token expires
 * (milliseconds).
 */
const FIRST = 2000
const LONGEST_ALIVE = 2 * 60_000
const LONGEST_EXPIRED = 60_000
/** A longer pause that the cloud requests is honoured up to this. */
const LONGEST_REQUESTED = 10 * 60_000

/**
 * When to retry after `failures` failures in a row (epoch milliseconds): doubling with full jitter,
 * and never more than a tenth of the token's life. A pause that the cloud requests is honoured,
 * plus up to half of it at random, so that clients do not retry together.
 */
export function retryAt(options: {
  readonly now: number
  readonly failures: number
  /** Null: no token yet, or one that does not expire. */
  readonly token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'> | null
  readonly random: number
  /** The pause that the cloud requested, milliseconds. */
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
