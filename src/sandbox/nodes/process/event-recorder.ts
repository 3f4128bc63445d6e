import { APPLY, type KubeClient } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import { sha256 } from '../../../lib/text.ts'
import type { Pod } from '../../cluster/pod.ts'

export type RecordEvent = (pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void

/** Returns a function that records Events of Pods, as the kubelet does; a repeated Event increases its count. */
export function createEventRecorder(client: KubeClient, node: string, signal: AbortSignal): RecordEvent {
  const sent = new Map<string, { readonly first: Date; readonly count: number }>()
  let last: Promise<unknown> = Promise.resolve()
  return ({ metadata: { name, namespace, uid } }, type, reason, message) => {
    const event = `${name}.${sha256([uid, reason, message].join('\0')).slice(0, 16)}`
    const now = new Date()
    const { first, count: before } = sent.get(event) ?? { first: now, count: 0 }
    const count = before + 1
    sent.set(event, { first, count })
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: event, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
      type,
      reason,
      message,
      source: { component: 'kubelet', host: node },
      reportingComponent: 'kubelet',
      reportingInstance: node,
      firstTimestamp: first,
      lastTimestamp: now,
      count,
    }
    const path = namespacedPath('/api/v1', namespace, 'events', event)
    const query = { fieldManager: 'process-node', force: true }
    const write = () => client.request({ method: 'PATCH', path, query, contentType: APPLY, body }, signal)
    // One at a time, in order. Failures are ignored, because in a terminating namespace Events cannot be created.
    last = last.then(write).catch(() => undefined)
  }
}
