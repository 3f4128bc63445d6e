import { SKIP } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { ContainerFacts, PodFacts } from './observed.ts'

interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
}

export interface PodObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly {
      readonly kind: string
      readonly name: string
      readonly controller?: boolean
    }[]
  }
  readonly spec: {
    readonly serviceAccountName?: string
    readonly imagePullSecrets?: readonly { readonly name?: string }[]
    readonly containers: readonly { readonly name: string; readonly image?: string }[]
    readonly initContainers?: readonly { readonly name: string; readonly image?: string }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

/** The Pod when anything may be said of it: it waits for an image, or lacks the reference; else nothing, for there are many. */
export function trimPod(pod: PodObject, secretName: string): readonly PodFacts[] {
  const { metadata, spec, status } = pod
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.deletionTimestamp !== undefined
  const references = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name)
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const isWaiting = states.some(({ state }) => /Image/.test(state?.waiting?.reason ?? ''))
  if (isOver || (!isWaiting && references.includes(secretName))) return []
  const containers = [...(spec.initContainers ?? []), ...spec.containers].map(
    ({ name, image = '' }): ContainerFacts => {
      const { reason, message } = states.find((container) => container.name === name)?.state?.waiting ?? {}
      return { image, ...(reason && { waiting: reason }), ...(message && { detail: message }) }
    },
  )
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  return [
    {
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      serviceAccount: spec.serviceAccountName ?? 'default',
      references,
      optedOut: metadata.labels?.[SKIP] === 'true',
      owner: owner && `${owner.kind}/${owner.name}`,
      containers,
    },
  ]
}
