import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { orElse } from '../../../src/lib/or-else.ts'
import type { Pod } from '../../cluster/pod.ts'
import { type createPodSources, sourcesOf } from './pod-sources.ts'

/** The volumes of one Pod, in folders below `root`. */
export function createPodVolumes({ spec }: Pod, sources: ReturnType<typeof createPodSources>, root: string) {
  const written = new Map<string, string>()
  let version = 0
  const folder = (name: string): string => join(root, name)
  return {
    folder,
    /** Reads the sources of all volumes, and writes the volumes that have changed. */
    async refresh(signal: AbortSignal): Promise<void> {
      for (const volume of spec.volumes ?? []) {
        const { name } = volume
        const files = await Promise.all(sourcesOf(volume).map((source) => sources.read(source, signal)))
        const content = new Map(files.flat())
        const text = JSON.stringify([...content])
        if (written.get(name) === text) continue
        version += 1
        writeVolume(folder(name), content, `v${version}`)
        written.set(name, text)
      }
    },
  }
}

/** Files by their path in the volume. */
export type VolumeContent = ReadonlyMap<string, Buffer>

/**
 * Writes a volume's content atomically, as the kubelet does: the files are written to a new folder
 * named by `version`, the link `..data` is switched to it, and each file name is a link through
 * `..data`. Readers never see a mix of old and new files.
 */
export function writeVolume(folder: string, content: VolumeContent, version: string): void {
  const fresh = join(folder, `..${version}`)
  mkdirSync(fresh, { recursive: true })
  for (const [path, bytes] of content) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true })
    writeFileSync(join(fresh, path), bytes, { mode: 0o600 })
  }
  const data = join(folder, '..data')
  const previous = orElse(() => readlinkSync(data), undefined)
  symlinkSync(`..${version}`, `${data}_tmp`)
  renameSync(`${data}_tmp`, data)
  linkNames(folder, new Set([...content.keys()].map((path) => path.split('/')[0] ?? path)))
  if (previous !== undefined) rmSync(join(folder, previous), { recursive: true, force: true })
}

function linkNames(folder: string, names: ReadonlySet<string>): void {
  const present = readdirSync(folder).filter((name) => !name.startsWith('..'))
  for (const name of present) if (!names.has(name)) rmSync(join(folder, name), { force: true })
  for (const name of names) if (!present.includes(name)) symlinkSync(join('..data', name), join(folder, name))
}
