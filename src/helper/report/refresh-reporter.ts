import { toNopassError } from '../../errors.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { RefreshEvent } from '../credentials/registry-driver.ts'
import type { EventReporter, Log } from './event-reporter.ts'
import type { Metrics } from './metrics.ts'

export interface RefreshReporterOptions {
  readonly release: HelperConfig['release']
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  readonly isLeader: () => boolean
}

/**
 * The number of failures in a row before an Event is written, because a single failure is harmless.
 */
const EVENT_AFTER_FAILURES = 3

const RESULTS: readonly RefreshEvent['kind'][] = ['refreshed', 'unchanged', 'revoked', 'proven', 'failed', 'refused']

/**
 * Removes the series of a credential that no namespace needs, because labels of namespaces make any
 * number of lists.
 */
export function forgetRefreshes({ refreshes }: Metrics, registry: string): void {
  for (const result of RESULTS) refreshes.remove({ registry, result })
}

/** Reports refreshed and failed credentials as metrics, log lines and Events. */
export function createRefreshReporter(options: RefreshReporterOptions): (event: RefreshEvent) => void {
  const { log, metrics } = options
  const { fullname: name, namespace } = options.release
  const warn = (registry: string, message: string): void => {
    const subject = { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace }
    if (options.isLeader()) options.events.warn(subject, 'TokenFailing', `registry ${registry}: ${message}`)
  }
  return (event) => {
    const { state } = event
    const { name: registry, live, failures, verified } = state
    metrics.refreshes.inc({ registry, result: event.kind })
    const { expiresAt = null } = live?.token ?? {}
    if (event.kind === 'failed') {
      const { code, reason, requestId, message, hint } = toNopassError(event.error)
      log.warn({ registry, code, reason, requestId, failures, fix: hint }, `no new credential: ${message}`)
      if (failures >= EVENT_AFTER_FAILURES) warn(registry, `${message}. ${hint}`)
    } else if (event.kind === 'refused') {
      const { code, message, hint } = toNopassError(event.error)
      log.warn({ registry, code, expiresAt, fix: hint }, `a new credential is in use although ${message}`)
      warn(registry, `${message}. ${hint}`)
    } else if (event.kind === 'proven') {
      log.info({ registry }, 'the configuration gives credentials')
    } else if (event.kind !== 'unchanged') {
      log.info({ registry, expiresAt, verified }, `the credential is ${event.kind}`)
    }
  }
}
