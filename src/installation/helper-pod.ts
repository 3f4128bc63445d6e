import type { ContainerStatus, PodObject } from '../kube/types.ts'

/** One Pod of the helper, reduced to what explains why it does not run. */
export interface HelperPod {
  readonly name: string
  /** All its containers are. */
  readonly ready: boolean
  /**
   * The container that stops the Pod, if it is not the chart's: for example one that a service mesh
   * injected.
   */
  readonly addedContainer?: string | undefined
  /** Of the container that stops the Pod, or of the helper's, as everything below. */
  readonly image: string
  readonly waiting: string | undefined
  readonly detail: string | undefined
  readonly restarts: number
  readonly exitCode: number | undefined
  /** The termination message: the end of the container's log. */
  readonly lastLog: string | undefined
  readonly unscheduled: boolean
}

/** The reason of the Events of a Pod whose volumes cannot be mounted. */
export const FAILED_MOUNT = 'FailedMount'

/** The name of the helper's container in the chart. */
export const HELPER_CONTAINER = 'helper'

/**
 * What the kubelet reports of a container whose turn has not come (Kubernetes,
 * pkg/kubelet/kubelet_pods.go).
 */
const NOT_YET = new Set(['ContainerCreating', 'PodInitializing'])

/** @param failedMount why its volumes cannot be mounted, if an Event says so */
export function describeHelperPod({ metadata, status = {} }: PodObject, failedMount?: string): HelperPod {
  const { initContainerStatuses: init = [], containerStatuses: containers = [] } = status
  const helper = containers.find(({ name }) => name === HELPER_CONTAINER) ?? containers[0]
  // The helper's own reason comes first; it has none while its turn has not come, because an init
  // container does not end.
  const all = [...(helper === undefined ? [] : [helper]), ...init, ...containers]
  const stopped = all.find(isStopped) ?? all.find(isRestarting)
  const shown = stopped ?? helper
  const unscheduled = status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  const ended = shown?.state?.terminated ?? shown?.lastState?.terminated
  return {
    name: metadata.name,
    ready: containers.length > 0 && containers.every(({ ready }) => ready) && !init.some(isStopped),
    ...(shown !== helper && { addedContainer: shown?.name }),
    image: shown?.image ?? '',
    waiting: failedMount === undefined ? shown?.state?.waiting?.reason : FAILED_MOUNT,
    detail: failedMount ?? shown?.state?.waiting?.message ?? unscheduled?.message,
    // A container that works again is no reason, however often it restarted.
    restarts: stopped?.restartCount ?? 0,
    exitCode: ended?.exitCode,
    lastLog: ended?.message,
    unscheduled: unscheduled !== undefined,
  }
}

/** It certainly does not run. */
function isStopped({ state }: ContainerStatus): boolean {
  if (state?.waiting !== undefined) return !NOT_YET.has(state.waiting.reason ?? '')
  return (state?.terminated?.exitCode ?? 0) !== 0
}

/** It runs again after it ended, and may end again. */
function isRestarting({ state, ready = false, restartCount = 0 }: ContainerStatus): boolean {
  return state?.running !== undefined && !ready && restartCount > 0
}

/**
 * Whether the kubelet may still wait for the Pod's volumes, which the status does not say: no
 * container was started, and there is no condition (from Kubernetes 1.29) that it can start some.
 */
export function mayBeMounting({ status = {} }: PodObject): boolean {
  const { initContainerStatuses: init = [], containerStatuses: containers = [], conditions = [] } = status
  const isMounted = conditions.some(({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True')
  const all = [...init, ...containers]
  return !isMounted && all.length > 0 && all.every(({ state }) => NOT_YET.has(state?.waiting?.reason ?? ''))
}
