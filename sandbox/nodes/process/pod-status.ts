import type { V1ContainerStatus, V1PodCondition, V1PodStatus } from '@kubernetes/client-node'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import { namespacedPath } from '../../../src/kube/types.ts'
import type { Pod } from '../../cluster/pod.ts'

export interface PodState {
  /**
   * The previous conditions; a condition whose status does not change keeps its transition time.
   */
  readonly previous: readonly V1PodCondition[]
  readonly podIp: string
  readonly startTime: Date
  readonly container: V1ContainerStatus
}

/**
 * Computes a Pod's status from the status of its container. Conditions that change get the time
 * `now`.
 */
export function podStatus({ previous, podIp, startTime, container }: PodState, now: Date): V1PodStatus {
  const { name, state, restartCount } = container
  const ready: Omit<V1PodCondition, 'type'> = container.ready
    ? { status: 'True' }
    : { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${name}]` }
  // No container is created as long as volumes are missing.
  const isMounting = state?.waiting?.reason === 'ContainerCreating'
  const conditions: V1PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: isMounting ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ]
  return {
    phase: state?.waiting && restartCount === 0 ? 'Pending' : 'Running',
    conditions: conditions.map((condition) => withTime(condition, previous, now)),
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime,
    containerStatuses: [container],
  }
}

function withTime(condition: V1PodCondition, previous: readonly V1PodCondition[], now: Date): V1PodCondition {
  const old = previous.find(({ type }) => type === condition.type)
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
  return { ...condition, lastTransitionTime: since }
}

/**
 * Returns a function that writes a Pod's status if it has changed, one write at a time. After a
 * failed write, the next call writes again.
 */
export function createPodStatusWriter(
  client: KubeClient,
  { metadata: { namespace, name, uid } }: Pod,
  current: () => V1PodStatus,
  signal: AbortSignal,
): () => void {
  const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/status`
  let written = ''
  let last = Promise.resolve()
  const write = async (): Promise<void> => {
    const status = current()
    const text = JSON.stringify(status)
    if (text === written) return
    const body = { metadata: { uid }, status }
    await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
    written = text
  }
  return () => {
    last = last.then(write).catch(() => undefined)
  }
}
