import { boundedList } from '../../installation/object-views.ts'
import { SKIP } from '../../kube/names.ts'
import type { PodObject, PodOwner } from '../../kube/types.ts'
import type { Versioned } from '../../kube/watch/store.ts'

/** The parts of a pending Pod that are kept. */
export interface PodView extends Versioned {
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** The controller that created it. */
  readonly owner: PodOwner | undefined
  readonly pending: boolean
  readonly terminating: boolean
  readonly optedOut: boolean
  /** The mirror of a static Pod, which its node created. */
  readonly mirror: boolean
  /** One of its containers runs: a Pod is pending as long as any of them has never started. */
  readonly isWorking: boolean
  /** Names in `imagePullSecrets` in their order; of an overlong list only our entry. */
  readonly list: readonly string[]
  /** Images that a container waits for after a failed pull. */
  readonly failing: readonly string[]
}

const FAILED_PULL = /^(ErrImagePull|ImagePullBackOff)$/
const MIRROR = 'kubernetes.io/config.mirror'

/** Longer than any image reference and any name of an owner. */
const TEXT_LIMIT = 512

export function viewPod({ metadata, spec, status = {} }: PodObject, secretName: string): PodView {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const waiting = new Set(
    statuses.filter(({ state }) => FAILED_PULL.test(state?.waiting?.reason ?? '')).map(({ name }) => name),
  )
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const owner = metadata.ownerReferences?.find(({ controller, name }) => controller && name.length <= TEXT_LIMIT)
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    serviceAccount: spec.serviceAccountName ?? 'default',
    owner: owner && { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid },
    pending: status.phase === 'Pending',
    terminating: metadata.deletionTimestamp !== undefined,
    optedOut: metadata.labels?.[SKIP] === 'true',
    mirror: metadata.annotations?.[MIRROR] !== undefined,
    isWorking: (status.containerStatuses ?? []).some(({ state }) => state?.running !== undefined),
    list: boundedList(spec.imagePullSecrets ?? [], secretName).list,
    // Images of the spec, because the status has the references that the node resolved.
    failing: containers.flatMap(({ name, image = '' }) =>
      image !== '' && image.length <= TEXT_LIMIT && waiting.has(name) ? [image] : [],
    ),
  }
}
