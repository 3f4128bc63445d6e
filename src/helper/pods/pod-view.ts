import { boundedList } from '../../installation/object-views.ts'
import { SKIP } from '../../kube/names.ts'
import type { PodObject, PodOwner } from '../../kube/types.ts'
import type { Versioned } from '../../kube/watch/store.ts'

/** The parts of a pending Pod that the cache keeps. */
export interface PodView extends Versioned {
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** The controller that created the Pod. */
  readonly owner: PodOwner | undefined
  readonly pending: boolean
  readonly terminating: boolean
  readonly optedOut: boolean
  /** The mirror of a static Pod, which its node created. */
  readonly mirror: boolean
  /**
   * True if one container runs. A Pod is still pending as long as another container has never
   * started.
   */
  readonly isWorking: boolean
  /** Names in `imagePullSecrets`, in order. An overlong list is reduced to our entry. */
  readonly list: readonly string[]
  /** Images whose pull failed and which a container waits for. */
  readonly failing: readonly string[]
}

const FAILED_PULL = /^(ErrImagePull|ImagePullBackOff)$/
const MIRROR = 'kubernetes.io/config.mirror'

/** Longer texts are ignored: no image reference and no name of an owner is longer. */
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
    // Take images from the spec, because the status has the references that the node resolved.
    failing: containers.flatMap(({ name, image = '' }) =>
      image !== '' && image.length <= TEXT_LIMIT && waiting.has(name) ? [image] : [],
    ),
  }
}
