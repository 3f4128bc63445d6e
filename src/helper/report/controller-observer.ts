import { toNopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { toStatusError } from '../../release/helper-status.ts'
import type { WriteAction } from '../plan/actions.ts'
import { parsePlanKey } from '../plan/plan.ts'
import type { ControllerObserver } from '../writes/observer.ts'
import type { EventReporter, Log } from './event-reporter.ts'
import { type Metrics, QUEUE } from './metrics.ts'
import type { ProblemStore } from './problem-store.ts'

export interface ControllerObserverOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  readonly problemStore: ProblemStore
  readonly isLeader: () => boolean
  readonly onChange: () => void
  readonly onSynced: () => void
}

/** Key of the single problem for all ServiceAccounts that the vendor's add-on serves too; not a valid name of an object. */
const RIVAL = '(rival)'
/** How long a new object is remembered for the metric, if no write follows. */
const READY_LIMIT_MS = 60_000

/** Reports the controller's work as metrics, log lines, Events and problems; a success is only counted. */
export function createControllerObserver(options: ControllerObserverOptions): ControllerObserver {
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
  return {
    queue: {
      added: () => metrics.queue.adds.inc({ name: QUEUE }),
      started: (ms) => metrics.queue.waited.observe({ name: QUEUE }, ms / 1000),
      finished: (ms) => metrics.queue.worked.observe({ name: QUEUE }, ms / 1000),
      retried: () => metrics.queue.retries.inc({ name: QUEUE }),
    },
    synced: options.onSynced,
    changed: options.onChange,
    appeared(key) {
      forgetOld()
      appearedAt.set(key, clock.monotonic())
    },
    lost(key) {
      const planned = parsePlanKey(key)
      const what = planned.serviceAccount === undefined ? 'changed or deleted the pull secret' : 'removed the reference'
      log.info({ ...planned }, `another writer ${what}`)
    },
    wrote(key, action) {
      metrics.writes.inc({ kind: kindOf(action), outcome: 'ok' })
      problemStore.clear(key)
      ready(key, action)
      if (log.isLevelEnabled('debug')) {
        const reason = action.kind === 'writeSecret' ? { reason: action.reason } : {}
        log.debug({ ...parsePlanKey(key), kind: action.kind, ...reason }, 'written')
      }
      options.onChange()
    },
    failed(key, action, verdict, error) {
      metrics.writes.inc({ kind: kindOf(action), outcome: verdict.outcome })
      const { code, reason } = toNopassError(error)
      const fields = { ...parsePlanKey(key), kind: action.kind, code, reason, outcome: verdict.outcome }
      if (verdict.outcome === 'conflict' || verdict.outcome === 'gone') log.debug(fields, 'not written')
      else log.warn(fields, 'not written')
    },
    problem(key, problem) {
      const { namespace = '', serviceAccount } = parsePlanKey(key)
      const object = serviceAccount === undefined ? {} : { object: `ServiceAccount ${serviceAccount}` }
      problemStore.set(key, { ...toStatusError(problem, clock.now()), namespace, ...object })
      if (!options.isLeader()) return
      if (problem.code === 'LIST_FOUGHT' || problem.code === 'SECRET_FOUGHT') metrics.fights.inc()
      const kind = serviceAccount === undefined ? 'Namespace' : 'ServiceAccount'
      const subject = { apiVersion: 'v1', kind, name: serviceAccount ?? namespace, namespace }
      options.events.warn(subject, toReason(problem.code), `${problem.message}. ${problem.hint}`)
    },
    solved: (key) => problemStore.clear(key),
    rival(key, problem) {
      if (key === undefined || problem === undefined) return problemStore.clear(RIVAL)
      const { namespace = '', serviceAccount: name = '' } = parsePlanKey(key)
      const object = `ServiceAccount ${name}`
      problemStore.set(RIVAL, { ...toStatusError(problem, clock.now()), namespace, object })
      if (!options.isLeader()) return
      log.warn({ namespace, serviceAccount: name, code: problem.code }, problem.message)
      const subject = { apiVersion: 'v1', kind: 'ServiceAccount', name, namespace }
      options.events.warn(subject, toReason(problem.code), `${problem.message}. ${problem.hint}`)
    },
    watchFailed(resource, error, retryInMs) {
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
