import { NopassError, toNopassError } from '../../errors.ts'
import { toStatusError } from '../../installation/helper-status.ts'
import type { Clock } from '../../lib/clock.ts'
import type { WriteAction } from '../plan/actions.ts'
import { parsePlanKey } from '../plan/plan.ts'
import type { EventReporter, Log } from '../report/event-reporter.ts'
import { type Metrics, QUEUE } from '../report/metrics.ts'
import type { ProblemStore } from '../report/problem-store.ts'
import type { FailureVerdict } from './decision-problem.ts'
import type { QueueObserver } from './work-queue.ts'

export interface ControllerObserverOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  readonly problemStore: ProblemStore
  readonly ownNamespace: string
  readonly isLeader: () => boolean
  readonly onChange: () => void
  readonly onSynced: () => void
}

/**
 * Key of the single problem about the vendor's add-on, for all ServiceAccounts that it also
 * manages. No object can have this name.
 */
const RIVAL = '(rival)'
/** Key of the problem LOG_UNWRITABLE. */
const LOG = '(log)'
/** How long to wait for the first write of a new object, which the metric `ready` measures. */
const READY_LIMIT_MS = 60_000

export type ControllerObserver = ReturnType<typeof createControllerObserver>

/**
 * Creates the controller's callbacks, which report its work as metrics, log lines, Events and
 * problems. A success is only counted. A key is `namespace` or `namespace/serviceaccount`.
 */
export function createControllerObserver(options: ControllerObserverOptions) {
  const { clock, log, metrics, problemStore } = options
  const appearedAt = new Map<string, number>()

  function ready(key: string, action: WriteAction): void {
    const at = appearedAt.get(key)
    appearedAt.delete(key)
    const object = action.kind === 'writeSecret' ? 'namespace' : 'serviceaccount'
    if (at !== undefined) metrics.ready.observe({ object }, (clock.monotonic() - at) / 1000)
  }
  function forgetOld(): void {
    const now = clock.monotonic()
    for (const [key, at] of appearedAt) {
      if (now - at < READY_LIMIT_MS) break
      appearedAt.delete(key)
    }
  }
  /** Stores a problem of an object under `id`; the leader also writes an Event about the object. */
  function report(id: string, key: string, problem: NopassError): void {
    const { namespace = '', serviceAccount } = parsePlanKey(key)
    const object = serviceAccount === undefined ? {} : { object: `ServiceAccount ${serviceAccount}` }
    problemStore.set(id, { ...toStatusError(problem, clock.now()), namespace, ...object })
    if (!options.isLeader()) return
    if (problem.code === 'LIST_CONFLICT' || problem.code === 'SECRET_CONFLICT') metrics.fights.inc()
    const kind = serviceAccount === undefined ? 'Namespace' : 'ServiceAccount'
    const subject = { apiVersion: 'v1', kind, name: serviceAccount ?? namespace, namespace }
    options.events.warn(subject, toReason(problem.code), `${problem.message}. ${problem.hint}`)
  }
  return {
    queue: {
      added: () => metrics.queue.adds.inc({ name: QUEUE }),
      started: (ms) => metrics.queue.waited.observe({ name: QUEUE }, ms / 1000),
      finished: (ms) => metrics.queue.worked.observe({ name: QUEUE }, ms / 1000),
      retried: () => metrics.queue.retries.inc({ name: QUEUE }),
    } satisfies QueueObserver,
    /** Called once, when all caches are complete for the first time. */
    synced: options.onSynced,
    /** Called after each change in the caches. */
    changed: options.onChange,
    /** Called when an object appears after the caches were complete. */
    appeared(key: string): void {
      forgetOld()
      appearedAt.set(key, clock.monotonic())
    },
    /** Called when another writer removed our entry, or changed or deleted the pull secret. */
    lost(key: string): void {
      const planned = parsePlanKey(key)
      const what = planned.serviceAccount === undefined ? 'changed or deleted the pull secret' : 'removed the reference'
      log.info({ ...planned }, `another writer ${what}`)
    },
    wrote(key: string, action: WriteAction): void {
      metrics.writes.inc({ kind: kindOf(action), outcome: 'ok' })
      problemStore.clear(key)
      ready(key, action)
      if (log.isLevelEnabled('debug')) {
        const reason = action.kind === 'writeSecret' ? { reason: action.reason } : {}
        log.debug({ ...parsePlanKey(key), kind: action.kind, ...reason }, 'written')
      }
      options.onChange()
    },
    failed(key: string, action: WriteAction, verdict: FailureVerdict, error: unknown): void {
      metrics.writes.inc({ kind: kindOf(action), outcome: verdict.outcome })
      const { code, reason } = toNopassError(error)
      const fields = { ...parsePlanKey(key), kind: action.kind, code, reason, outcome: verdict.outcome }
      if (verdict.outcome === 'conflict' || verdict.outcome === 'gone') log.debug(fields, 'not written')
      else log.warn(fields, 'not written')
    },
    problem: (key: string, problem: NopassError): void => report(key, key, problem),
    solved: (key: string): void => problemStore.clear(key),
    /**
     * Called with one ServiceAccount that the vendor's add-on also manages, and without arguments
     * when none is left.
     */
    rival(key?: string, problem?: NopassError): void {
      if (key === undefined || problem === undefined) {
        problemStore.clear(RIVAL)
        return
      }
      report(RIVAL, key, problem)
      if (options.isLeader()) log.warn({ ...parsePlanKey(key), code: problem.code }, problem.message)
    },
    /**
     * Called with true when the log cannot be written, and with false when a later write succeeds.
     */
    logStuck(isStuck: boolean): void {
      metrics.logUnwritable.set({}, isStuck ? 1 : 0)
      if (!isStuck) {
        problemStore.clear(LOG)
        return
      }
      const message =
        "the helper's own copy of its credentials cannot be written, so that a new leader would not know them"
      report(LOG, options.ownNamespace, new NopassError('LOG_UNWRITABLE', message))
      log.warn({ code: 'LOG_UNWRITABLE' }, message)
    },
    watchFailed(resource: string, error: unknown, retryInMs: number): void {
      metrics.watchRestarts.inc({ resource })
      const { code, reason } = toNopassError(error)
      log.info({ resource, code, reason, retryInMs: Math.round(retryInMs) }, 'a watch broke and is restarted')
    },
  }
}

function kindOf(action: WriteAction): 'secret' | 'attach' | 'detach' {
  return action.kind === 'writeSecret' ? 'secret' : action.kind
}

/** `FOREIGN_SECRET` -> `ForeignSecret`, as Events name their reasons. */
function toReason(code: string): string {
  return code
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')
}
