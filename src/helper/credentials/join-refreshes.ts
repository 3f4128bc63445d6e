import { EARLIEST, LATEST, SHARED_PAUSE } from '../../acr/refresh-schedule.ts'

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
