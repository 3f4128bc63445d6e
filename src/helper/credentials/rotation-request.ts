/** Somebody asked for new credentials (`acr-nopass refresh`). */
export interface RotationRequest {
  /**
   * The annotation's value, epoch milliseconds by the API server's clock; `acr-nopass refresh` adds
   * up to a second.
   */
  readonly at: number
  /**
   * Credentials that were issued before it are replaced, epoch milliseconds on the cloud's clock.
   */
  readonly olderThan: number
  /**
   * When this process noticed it, monotonic milliseconds: what it requested of the cloud before may
   * be older.
   */
  readonly noticedAt: number
}

/** The annotation with a request, as this process saw it. */
export interface Noticed extends Omit<RotationRequest, 'olderThan'> {
  /** It appeared while this process watched. */
  readonly isNew: boolean
  /** This process led then; otherwise the leader did it, whose clock may differ from ours. */
  readonly led: boolean
}

/** How far two clocks that are right may differ, and what `acr-nopass refresh` adds. */
const TOLERANCE_MS = 2_000

/**
 * Which credentials a request of some time ago replaces, for a helper that takes over or has read a
 * new configuration. If the request was handled, only those that are older, because a call failed.
 * If nobody has reported that, all: only clocks would tell what was issued since.
 * @param handled The request that the status reports as handled, epoch milliseconds, NaN for none;
 * undefined: a helper of 1.0.0 wrote it, which does not report this.
 * @param cloud `skew`: how far this machine's clock is ahead of the cloud's. It counts only for a
 * cloud that is ahead, because a local clock that is ahead would make old credentials look new.
 */
export function earlierRequest(
  { at, noticedAt, isNew, led }: Noticed,
  handled: number | undefined,
  monotonic: number,
  cloud: { now(): number; skew(): number },
): RotationRequest {
  const noticed = cloud.now() - (monotonic - noticedAt)
  if (isNew && led) return { at, olderThan: noticed, noticedAt }
  if (handled !== undefined && handled !== at) return { at, olderThan: Number.POSITIVE_INFINITY, noticedAt }
  const asked = isNew ? noticed : Math.min(at - Math.min(0, cloud.skew()), noticed)
  return { at, olderThan: asked - TOLERANCE_MS, noticedAt }
}
