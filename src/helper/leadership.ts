import { NopassError, toNopassError } from '../errors.ts'
import { createLeaseElector, type LeaseOptions } from '../kube/lease.ts'
import { shell } from '../lib/shell-command.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { Log } from './report/event-reporter.ts'
import type { Metrics } from './report/metrics.ts'

type Release = HelperConfig['release']

export interface LeadershipOptions
  extends Pick<LeaseOptions, 'client' | 'clock' | 'random' | 'identity' | 'durations' | 'onAcquired' | 'onRewound'> {
  readonly release: Release
  readonly log: Log
  readonly metrics: Metrics
}

/** Elects the leader by the Lease. Reports the election as log lines and a metric. */
export function createLeadership(options: LeadershipOptions) {
  const { release, log, metrics } = options
  const { lease } = release
  const elector = createLeaseElector({
    ...options,
    namespace: release.namespace,
    name: lease,
    onAcquired() {
      log.info({ lease }, 'leading')
      metrics.leader.set({ name: lease }, 1)
      options.onAcquired()
    },
    onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the Lease could not be read or written'),
    onCreated: () => log.info({ lease }, 'the lease did not exist and was created'),
    onMissing(missing) {
      const { code, message, hint } = leaseMissing(release)
      if (missing) log.error({ code, lease }, `${message}. ${hint}`)
      else log.info({ lease }, 'the lease exists again')
    },
    onRefused(error) {
      if (error === undefined) {
        log.info({ lease }, 'the lease can be acquired again')
        return
      }
      const { code, message, hint } = leaseRefused(release, error)
      log.error({ code, lease }, `${message}. ${hint}`)
    },
  })
  return {
    isLeader: elector.isLeader,
    get holder(): string {
      return elector.holder ?? ''
    },
    get missing() {
      return elector.missing
    },
    get refused() {
      return elector.refused
    },
    /** Follows and leads until the signal aborts. @throws LEASE_LOST unless `stopping` */
    async run(signal: AbortSignal, stopping: AbortSignal): Promise<void> {
      try {
        const end = await elector.run(signal)
        if (end === 'lost' && !stopping.aborted) throw new NopassError('LEASE_LOST', `the lease ${lease} was lost`)
      } finally {
        metrics.leader.set({ name: lease }, 0)
      }
    },
  }
}

function leaseMissing({ namespace, lease }: Release): NopassError {
  return new NopassError(
    'LEASE_MISSING',
    `the Lease ${namespace}/${lease} does not exist and cannot be created, so no replica can become the leader`,
  )
}

function leaseRefused({ namespace, lease }: Release, cause: NopassError): NopassError {
  const message = `the Lease ${namespace}/${lease} cannot be acquired, so this replica cannot lead: ${cause.message}`
  const remove = shell`kubectl -n ${namespace} delete lease ${lease}`
  const hint = `The message names what refuses it: restore the rights from the release, or exempt the Lease. Otherwise delete the Lease, and the helper creates it within a minute: ${remove}`
  return new NopassError('LEASE_REFUSED', message, { cause, reason: cause.reason, hint })
}
