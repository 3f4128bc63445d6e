import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../cluster/pod.ts'
import type { VolumeContent, VolumeContext } from './volume-content.ts'
import { volumeContent } from './volume-content.ts'
import { type VolumeOwner, writeVolume } from './write-volume.ts'

/** The volumes of one Pod on disk. */
export interface PodVolumes {
  folder(name: string): string
  /** Writes what has changed since the last call. Throws MissingSource. */
  refresh(context: VolumeContext): void
}

export function createPodVolumes(pod: Pod, root: string, owner: VolumeOwner | undefined): PodVolumes {
  const written = new Map<string, string>()
  let version = 0
  const folder = (name: string): string => join(root, name)
  return {
    folder,
    refresh(context) {
      for (const volume of pod.spec.volumes ?? []) {
        const content = volumeContent(volume, context)
        if (!content) {
          // the container's own, whoever it runs as
          if (!written.has(volume.name)) mkdirSync(folder(volume.name), { recursive: true, mode: 0o777 })
          written.set(volume.name, '')
          continue
        }
        const print = fingerprint(content)
        if (written.get(volume.name) === print) continue
        version += 1
        writeVolume(folder(volume.name), content, `v${version}`, owner)
        written.set(volume.name, print)
      }
    },
  }
}

function fingerprint(content: VolumeContent): string {
  return JSON.stringify([...content].map(([path, { content: bytes, mode }]) => [path, mode, bytes.toString('base64')]))
}
