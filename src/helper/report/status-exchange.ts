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
  /** Whether there is something to report. */
  readonly mayWrite: () => boolean
  /** The status was read for the first time. */
  readonly onRead: () => void
  /** Somebody asked for new credentials just now, while this replica leads. */
  readonly onRequest: (request: RotationRequest) => void
  /** The first status has a request, which may have been handled; this replica leads already. */
  readonly onFirstRequest: () => void
}

/** How many requests for new credentials are recognized when they show up again. */
const REMEMBERED_REQUESTS = 100

/**
 * The status ConfigMap: what the leader reports there, and what people and other replicas tell in
 * it: requests for new credentials, and which configurations are proven.
 */
export function createStatusExchange(options: StatusExchangeOptions) {
  const { clock, log } = options
  let isRead = false
  let proven: ReadonlySet<string> = new Set()
  let reported: HelperStatus | undefined
  let noticed: Noticed | undefined
  /** After a restore of etcd, and from a stale watch cache, an earlier request shows up again. */
  const knownRequests: number[] = []
  const writer = createStatusWriter({
    ...options,
    // Before the status was read it would be replaced by one that knows of no request.
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
    // It was asked for just now, so every credential is older.
    else options.onRequest({ at, olderThan: Number.POSITIVE_INFINITY, noticedAt })
  }

  return {
    /** The last report, of the present leader or an earlier one. */
    get reported() {
      return reported
    },
    get isRead() {
      return isRead
    },
    /** Whether some replica reported a credential of this configuration of a registry. */
    isProven: (fingerprint: string): boolean => proven.has(fingerprint),
    /** What a leader that takes over, or has read a new configuration, has to replace. */
    earlierRequest: (): RotationRequest | undefined =>
      noticed && earlierRequest(noticed, handledRefreshOf(reported), clock.monotonic(), options.cloud),
    touch: writer.touch,
    rewind: writer.rewind,
    stop: writer.stop,
    /** Reads and watches the ConfigMap until the signal. Never rejects. */
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
