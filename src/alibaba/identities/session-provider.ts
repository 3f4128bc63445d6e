import { NopassError } from '../../errors.ts'
import { singleFlight } from '../../lib/concurrency.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import type { CloudClock } from '../transport/cloud-clock.ts'

export interface SessionProviderOptions {
  readonly name: string
  readonly sharedSession?: boolean
  /** Requests a session from the issuer. The waiting callers receive its errors. */
  readonly load: (signal: AbortSignal) => Promise<Credentials>
  readonly clock: CloudClock
}

/** A session is not used in its last seconds, because the call must still arrive (milliseconds). */
const MARGIN = 30_000
/** A cached session is renewed after this part of its lifetime. */
const RENEW_AT = 0.75

/**
 * Caches a session and renews it by one call at a time. If the renewal fails, the last session is
 * used until it expires. After that, callers receive the renewal's error.
 */
export function createSessionProvider(options: SessionProviderOptions): CredentialProvider {
  const { clock, name } = options
  let cached: { credentials: Credentials; renewAt: number } | undefined
  const renew = singleFlight(async (signal) => {
    const credentials = await options.load(signal)
    const now = clock.now()
    const expiresAt = credentials.expiresAt ?? Number.POSITIVE_INFINITY
    if (expiresAt <= now) {
      throw new NopassError('CREDENTIALS_EXPIRED', `${name}: the issuer returned a session that has already expired`)
    }
    const from = credentials.issuedAt ?? now
    cached = { credentials, renewAt: from + (expiresAt - from) * RENEW_AT }
    return credentials
  })
  const valid = (): Credentials | undefined =>
    cached !== undefined && clock.now() < (cached.credentials.expiresAt ?? Number.POSITIVE_INFINITY) - MARGIN
      ? cached.credentials
      : undefined

  async function get(signal?: AbortSignal): Promise<Credentials> {
    const current = valid()
    if (current !== undefined && cached !== undefined && clock.now() < cached.renewAt) return current
    try {
      return await renew(signal)
    } catch (error) {
      const stillValid = valid()
      if (stillValid === undefined || signal?.aborted) throw error
      return stillValid
    }
  }
  return { name, sharedSession: options.sharedSession ?? false, get, fresh: renew }
}
