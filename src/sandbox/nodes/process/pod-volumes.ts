import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { V1Container } from '@kubernetes/client-node'
import type { Pod } from '../../cluster/pod.ts'
import { type VolumeContent, type VolumeContext, volumeContent } from './volume-content.ts'

/** The volumes of one Pod. */
export interface PodVolumes {
  folder(name: string): string
  /** Writes the volumes that have changed since the last call. @throws MissingSource */
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
          // An emptyDir is writable for every user, because containers may run as different users.
          if (!written.has(volume.name)) mkdirSync(folder(volume.name), { recursive: true, mode: 0o777 })
          written.set(volume.name, '')
          continue
        }
        const hash = fingerprint(content)
        if (written.get(volume.name) === hash) continue
        version += 1
        writeVolume(folder(volume.name), content, `v${version}`, owner)
        written.set(volume.name, hash)
      }
    },
  }
}

function fingerprint(content: VolumeContent): string {
  return JSON.stringify([...content].map(([path, { content: bytes, mode }]) => [path, mode, bytes.toString('base64')]))
}

export interface VolumeOwner {
  readonly uid: number
  readonly gid: number
}

/**
 * Writes a volume's content atomically, as the kubelet does: the files are written to a new folder named by `version`,
 * the link `..data` is switched to it, and each file name is a link through `..data`. Readers never see a mix of old
 * and new files.
 */
export function writeVolume(folder: string, content: VolumeContent, version: string, owner?: VolumeOwner): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const fresh = join(folder, `..${version}`)
  mkdirSync(fresh, { mode: 0o755 })
  for (const [path, { content: bytes, mode }] of content) {
    const file = join(fresh, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, bytes)
    chmodSync(file, mode)
    if (owner) chownSync(file, owner.uid, owner.gid)
  }
  const data = join(folder, '..data')
  const previous = linkTarget(data)
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

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

/** The user of a container by its securityContext; undefined for the sandbox's own user, unless that is root. */
export function podUser(
  pod: Pod,
  container: V1Container | undefined,
  sandboxUid: number | undefined,
): VolumeOwner | undefined {
  const { runAsUser, runAsGroup } = { ...pod.spec.securityContext, ...container?.securityContext }
  if (sandboxUid !== 0 || runAsUser === undefined || runAsUser === 0) return undefined
  return { uid: runAsUser, gid: runAsGroup ?? runAsUser }
}

/** Returns the first file or folder on these paths that other users cannot access, such as a private home folder. */
export function closedToOthers(paths: readonly string[]): string | undefined {
  return paths.filter(isAbsolute).flatMap(withParents).find(isClosed)
}

function withParents(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...withParents(parent), path]
}

function isClosed(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  const needed = stat.isDirectory() ? 0o1 : 0o4
  return (stat.mode & needed) === 0
}
