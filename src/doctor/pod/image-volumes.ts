import { parseImage } from '../../acr/registry-domains.ts'
import { meaningOf } from '../../kube/waiting-reasons.ts'
import type { ContainerFacts } from '../observed.ts'
import { hasImage } from './pod-context.ts'

type Container = ContainerFacts & { readonly mounts: readonly string[] }
type Volume = Pick<ContainerFacts, 'name' | 'image' | 'pullPolicy'>

/**
 * The kubelet reports a failed pull of an image volume as that of the container that mounts it
 * (kuberuntime_manager.go, toKubeContainerImageVolumes). The message tells whose image it was.
 */
export function attributeVolumes(
  containers: readonly Container[],
  volumes: readonly Volume[],
): readonly ContainerFacts[] {
  const blocking = new Map<Container, Volume>()
  for (const container of containers) {
    const volume = volumes.find(({ name, image }) => container.mounts.includes(name) && isAbout(container, image))
    if (volume !== undefined) blocking.set(container, volume)
  }
  return [
    ...containers.map((container): ContainerFacts => {
      const { mounts, ...own } = container
      const volume = blocking.get(container)
      if (volume === undefined) return own
      const { waiting, detail, ...rest } = own
      return { ...rest, waitsFor: `volume ${volume.name}` }
    }),
    ...volumes.map((volume): ContainerFacts => {
      const own = { ...volume, name: `volume ${volume.name}` }
      const blocked = containers.find((container) => blocking.get(container) === volume)
      if (blocked !== undefined) {
        const { waiting, detail } = blocked
        return { ...own, ...(waiting && { waiting }), ...(detail && { detail }) }
      }
      // A container's own image is pulled after all its volumes, and it is created with them
      // (SyncPod, startWithInitState).
      const mounting = containers.filter(({ mounts }) => mounts.includes(volume.name))
      const isThere = mounting.some((container) => hasImage(container) || isAboutOwn(container))
      if (isThere) return { ...own, created: true }
      const waiting = mounting
        .map((container) => container.waiting)
        .find((reason) => meaningOf(reason ?? '') === 'before')
      return { ...own, ...(waiting && { waiting }) }
    }),
  ]
}

/** Whether a failed pull is that of the volume's image and not of the container's own. */
function isAbout({ image: own, waiting = '', detail = '' }: Container, image: string): boolean {
  if (meaningOf(waiting) !== 'cannot' || image === own || quotes(detail, own)) return false
  return quotes(detail, image) || (hasWord(detail, nameOf(image)) && !hasWord(detail, nameOf(own)))
}

function isAboutOwn({ image, waiting = '', detail = '' }: Container): boolean {
  return meaningOf(waiting) === 'cannot' && (quotes(detail, image) || hasWord(detail, nameOf(image)))
}

function quotes(message: string, image: string): boolean {
  return message.includes(`"${image}"`)
}

/**
 * Runtimes write an image as it is in the Pod, or with its registry:
 * `docker.io/library/busybox:latest`.
 */
function nameOf(image: string): string {
  const { host, repository } = parseImage(image)
  return `${host}/${repository}`
}

/**
 * Whether the message has the name of a repository, and not only that of one which begins in the
 * same way.
 */
function hasWord(message: string, name: string): boolean {
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    if (!/[\w./-]/.test(message.charAt(at + name.length))) return true
  }
  return false
}
