import { toNopassError } from '../errors.ts'
import type { StatusError } from './helper-status.ts'

/** A failure as the status, an Event and the log may carry it: our own words, the cloud's code, no message of others. */
export function toStatusError(error: unknown, at: number): StatusError {
  const known = toNopassError(error)
  return {
    code: known.code,
    ...(known.reason === undefined ? {} : { reason: known.reason }),
    message: known.code === 'INTERNAL' ? 'an unexpected failure; the log has its place in the code' : known.message,
    fix: known.hint,
    at: new Date(at).toISOString(),
  }
}
