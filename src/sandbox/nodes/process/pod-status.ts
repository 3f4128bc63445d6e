import { KubeApiError } from '../../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../cluster/pod.ts'

export interface PodState {
  readonly pod: Pod
  /** The previous conditions; a condition whose status does not change keeps its transition time. */
  readonly previous: readonly PodCondition[]
  readonly podIp: string
  readonly hostIp: string
  readonly startTime: string
  readonly containers: readonly ContainerStatus[]
}

/** Computes a Pod's status from its containers'; conditions that change get the time `now` (RFC 3339). */
export function podStatus(facts: PodState, now: string): PodStatus {
  const { podIp, hostIp, startTime, containers } = facts
  const phase = podPhase(facts)
  const hasFinished = phase === 'Succeeded' || phase === 'Failed'
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  const ready: Omit<PodCondition, 'type'> = hasFinished
    ? { status: 'False', reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : unready.length === 0
      ? { status: 'True' }
      : {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        }
  // As long as volumes are missing no container is created.
  const isMounting = containers.every(({ state }) => 'waiting' in state && state.waiting.reason === 'ContainerCreating')
  const conditions: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: isMounting ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ]
  return {
    phase,
    conditions: conditions.map((condition) => withTime(condition, facts.previous, now)),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime,
    containerStatuses: containers,
  }
}

function podPhase({ pod, containers }: PodState): PodStatus['phase'] {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const exits = containers.map(({ state }) => ('terminated' in state ? state.terminated.exitCode : undefined))
  const haveExited = exits.length > 0 && exits.every((code) => code !== undefined)
  if (haveExited && policy !== 'Always') {
    if (exits.every((code) => code === 0)) return 'Succeeded'
    if (policy === 'Never') return 'Failed'
  }
  const everRan = containers.some(
    ({ state, restartCount }) => 'running' in state || 'terminated' in state || restartCount > 0,
  )
  return everRan ? 'Running' : 'Pending'
}

function withTime(condition: PodCondition, previous: readonly PodCondition[], now: string): PodCondition {
  const old = previous.find(({ type }) => type === condition.type)
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
  return { ...condition, lastTransitionTime: since }
}

/** Writes a Pod's newest status, one write at a time, if it has changed. */
export interface PodStatusWriter {
  write(status: PodStatus): void
  /** The newest status; undefined before the first call of `write`. */
  last(): PodStatus | undefined
}

const RETRY_MS = 500

export function createPodStatusWriter(
  client: KubeClient,
  pod: Pod,
  clock: Clock,
  signal: AbortSignal,
): PodStatusWriter {
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
    last: () => newest,
    write(status) {
      newest = status
      void flush()
    },
  }
}
