import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../cluster/pod.ts'

/** What a Pod's status is made of. */
export interface PodFacts {
  readonly pod: Pod
  /** Of the status before: a condition that stays keeps its time. */
  readonly previous: readonly PodCondition[]
  readonly podIp: string
  readonly hostIp: string
  readonly startTime: string
  /** All init containers have ended well. */
  readonly initialized: boolean
  readonly init: readonly ContainerStatus[]
  readonly containers: readonly ContainerStatus[]
}

/** A Pod's status from its containers' (pure; `now` as RFC 3339 is the time of conditions that change). */
export function podStatus(facts: PodFacts, now: string): PodStatus {
  const { podIp, hostIp, startTime, initialized, init, containers } = facts
  const phase = podPhase(facts)
  const over = phase === 'Succeeded' || phase === 'Failed'
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  const ready: Omit<PodCondition, 'type'> = over
    ? { status: 'False', reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : unready.length === 0
      ? { status: 'True' }
      : {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        }
  const conditions: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: 'True' },
    initialized
      ? { type: 'Initialized', status: 'True' }
      : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' },
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
    initContainerStatuses: init,
    containerStatuses: containers,
  }
}

function podPhase({ pod, init, containers, initialized }: PodFacts): PodStatus['phase'] {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const exits = containers.map(({ state }) => ('terminated' in state ? state.terminated.exitCode : undefined))
  const initFailed = init.some(({ state }) => 'terminated' in state && state.terminated.exitCode !== 0)
  if (initFailed && policy === 'Never') return 'Failed'
  if (!initialized) return 'Pending'
  const ended = exits.length > 0 && exits.every((code) => code !== undefined)
  if (ended && policy !== 'Always') {
    if (exits.every((code) => code === 0)) return 'Succeeded'
    if (policy === 'Never') return 'Failed'
  }
  const everRan = containers.some(
    ({ state, restartCount }) => 'running' in state || 'terminated' in state || restartCount > 0,
  )
  return everRan ? 'Running' : 'Pending'
}

function withTime(condition: PodCondition, before: readonly PodCondition[], now: string): PodCondition {
  const old = before.find(({ type }) => type === condition.type)
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now
  return { ...condition, lastTransitionTime: since }
}
