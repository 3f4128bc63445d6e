import type { V1PodSpec, V1PodStatus } from '@kubernetes/client-node'
import type { ObjectMeta } from '../../src/kube/types.ts'

/** The parts of a Pod that a kubelet reads (core/v1). */
export interface Pod {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly deletionGracePeriodSeconds?: number }
  readonly spec: V1PodSpec
  readonly status?: V1PodStatus
}
