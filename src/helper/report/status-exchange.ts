import { toNopassError } from '../../errors.ts'
import {
  type HelperStatus,
  handledRefreshOf,
  refreshRequestedAt,
  STATUS_KEY,
  type StatusObject,
} from '../../installation/helper-status.ts'
import { parseStatus } from '../../installation/read-report.ts'
import { earlierRequest, type Noticed, type RotationRequest } from '../credentials/rotation-request.ts'
import type { Log } from './event-reporter.ts'
import {
  createStatusWriter,
  type FollowStatusOptions,
  followStatus,
  provenFingerprints,
  type StatusWriterOptions,
} from './status-object.ts'

export interface StatusExchangeOptions
  extends Pick<StatusWriterOptions, 'client' | 'clock' | 'namespace' | 'name' | 'build' | 'busy'>,
    Pick<FollowStatusOptions, 'random'> {
  readonly cloud: { now(): number; skew(): number }
  readonly log: Log
  readonly isLeader: () => boolean
  /** True when there is something to report. */
  readonly mayWrite: () => boolean
  /** Called when the status was read for the first time. */
  readonly onRead: () => void
  /** Called when a person requests new credentials while this replica leads. */
  readonly onRequest: (request: RotationRequest) => void
  /**
   * Called when the first status already has a request and this replica leads. An earlier leader
   * may have handled the request.
   */
  readonly onFirstRequest: () => void
}

/** How many requests for new credentials are remembered, so that none is handled twice. */
const REMEMBERED_REQUESTS = 100

/**
 * Writes the report of the leader to the status ConfigMap. Reads from the ConfigMap what people
 * request (new credentials) and which configurations other replicas have proven.
 */
export function createStatusExchange(options: StatusExchangeOptions) {
  const { clock, log } = options
  let isRead = false
  let proven: ReadonlySet<string> = new Set()
  let reported: HelperStatus | undefined
  let noticed: Noticed | undefined
  /**
   * Requests that were noticed. A restored etcd or a stale watch cache delivers an earlier request
   * again.
   */
  const knownRequests: number[] = []
  const writer = createStatusWriter({
    ...options,
    // A status that is written before the first read would lose a request in the old status.
    mayWrite: () => options.isLeader() && isRead && options.mayWrite(),
    onProblem: (error) => log.warn({ code: toNopassError(error).code }, 'the status could not be written'),
  })

  function onObject(object: StatusObject): void {
    reported = parseStatus(object)
    writer.observe(object.data?.[STATUS_KEY])
    const isFirst = !isRead
    if (isFirst) {
      isRead = true
      proven = provenFingerprints(reported)
      options.onRead()
      writer.touch()
    }
    const at = refreshRequestedAt(object)
    if (at === undefined || knownRequests.includes(at)) return
    knownRequests.push(at)
    if (knownRequests.length > REMEMBERED_REQUESTS) knownRequests.shift()
    const noticedAt = clock.monotonic()
    noticed = { at, noticedAt, isNew: !isFirst, led: options.isLeader() }
    if (!options.isLeader()) return
    if (isFirst) options.onFirstRequest()
    // Every credential is older than a request that was made just now.
    else options.onRequest({ at, olderThan: Number.POSITIVE_INFINITY, noticedAt })
  }

  return {
    get isRead() {
      return isRead
    },
    /**
     * True if some replica reported a credential for this fingerprint of a registry's
     * configuration.
     */
    isProven: (fingerprint: string): boolean => proven.has(fingerprint),
    /**
     * Returns the request that a leader has to handle after it takes over or reads a new
     * configuration.
     */
    earlierRequest: (): RotationRequest | undefined =>
      noticed && earlierRequest(noticed, handledRefreshOf(reported), clock.monotonic(), options.cloud),
    touch: writer.touch,
    rewind: writer.rewind,
    stop: writer.stop,
    /** Reads and watches the ConfigMap until the signal aborts. Never rejects. */
    follow: (signal: AbortSignal): Promise<void> =>
      followStatus(
        {
          ...options,
          onObject,
          onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the status could not be read'),
        },
        signal,
      ),
  }
}
