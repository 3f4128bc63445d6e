import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import type { Pod } from '../../cluster/pod.ts'

/** Records Events of Pods, as the kubelet does; a repeated Event increases its count. */
export interface EventRecorder {
  record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void
}

export function createEventRecorder(
  client: KubeClient,
  node: string,
  now: () => number,
  signal: AbortSignal,
): EventRecorder {
  const sent = new Map<string, { name: string; count: number }>()
  let last: Promise<unknown> = Promise.resolve()

  async function send(pod: Pod, type: string, reason: string, message: string, time: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata
    const key = [uid, reason, message].join('\0')
    const previous = sent.get(key)
    if (previous) {
      previous.count += 1
      const path = namespacedPath('/api/v1', namespace, 'events', previous.name)
      const body = { count: previous.count, lastTimestamp: time }
      await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
      return
    }
    const event = await client.request<{ metadata: { name: string } }>(
      {
        method: 'POST',
        path: namespacedPath('/api/v1', namespace, 'events'),
        body: {
          metadata: { generateName: `${name}.`, namespace },
          involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
          type,
          reason,
          message,
          source: { component: 'kubelet', host: node },
          reportingComponent: 'kubelet',
          reportingInstance: node,
          firstTimestamp: time,
          lastTimestamp: time,
          count: 1,
        },
      },
      signal,
    )
    sent.set(key, { name: event.metadata.name, count: 1 })
  }

  return {
    record(pod, type, reason, message) {
      const time = new Date(now()).toISOString()
      // One at a time, in order. Failures are ignored, because in a terminating namespace Events cannot be created.
      last = last.then(() => send(pod, type, reason, message, time)).catch(() => undefined)
    },
  }
}
