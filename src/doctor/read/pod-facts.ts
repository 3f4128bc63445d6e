import { SKIP } from '../../kube/names.ts'
import type { ContainerStatus, PodObject } from '../../kube/types.ts'

/** The Pod if there may be a finding about it: it waits for an image or lacks the reference; otherwise undefined, because there are many. */
export function selectPod(pod: PodObject, secretName: string) {
  const { metadata, status } = pod
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.deletionTimestamp !== undefined
  const isWaiting = statesOf(pod).some(({ state }) => /Image/.test(state?.waiting?.reason ?? ''))
  const facts = describePod(pod)
  return isOver || (!isWaiting && facts.references.includes(secretName)) ? [] : [facts]
}

/** A Pod, reduced to what decides whether it can pull. */
export function describePod(pod: PodObject) {
  const { metadata, spec } = pod
  const states = statesOf(pod)
  const images = [
    ...[...(spec.initContainers ?? []), ...spec.containers].map(({ name, image = '', imagePullPolicy }) => {
      return { name, image, policy: imagePullPolicy }
    }),
    ...(spec.volumes ?? []).flatMap(({ name, image }) => {
      if (image?.reference === undefined) return []
      return [{ name: `volume ${name}`, image: image.reference, policy: image.pullPolicy }]
    }),
  ]
  const containers = images.map(({ name, image, policy }) => {
    const { waiting, running } = states.find((container) => container.name === name)?.state ?? {}
    return {
      /** Of the container; `volume x` for an image volume. */
      name,
      image,
      ...(policy && { pullPolicy: policy }),
      ...(running && { running: true }),
      /** Why it waits, such as `ImagePullBackOff`, and the node's message. */
      ...(waiting?.reason && { waiting: waiting.reason }),
      ...(waiting?.message && { detail: waiting.message }),
    }
  })
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    serviceAccount: spec.serviceAccountName ?? 'default',
    references: (spec.imagePullSecrets ?? []).map(({ name = '' }) => name),
    optedOut: metadata.labels?.[SKIP] === 'true',
    /** `ReplicaSet/web-5d9`; undefined for a Pod on its own. */
    owner: owner && `${owner.kind}/${owner.name}`,
    ...(spec.nodeName && { node: spec.nodeName }),
    containers,
  }
}

function statesOf({ status }: PodObject): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}
