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
import type {
  V1ConfigMapProjection,
  V1Container,
  V1DownwardAPIVolumeFile,
  V1SecretProjection,
  V1ServiceAccountTokenProjection,
  V1Volume,
  V1VolumeProjection,
} from '@kubernetes/client-node'
import { orElse } from '../../../lib/or-else.ts'
import type { Pod } from '../../cluster/pod.ts'
import { fieldValue, type PodAddresses } from './field-value.ts'
import { type FindSource, MissingSource, needSource, type SourceData } from './pod-sources.ts'

/** The volumes of one Pod. */
interface PodVolumes {
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

interface VolumeOwner {
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

interface VolumeFile {
  readonly content: Buffer
  readonly mode: number
}

/** Files by their path in the volume. */
export type VolumeContent = ReadonlyMap<string, VolumeFile>

interface VolumeContext {
  readonly pod: Pod
  readonly addresses: PodAddresses
  readonly find: FindSource
  /** Returns undefined if the token has not been fetched yet. */
  readonly token: (projection: V1ServiceAccountTokenProjection) => string | undefined
}

const DEFAULT_MODE = 0o644

/** Returns the current content of a volume; undefined for an emptyDir. @throws MissingSource */
export function volumeContent(volume: V1Volume, context: VolumeContext): VolumeContent | undefined {
  const { configMap, secret, downwardAPI, projected, emptyDir } = volume
  if (emptyDir) return undefined
  if (configMap) return collect([{ configMap }], configMap.defaultMode, context)
  if (secret) return collect([{ secret: { ...secret, name: secret.secretName ?? '' } }], secret.defaultMode, context)
  if (downwardAPI) return collect([{ downwardAPI }], downwardAPI.defaultMode, context)
  if (projected) return collect(projected.sources ?? [], projected.defaultMode, context)
  throw new MissingSource(`the type of volume "${volume.name}" is not supported by this node`)
}

export function tokenProjections(pod: Pod): V1ServiceAccountTokenProjection[] {
  const sources = pod.spec.volumes?.flatMap((volume) => volume.projected?.sources ?? []) ?? []
  return sources.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
}

function collect(
  sources: readonly V1VolumeProjection[],
  defaultMode: number | undefined,
  context: VolumeContext,
): VolumeContent {
  const files = new Map<string, VolumeFile>()
  const mode = defaultMode ?? DEFAULT_MODE
  for (const source of sources) {
    for (const [path, file] of readProjection(source, mode, context)) files.set(path, file)
  }
  return files
}

function readProjection(source: V1VolumeProjection, mode: number, context: VolumeContext): [string, VolumeFile][] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  const { find } = context
  if (configMap) return pick(needSource(find, 'configmaps', configMap), configMap, mode)
  if (secret) return pick(needSource(find, 'secrets', secret), secret, mode)
  if (downwardAPI) return (downwardAPI.items ?? []).map((item) => [item.path, downwardFile(item, mode, context)])
  if (!serviceAccountToken) return []
  const token = context.token(serviceAccountToken)
  if (token === undefined) throw new MissingSource('failed to fetch token')
  return [[serviceAccountToken.path, { content: Buffer.from(token), mode: 0o600 }]]
}

function pick(
  data: SourceData,
  { name, items, optional }: V1ConfigMapProjection | V1SecretProjection,
  mode: number,
): [string, VolumeFile][] {
  if (!items) return Object.entries(data).map(([key, content]) => [key, { content, mode }])
  return items.flatMap((item): [string, VolumeFile][] => {
    const content = data[item.key]
    if (content) return [[item.path, { content, mode: item.mode ?? mode }]]
    if (optional) return []
    throw new MissingSource(`references non-existent key "${item.key}" of "${name}"`)
  })
}

function downwardFile(item: V1DownwardAPIVolumeFile, mode: number, { pod, addresses }: VolumeContext): VolumeFile {
  const value = item.fieldRef && fieldValue(pod, addresses, item.fieldRef)
  if (value === undefined) throw new MissingSource(`unsupported fieldPath: ${item.fieldRef?.fieldPath}`)
  return { content: Buffer.from(value), mode: item.mode ?? mode }
}
