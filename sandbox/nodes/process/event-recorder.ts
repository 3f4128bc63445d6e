import type { KubeClient } from '../../../src/kube/client.ts'
import { namespacedPath } from '../../../src/kube/types.ts'
import type { Pod } from '../../cluster/pod.ts'

export type RecordEvent = (pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string) => void

/** Returns a function that records Events of Pods, as the kubelet does. */
export function createEventRecorder(client: KubeClient, node: string, signal: AbortSignal): RecordEvent {
  let last: Promise<unknown> = Promise.resolve()
  return ({ metadata: { name, namespace, uid } }, type, reason, message) => {
    const now = new Date()
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${name}.`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
      type,
      reason,
      message,
      source: { component: 'kubelet', host: node },
      reportingComponent: 'kubelet',
      reportingInstance: node,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
    const write = () =>
      client.request({ method: 'POST', path: namespacedPath('/api/v1', namespace, 'events'), body }, signal)
    // Events are written one at a time, in order. Failures are ignored, because Events cannot be
    // created in a terminating namespace.
    last = last.then(write).catch(() => undefined)
  }
}
