import { METADATA_ONLY, METADATA_ONLY_LIST } from '../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../kube/names.ts'
import type { Reader } from '../kube/read/reader.ts'
import { type KubeObject, namespacedPath } from '../kube/types.ts'
import type { ReleaseFacts } from './find-release.ts'
import { createTransforms, type SecretView, type Transforms } from './object-views.ts'
import { createTargets } from './targets.ts'

/**
 * Returns the name of a release's Secrets, and the functions that reduce objects as its helper
 * does. `release` is undefined if no release is installed.
 */
export function createSecretTransforms(release: ReleaseFacts | undefined) {
  const { namespace = '', name = '', config, status } = release ?? {}
  const secretName = config?.secretName ?? status?.secretName ?? DEFAULT_SECRET_NAME
  return {
    secretName,
    transforms: createTransforms({
      instance: `${namespace}.${name}`,
      secretLabels: {},
      secretName,
      namespaceLabels: config === undefined ? new Set() : createTargets(config).namespaceLabels,
    }),
  }
}

/** A pull Secret as a tool reads it once. */
export interface ReadSecret extends SecretView {
  /** The time of the last write (epoch milliseconds); undefined if unknown. */
  readonly writtenAt?: number | undefined
}

/**
 * Reads the metadata of the Secrets with the release's Secret name, in all namespaces or in one.
 * Returns them by namespace. Some proxies remove `managedFields` from a list; such a Secret is then
 * read by itself. Undefined if not readable.
 */
export async function readPullSecrets(
  reader: Reader,
  name: string,
  transforms: Transforms,
  namespace?: string,
): Promise<ReadonlyMap<string, ReadSecret> | undefined> {
  const view = (object: KubeObject): ReadSecret => ({ ...transforms.secret(object), writtenAt: writtenAt(object) })
  const path = namespace === undefined ? '/api/v1/secrets' : `/api/v1/namespaces/${namespace}/secrets`
  const what = namespace === undefined ? `Secrets named ${name}` : `Secret ${namespace}/${name} (metadata)`
  const list = await reader.list(what, path, {
    accept: METADATA_ONLY_LIST,
    query: { fieldSelector: `metadata.name=${name}` },
    transform: (object: KubeObject) => ({
      place: object.metadata.namespace ?? '',
      read: object.metadata.managedFields?.length ? view(object) : undefined,
    }),
  })
  if (list === undefined) return undefined
  const found = new Map<string, ReadSecret>()
  for (const { place, read } of list) {
    const own = namespacedPath('/api/v1', place, 'secrets', name)
    const object = read ? undefined : await reader.get<KubeObject>(`Secret ${place}/${name}`, own, METADATA_ONLY)
    if (!read && object === undefined) return undefined
    const one = read ?? (object && view(object))
    if (one) found.set(place, one)
  }
  return found
}

function writtenAt({ metadata }: KubeObject): number | undefined {
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)]
  const known = times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time))
  return known.length === 0 ? undefined : Math.max(...known)
}
