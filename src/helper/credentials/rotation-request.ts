/** Somebody asked for new credentials (`acr-nopass refresh`). */
export interface RotationRequest {
  /** Credentials that were issued before it are replaced, epoch milliseconds on the cloud's clock. */
  readonly olderThan: number
  /** When this process noticed it, monotonic milliseconds: what it requested of the cloud before may be older. */
  readonly noticedAt: number
}

/** The annotation with the request, as this process saw it. */
export interface Noticed {
  /** Its value, epoch milliseconds by the API server's clock. */
  readonly at: number
  /** Monotonic milliseconds. */
  readonly noticedAt: number
}

/**
 * Which credentials a request replaces. `isNew`: the annotation changed while this process led, so the request was made now, also where
 * the API server's clock is behind the cloud's; otherwise only its time tells whether an earlier leader has done it.
 * @param cloud `skew`: how far this machine's clock is ahead of the cloud's. It counts only for a cloud that is ahead, because a local
 * clock that is ahead would make old credentials look new.
 */
export function rotationRequest(
  { at, noticedAt }: Noticed,
  isNew: boolean,
  cloud: { now(): number; skew(): number },
): RotationRequest {
  const asked = at - Math.min(0, cloud.skew())
  return { olderThan: isNew ? Math.max(asked, cloud.now()) : asked, noticedAt }
}
