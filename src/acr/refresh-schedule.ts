import type { RegistryToken } from './registry-token.ts'

/** The part of its life after which a token is replaced: 60 to 70 %, by jitter. */
export const EARLIEST: number = 0.6
export const LATEST: number = 0.7
/** Spread over the whole, the soonest: nearly a usual period before the latest, so that all moments are equally busy. */
const SOONEST = 0.1
/** A refresh that comes later than planned by more than this part of life was held up by something that others met too. */
const HELD_UP = 0.05
/** A session shared by the node does not get younger by asking: not more often than this (milliseconds). */
export const SHARED_PAUSE: number = 5 * 60_000

/** No registry issues tokens for longer (`expiresInHours` is at most 24): one that claims to is still replaced daily. */
const LONGEST_LIFE = 24 * 60 * 60_000
/** However short the life of tokens is, they are not requested more often (milliseconds). */
const SHORTEST = 1000

/** `whole`: anywhere from 10 to 70 % of life, where many clusters may have got theirs at one moment. */
export type Spread = 'usual' | 'whole'

/**
 * When a token is to be replaced (epoch milliseconds), or null for one that does not expire. Usually at 60 to 70 % of life.
 * Shared sessions (worker role): a token lives as long as the session has left, so the same 60 to 70 % of what is left, at most
 * every 5 minutes; only when that would be too late, half of what is left, at least 30 s (docs/en/decisions.md#shared-session).
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
 * How the token that replaces `before` is spread. The first one of a start, one that was wanted out of turn, and one that
 * was held up (an outage, machines that were off) may have been got by a whole fleet at one moment, which spreads out again.
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
  return now > before.refreshAt + HELD_UP * (expiresAt - issuedAt) ? 'whole' : 'usual'
}

/** First wait after a failure, and the longest one while the token still lives and once it no longer does. */
const FIRST = 2000
const LONGEST_ALIVE = 2 * 60_000
const LONGEST_DEAD = 60_000
/** The cloud may ask for a longer pause, up to this. */
const LONGEST_ASKED = 10 * 60_000

/**
 * When to ask again after `failures` failures in a row (epoch milliseconds): doubling with full jitter, never pausing
 * so long that a tenth of the token's life would be lost to waiting. A pause that the cloud asked for comes first, and
 * half as much again at random, so that not all who were told the same come back at once.
 */
export function retryAt(options: {
  readonly now: number
  readonly failures: number
  /** Null: no token yet, or one without end. */
  readonly token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'> | null
  readonly random: number
  /** Milliseconds that the cloud asked us to wait. */
  readonly retryAfterMs?: number | undefined
}): number {
  const { now, failures, token, random, retryAfterMs = 0 } = options
  const expiresAt = token?.expiresAt ?? null
  const alive = token !== null && (expiresAt === null || now < expiresAt)
  const tenth = token !== null && expiresAt !== null ? (expiresAt - token.issuedAt) / 10 : Number.POSITIVE_INFINITY
  const cap = alive ? Math.min(LONGEST_ALIVE, Math.max(FIRST, tenth)) : LONGEST_DEAD
  const bound = Math.min(cap, FIRST * 2 ** Math.min(30, Math.max(0, failures - 1)))
  const asked = Math.min(LONGEST_ASKED, retryAfterMs)
  return now + Math.max(FIRST / 4 + random * (bound - FIRST / 4), asked * (1 + random / 2))
}
