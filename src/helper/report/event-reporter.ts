import { hasStatus } from '../../kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import { printable } from '../../printable.ts'

/** The part of pino that the helper uses. Never log a secret. */
export interface Log {
  isLevelEnabled(level: 'debug'): boolean
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The object of an Event. */
interface EventSubject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /**
   * The namespace of the Event. For an Event about a Namespace, it is the name of that Namespace:
   * the API server refuses any other (docs/en/decisions.md#events).
   */
  readonly namespace: string
  readonly uid?: string
}

export interface EventReporterOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** Name of the Pod that reports. */
  readonly instance: string
  /**
   * After this signal no Event is sent, not even a waiting one, because another replica may lead.
   */
  readonly signal: AbortSignal
}

export type EventReporter = ReturnType<typeof createEventReporter>

const PAUSE_MS = 60 * 60_000
/** The limit of Events per hour for all objects, so that a broken setting does not flood etcd. */
const LIMIT = 200
/** The limit of Events per hour for one namespace, so that it does not use up the limit of all. */
const NAMESPACE_LIMIT = 20
const MESSAGE_LIMIT = 1000
/**
 * The pauses before an Event is sent again, because an API server may restart or throttle (429).
 */
const RETRY_PAUSES_MS = [10_000, 60_000, 5 * 60_000]

/** Writes Warning Events, at most one per object, reason and hour. */
export function createEventReporter(options: EventReporterOptions) {
  const { client, clock, signal } = options
  const sent = new Map<string, { readonly namespace: string; readonly at: number }>()
  let serial = 0
  const mayBeSent = (key: string, namespace: string): boolean => {
    const now = clock.monotonic()
    let inNamespace = 0
    for (const [known, { namespace: other, at }] of sent) {
      if (now - at >= PAUSE_MS) sent.delete(known)
      else if (other === namespace) inNamespace += 1
    }
    if (sent.has(key) || sent.size >= LIMIT || inNamespace >= NAMESPACE_LIMIT) return false
    sent.set(key, { namespace, at: now })
    return true
  }
  async function send(call: KubeCall): Promise<void> {
    for (const pause of [...RETRY_PAUSES_MS, undefined]) {
      try {
        await client.request(call, signal)
        return
      } catch (error) {
        if (signal.aborted || pause === undefined || isFinal(error)) throw error
        await sleep(clock, pause, signal)
      }
    }
  }
  return {
    warn(subject: EventSubject, reason: string, message: string): void {
      if (signal.aborted) return
      if (!mayBeSent(`${subject.kind}/${subject.namespace}/${subject.name}/${reason}`, subject.namespace)) return
      serial += 1
      const at = new Date(clock.now())
      const time = at.toISOString().replace(/\.\d+Z$/, 'Z')
      const body = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: `${subject.name}.${at.getTime().toString(16)}${serial.toString(16)}`,
          namespace: subject.namespace,
        },
        involvedObject: subject,
        reason,
        message: printable(message).slice(0, MESSAGE_LIMIT).toWellFormed(),
        type: 'Warning',
        source: { component: 'acr-nopass' },
        reportingComponent: 'acr-nopass',
        reportingInstance: options.instance,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      }
      const path = namespacedPath('/api/v1', subject.namespace, 'events')
      void send({ method: 'POST', path, body }).catch((error: unknown) => {
        const { code = 'UNKNOWN' } = error as { code?: string }
        options.log.debug({ code, namespace: subject.namespace, reason }, 'an Event was not written')
      })
    },
  }
}

/**
 * True if the API server would refuse the same Event again. After a conflict (409) the Event
 * exists: an earlier attempt succeeded, and its response was lost.
 */
function isFinal(error: unknown): boolean {
  return hasStatus(error, 400, 403, 404, 409, 413, 422)
}
