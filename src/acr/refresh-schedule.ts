import type { RegistryToken } from './registry-token.ts'

/** A part of life in which no refresh may still be pending while the cloud answers: 60 to 70 %, by jitter. */
const EARLIEST = 0.6
const SPREAD = 0.1
/** A session shared by the node does not get younger by asking: not more often than this (milliseconds). */
const SHARED_PAUSE = 5 * 60_000

/**
 * When a token is to be replaced (epoch milliseconds), or null for one that does not expire.
 * Shared sessions (worker role, decision 7): each answer lives as long as the session has left, so the same 60 to 70 %
 * of what is left, at most every 5 minutes; only when that would be too late, half of what is left, at least 30 s.
 */
export function refreshAt(
  token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'>,
  options: { readonly random: number; readonly sharedSession: boolean },
): number | null {
  const { issuedAt, expiresAt } = token
  if (expiresAt === null) return null
  const life = Math.max(0, expiresAt - issuedAt)
  const planned = issuedAt + life * (EARLIEST + SPREAD * options.random)
  if (!options.sharedSession || planned - issuedAt >= SHARED_PAUSE) return planned
  if (life > SHARED_PAUSE / 0.9) return issuedAt + SHARED_PAUSE
  return issuedAt + Math.max(30_000, life / 2)
}

/** First wait after a failure, and the longest one while the token still lives and once it no longer does. */
const FIRST = 2000
const LONGEST_ALIVE = 2 * 60_000
const LONGEST_DEAD = 60_000

/**
 * When to ask again after `failures` failures in a row (epoch milliseconds): doubling with full jitter, never pausing
 * so long that a tenth of the token's life would be lost to waiting.
 */
export function retryAt(options: {
  readonly now: number
  readonly failures: number
  /** Null: no token yet, or one without end. */
  readonly token: Pick<RegistryToken, 'issuedAt' | 'expiresAt'> | null
  readonly random: number
}): number {
  const { now, failures, token, random } = options
  const expiresAt = token?.expiresAt ?? null
  const alive = token !== null && (expiresAt === null || now < expiresAt)
  const tenth = token !== null && expiresAt !== null ? (expiresAt - token.issuedAt) / 10 : Number.POSITIVE_INFINITY
  const cap = alive ? Math.min(LONGEST_ALIVE, Math.max(FIRST, tenth)) : LONGEST_DEAD
  const bound = Math.min(cap, FIRST * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return now + FIRST / 4 + random * (bound - FIRST / 4)
}
