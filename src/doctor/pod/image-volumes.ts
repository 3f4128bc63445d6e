import { parseImage } from '../../acr/registry-domains.ts'
import { meaningOf } from '../../kube/waiting-reasons.ts'
import type { ContainerFacts } from '../observed.ts'
import { hasImage } from './pod-context.ts'

type Container = ContainerFacts & { readonly mounts: readonly string[] }
type Volume = Pick<ContainerFacts, 'name' | 'image' | 'pullPolicy'>

/**
 * Assigns a failed pull to the image volume that caused it. The kubelet reports a failed pull of an
 * image volume in the status of the container that mounts the volume (kuberuntime_manager.go,
 * toKubeContainerImageVolumes). Only the message shows which image failed.
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
      // The kubelet pulls a container's own image after the images of all its volumes. Then it
      // creates the container with the volumes (SyncPod, startWithInitState).
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

/** True if the message is about the volume's image and not about the container's own image. */
function isAbout({ image: own, waiting = '', detail = '' }: Container, image: string): boolean {
  if (meaningOf(waiting) !== 'cannot' || image === own || quotes(detail, own)) return false
  return quotes(detail, image) || (hasWord(detail, repositoryOf(image)) && !hasWord(detail, repositoryOf(own)))
}

function isAboutOwn({ image, waiting = '', detail = '' }: Container): boolean {
  return meaningOf(waiting) === 'cannot' && (quotes(detail, image) || hasWord(detail, repositoryOf(image)))
}

function quotes(message: string, image: string): boolean {
  return message.includes(`"${image}"`)
}

/**
 * Returns the part of the name that every runtime writes. Some runtimes print an image as the Pod
 * has it, others add its registry: `docker.io/library/busybox:latest`.
 */
function repositoryOf(image: string): string {
  const { host, repository } = parseImage(image)
  return `${host}/${repository}`
}

/**
 * True if the message contains the whole name of the repository. A longer name that begins with
 * this name does not count.
 */
function hasWord(message: string, name: string): boolean {
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    if (!/[\w./-]/.test(message.charAt(at + name.length))) return true
  }
  return false
}
