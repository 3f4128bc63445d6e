import { METADATA_ONLY, METADATA_ONLY_LIST } from '../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../kube/names.ts'
import { type KubeObject, namespacedPath } from '../kube/types.ts'
import type { ReleaseFacts } from './find-release.ts'
import { createTransforms, type SecretView, type Transforms } from './object-views.ts'
import type { Reader } from './reader.ts'
import { createTargets } from './targets.ts'

/** What a release's Secrets are called, and the functions that reduce objects as its helper does. Undefined: not installed. */
export function lensOf(release: ReleaseFacts | undefined) {
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

/**
 * The Secrets of that name by namespace, of all namespaces or one; metadata only. One that a list shows without a record of its writers,
 * as some proxies trim it, is read alone. Undefined: not readable.
 */
export async function readPullSecrets(
  reader: Reader,
  name: string,
  transforms: Transforms,
  namespace?: string,
): Promise<ReadonlyMap<string, SecretView> | undefined> {
  const path = namespace === undefined ? '/api/v1/secrets' : `/api/v1/namespaces/${namespace}/secrets`
  const what = namespace === undefined ? `Secrets named ${name}` : `Secret ${namespace}/${name} (metadata)`
  const list = await reader.list(what, path, {
    accept: METADATA_ONLY_LIST,
    query: { fieldSelector: `metadata.name=${name}` },
    transform: (object: KubeObject) => ({
      place: object.metadata.namespace ?? '',
      view: object.metadata.managedFields?.length ? transforms.secret(object) : undefined,
    }),
  })
  if (list === undefined) return undefined
  const found = new Map<string, SecretView>()
  for (const { place, view } of list) {
    const own = namespacedPath('/api/v1', place, 'secrets', name)
    const object = view ? undefined : await reader.get<KubeObject>(`Secret ${place}/${name}`, own, METADATA_ONLY)
    if (!view && object === undefined) return undefined
    const read = view ?? (object && transforms.secret(object))
    if (read) found.set(place, read)
  }
  return found
}
