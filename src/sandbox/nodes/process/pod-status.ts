import { KubeApiError } from '../../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../cluster/pod.ts'

export interface PodState {
  /** The previous conditions; a condition whose status does not change keeps its transition time. */
  readonly previous: readonly PodCondition[]
  readonly podIp: string
  readonly startTime: string
  readonly container: ContainerStatus
}

/** Computes a Pod's status from its container's; conditions that change get the time `now` (RFC 3339). */
export function podStatus({ previous, podIp, startTime, container }: PodState, now: string): PodStatus {
  const { name, state, restartCount } = container
  const ready: Omit<PodCondition, 'type'> = container.ready
    ? { status: 'True' }
    : { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${name}]` }
  // As long as volumes are missing no container is created.
  const isMounting = 'waiting' in state && state.waiting.reason === 'ContainerCreating'
  const conditions: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: isMounting ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ]
  return {
    phase: 'waiting' in state && restartCount === 0 ? 'Pending' : 'Running',
    conditions: conditions.map((condition) => withTime(condition, previous, now)),
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime,
    containerStatuses: [container],
  }
}

function withTime(condition: PodCondition, previous: readonly PodCondition[], now: string): PodCondition {
  const old = previous.find(({ type }) => type === condition.type)
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
  return { ...condition, lastTransitionTime: since }
}

const RETRY_MS = 500

/** Writes a Pod's newest status, one write at a time, if it has changed. */
export function createPodStatusWriter(client: KubeClient, pod: Pod, clock: Clock, signal: AbortSignal) {
  const { namespace, name, uid } = pod.metadata
  const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/status`
  let newest: PodStatus | undefined
  let written = ''
  let busy = false

  async function flush(): Promise<void> {
    if (busy) return
    busy = true
    for (let text = JSON.stringify(newest); text !== written && !signal.aborted; text = JSON.stringify(newest)) {
      const body = { metadata: { uid }, status: newest }
      try {
        await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
        written = text
      } catch (error) {
        // The Pod no longer exists.
        if (error instanceof KubeApiError && [404, 409, 422].includes(error.status)) break
        await sleep(clock, RETRY_MS, signal).catch(() => undefined)
      }
    }
    busy = false
  }

  return {
    /** The newest status; undefined before the first call of `write`. */
    last: () => newest,
    write(status: PodStatus) {
      newest = status
      void flush()
    },
  }
}
