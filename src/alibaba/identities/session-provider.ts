import { NopassError } from '../../errors.ts'
import { singleFlight } from '../../lib/single-flight.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import type { CloudClock } from '../transport/cloud-clock.ts'

export interface SessionProviderOptions {
  readonly name: string
  readonly sharedSession?: boolean
  /** Asks the issuer; errors go to whoever waits. */
  readonly load: (signal: AbortSignal) => Promise<Credentials>
  readonly clock: CloudClock
}

/** A session is not used for its last seconds: a call must still arrive with it (milliseconds). */
const MARGIN = 30_000
/** A cached session is renewed once this part of its life is over. */
const RENEW_AT = 0.75

/**
 * Sessions kept in memory and renewed by one call at a time. While renewing fails the last session serves as long as it
 * lives; after that CREDENTIALS_EXPIRED, with the reason of the failure.
 */
export function createSessionProvider(options: SessionProviderOptions): CredentialProvider {
  const { clock, name } = options
  let held: { credentials: Credentials; renewAt: number } | undefined
  const renew = singleFlight(async (signal) => {
    const credentials = await options.load(signal)
    const now = clock.now()
    const expiresAt = credentials.expiresAt ?? Number.POSITIVE_INFINITY
    if (expiresAt <= now) {
      throw new NopassError('CREDENTIALS_EXPIRED', `${name}: the issuer handed out a session that is already over`)
    }
    const from = credentials.issuedAt ?? now
    held = { credentials, renewAt: from + (expiresAt - from) * RENEW_AT }
    return credentials
  })
  const live = (): Credentials | undefined =>
    held !== undefined && clock.now() < (held.credentials.expiresAt ?? Number.POSITIVE_INFINITY) - MARGIN
      ? held.credentials
      : undefined

  async function get(signal?: AbortSignal): Promise<Credentials> {
    const current = live()
    if (current !== undefined && held !== undefined && clock.now() < held.renewAt) return current
    try {
      return await renew(signal)
    } catch (error) {
      const stillLive = live()
      if (stillLive === undefined || signal?.aborted) throw error
      return stillLive
    }
  }
  return { name, sharedSession: options.sharedSession ?? false, get, fresh: renew }
}
