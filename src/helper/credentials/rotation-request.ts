/** A person's request for new credentials (`acr-nopass refresh`). */
export interface RotationRequest {
  /**
   * The annotation's value, epoch milliseconds by the API server's clock; `acr-nopass refresh` adds
   * up to a second.
   */
  readonly at: number
  /**
   * Credentials that were issued before this time are replaced (epoch milliseconds on the cloud's
   * clock).
   */
  readonly olderThan: number
  /**
   * When this process noticed the request, in monotonic milliseconds. Tokens that it requested
   * earlier may be too old.
   */
  readonly noticedAt: number
}

/** A request as this process read it from the annotation. */
export interface Noticed extends Omit<RotationRequest, 'olderThan'> {
  /** True if the request appeared while this process watched. */
  readonly isNew: boolean
  /**
   * True if this process was the leader then. If not, another leader handled the request, by a
   * clock that may differ from ours.
   */
  readonly led: boolean
}

/** The largest difference of two correct clocks, plus the second that `acr-nopass refresh` adds. */
const TOLERANCE_MS = 2_000

/**
 * Returns which credentials an earlier request still replaces, for a helper that takes over or has
 * read a new configuration. If the request was handled, only credentials that are older than the
 * request, because a call failed. If no leader reported that it was handled, all credentials,
 * because clocks alone cannot show which were issued later.
 * @param handled the request that the status reports as handled (epoch milliseconds); NaN if there
 * is none; undefined if a helper of 1.0.0 wrote the status, which does not report this
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
