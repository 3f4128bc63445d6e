import type { Clock } from '../../lib/clock.ts'

export interface HealthOptions {
  readonly clock: Clock
  /** When each watch was last tried, monotonic. */
  readonly activities: () => readonly number[]
}

/** `ok`, or why the process should be replaced. */
export type Verdict = { readonly ok: boolean; readonly detail: string }

/** A watch is opened again after at most 10 minutes, whatever happens: one that was not even tried is stuck. */
const STUCK_MS = 11 * 60_000

/** Liveness: the event loop answers (or nobody would ask) and no watch is stuck. An API server that is down kills nobody. */
export function checkHealth(options: HealthOptions): Verdict {
  const now = options.clock.monotonic()
  const stuck = options.activities().filter((at) => now - at > STUCK_MS).length
  return stuck === 0 ? { ok: true, detail: 'ok' } : { ok: false, detail: `${stuck} watches are stuck` }
}

export interface ReadinessInput {
  readonly stopping: boolean
  /** No replica can lead: unlike the others this is not latched. */
  readonly leaseMissing: boolean
  readonly synced: boolean
  readonly statusRead: boolean
  /** Registries whose configuration or identity is new and not proven yet. */
  readonly unproven: readonly string[]
}

/** Readiness (docs/en/decisions.md#readiness); the caller latches it: once ready, only a shutdown or a missing lease ends it. */
export function checkReadiness(input: ReadinessInput): Verdict {
  if (input.stopping) return { ok: false, detail: 'stopping' }
  if (input.leaseMissing) return { ok: false, detail: 'the lease does not exist' }
  if (!input.synced) return { ok: false, detail: 'the caches are not complete yet' }
  if (!input.statusRead) return { ok: false, detail: 'the status has not been read yet' }
  if (input.unproven.length > 0) return { ok: false, detail: `no token yet for ${input.unproven.join(', ')}` }
  return { ok: true, detail: 'ok' }
}
