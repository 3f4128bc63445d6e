import type {
  V1ConfigMapProjection,
  V1DownwardAPIVolumeFile,
  V1SecretProjection,
  V1ServiceAccountTokenProjection,
  V1Volume,
  V1VolumeProjection,
} from '@kubernetes/client-node'
import type { Pod } from '../../cluster/pod.ts'
import { fieldValue, type PodAddresses } from './field-value.ts'
import { type FindSource, MissingSource, needSource, type SourceData } from './source-cache.ts'

interface VolumeFile {
  readonly content: Buffer
  readonly mode: number
}

/** Files by their path in the volume. */
export type VolumeContent = ReadonlyMap<string, VolumeFile>

export interface VolumeContext {
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
