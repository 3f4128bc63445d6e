import type { Reader } from '../../kube/read/reader.ts'
import { meaningOf } from '../../kube/waiting-reasons.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { cutMessage, quoteNode } from '../pod/node-message.ts'
import { hasImage, isWaiting } from '../pod/pod-context.ts'

interface EventObject {
  readonly reason?: string
  readonly type?: string
  readonly message?: string
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly series?: { readonly lastObservedTime?: string } | null
  readonly metadata: { readonly creationTimestamp?: string }
  readonly involvedObject?: { readonly uid?: string }
}

/** The facts of a Pod's Event that concern its pulls. */
interface PodEvent {
  readonly uid: string
  readonly reason: string
  readonly isWarning: boolean
  readonly message: string
  /** The last time of the Event in epoch milliseconds; 0: not known. */
  readonly at: number
}

/** Adds the facts in the Events of one Pod. */
export async function addOwnEvents(reader: Reader, pod: PodFacts, now: number): Promise<PodFacts> {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`
  const query = { fieldSelector: `involvedObject.uid=${pod.uid}` }
  const what = `Events of Pod ${pod.name}`
  const events = await reader.list(what, path, {
    query,
    transform: (event: EventObject) => readEvent(event, new Set([pod.uid])),
  })
  return withEvents(pod, events?.flat() ?? [], now)
}

/**
 * Adds the facts in the Events of all namespaces. The Events are read only if a Pod waits for an
 * image or its sandbox.
 */
export async function addEvents(reader: Reader, pods: readonly PodFacts[], now: number): Promise<readonly PodFacts[]> {
  const reasons = [
    ...(pods.some(({ containers }) => containers.some(isWaiting)) ? ['Failed'] : []),
    ...(pods.some(lacksSandbox) ? ['FailedCreatePodSandBox'] : []),
  ]
  const found = new Map<string, PodEvent[]>()
  const uids = new Set(pods.map(({ uid }) => uid))
  for (const reason of reasons) {
    const query = { fieldSelector: `involvedObject.kind=Pod,reason=${reason}` }
    const transform = (event: EventObject): readonly PodEvent[] => readEvent(event, uids)
    const events = await reader.list(`Events of Pods (${reason})`, '/api/v1/events', { query, transform })
    for (const event of events?.flat() ?? []) found.set(event.uid, [...(found.get(event.uid) ?? []), event])
  }
  return pods.map((pod) => withEvents(pod, found.get(pod.uid) ?? [], now))
}

function readEvent(event: EventObject, uids: ReadonlySet<string>): readonly PodEvent[] {
  const { reason = '', type, message = '', involvedObject, metadata } = event
  const uid = involvedObject?.uid ?? ''
  if (!uids.has(uid)) return []
  const times = [event.series?.lastObservedTime, event.lastTimestamp, event.eventTime, metadata.creationTimestamp]
  const at = Math.max(0, ...times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time)))
  return [{ uid, reason, isWarning: type === 'Warning', message: cutMessage(message), at }]
}

/**
 * An Event is updated at least that often while the same failure repeats: the kubelet's recorder
 * allows one update in 5 minutes.
 */
const FRESH = 10 * 60_000

/** The scheduler's reason (pkg/scheduler/schedule_one.go). */
const UNSCHEDULED = 'FailedScheduling'

function withEvents(pod: PodFacts, events: readonly PodEvent[], now: number): PodFacts {
  const newest = events.toSorted((a, b) => b.at - a.at)
  const failed = newest.filter(
    ({ reason, message }) => reason === 'Failed' && message.startsWith('Failed to pull image '),
  )
  const containers = pod.containers.map((container) => withMessage(container, failed, now))
  if (!lacksSandbox(pod)) return { ...pod, containers }
  const sandbox = newest.find(({ reason, at }) => reason === 'FailedCreatePodSandBox' && at > now - FRESH)
  // The Pod has a node by now, so the scheduler's warnings are outdated.
  const warning = newest.find(({ isWarning, reason, at }) => isWarning && reason !== UNSCHEDULED && at > now - FRESH)
  return {
    ...pod,
    containers,
    ...(sandbox && { sandboxTrouble: sandbox.message }),
    ...(warning && { lastWarning: `${warning.reason}.${quoteNode(warning.message)}` }),
  }
}

/**
 * Takes the message from an Event if the status has none. Kubelets before 1.31 do not repeat the
 * reason while they pause between two pulls (images/image_manager.go, "Back-off pulling image"). A
 * message in the Pod's status is at most one pause old; the Event may be newer.
 */
function withMessage(container: ContainerFacts, failed: readonly PodEvent[], now: number): ContainerFacts {
  if (!isWaiting(container)) return container
  const { image, detail = '' } = container
  const found = failed.find(({ message }) => message.includes(`"${image}"`))
  if (found === undefined) return container
  const isBare = /^(?:Back-off pulling image "[^"]*")?$/.test(detail.trim())
  if (isBare) return { ...container, detail: found.message, saidAt: found.at }
  return { ...container, saidAt: Math.max(found.at, now - FRESH) }
}

/** True if no image of the Pod was pulled and it may wait for its sandbox. */
function lacksSandbox({ hasSandbox, containers }: PodFacts): boolean {
  if (hasSandbox || containers.some(hasImage)) return false
  return containers.some(({ waiting }) => meaningOf(waiting ?? '') === 'before')
}
