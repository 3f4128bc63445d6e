import type { ContainerStatus, PodObject } from '../kube/types.ts'

/** One Pod of the helper, reduced to what explains why the Pod does not run. */
export interface HelperPod {
  readonly name: string
  /** True if all containers of the Pod are ready. */
  readonly ready: boolean
  /**
   * The container that stops the Pod, unless the chart made it: for example a container that a
   * service mesh injected.
   */
  readonly addedContainer?: string | undefined
  /**
   * The image of the container that stops the Pod, else of the helper's container. The fields below
   * describe the same container.
   */
  readonly image: string
  readonly waiting: string | undefined
  readonly detail: string | undefined
  readonly restarts: number
  readonly exitCode: number | undefined
  /** The termination message: the end of the container's log. */
  readonly lastLog: string | undefined
  readonly unscheduled: boolean
}

/** The reason of the Events that report that a Pod's volumes cannot be mounted. */
export const FAILED_MOUNT = 'FailedMount'

/** The name of the helper's container in the chart. */
export const HELPER_CONTAINER = 'helper'

/**
 * Reasons that the kubelet reports for a container that it has not tried to start yet (Kubernetes,
 * pkg/kubelet/kubelet_pods.go).
 */
const NOT_YET = new Set(['ContainerCreating', 'PodInitializing'])

/** @param failedMount why the Pod's volumes cannot be mounted, if an Event says so */
export function describeHelperPod({ metadata, status = {} }: PodObject, failedMount?: string): HelperPod {
  const { initContainerStatuses: init = [], containerStatuses: containers = [] } = status
  const helper = containers.find(({ name }) => name === HELPER_CONTAINER) ?? containers[0]
  // The helper's own reason comes first. The helper has no reason while it waits for an init
  // container.
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
    // If the container works again, its former restarts explain nothing.
    restarts: stopped?.restartCount ?? 0,
    exitCode: ended?.exitCode,
    lastLog: ended?.message,
    unscheduled: unscheduled !== undefined,
  }
}

/** True if the container certainly does not run. */
function isStopped({ state }: ContainerStatus): boolean {
  if (state?.waiting !== undefined) return !NOT_YET.has(state.waiting.reason ?? '')
  return (state?.terminated?.exitCode ?? 0) !== 0
}

/** True if the container runs again after it exited, because it may exit again. */
function isRestarting({ state, ready = false, restartCount = 0 }: ContainerStatus): boolean {
  return state?.running !== undefined && !ready && restartCount > 0
}

/**
 * True if the kubelet may still wait for the Pod's volumes. The status does not say so directly: no
 * container was started, and no condition (from Kubernetes 1.29) says that containers can start.
 */
export function mayBeMounting({ status = {} }: PodObject): boolean {
  const { initContainerStatuses: init = [], containerStatuses: containers = [], conditions = [] } = status
  const isMounted = conditions.some(({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True')
  const all = [...init, ...containers]
  return !isMounted && all.length > 0 && all.every(({ state }) => NOT_YET.has(state?.waiting?.reason ?? ''))
}
