import type { V1PodSpec } from '@kubernetes/client-node'
import type { ObjectMeta } from '../../kube/types.ts'

/** The parts of a Pod that a kubelet reads (core/v1). */
export interface Pod {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly deletionGracePeriodSeconds?: number }
  readonly spec: V1PodSpec
  readonly status?: PodStatus
}

export interface PodCondition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Terminated }

export interface Terminated {
  readonly exitCode: number
  readonly signal?: number
  readonly reason: 'Completed' | 'Error'
  readonly startedAt: string
  readonly finishedAt: string
  readonly containerID: string
}

export interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
  readonly ready: boolean
  readonly started: boolean
  readonly restartCount: number
  readonly state: ContainerState
  readonly lastState: ContainerState | Record<string, never>
}

export interface PodStatus {
  readonly phase: 'Pending' | 'Running'
  readonly conditions: readonly PodCondition[]
  readonly hostIP: string
  readonly hostIPs: readonly { ip: string }[]
  readonly podIP: string
  readonly podIPs: readonly { ip: string }[]
  readonly startTime: string
  readonly containerStatuses: readonly ContainerStatus[]
}
