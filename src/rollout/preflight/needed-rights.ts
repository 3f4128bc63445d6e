import type { ManifestObject } from '../../helm/release/manifest.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { formatRight, type Right, rights } from '../../kube/read/access-review.ts'
import { discoverResources } from '../../kube/read/api-resources.ts'

/** Returns the rights that helm needs for each object and hook, and for its own release records. */
export async function neededRights(
  caller: KubeCaller,
  { objects, hooks }: Pick<ReleaseContent, 'objects' | 'hooks'>,
  release: {
    readonly namespace: string
    readonly createNamespace: boolean
    readonly watches: boolean
    /** The kind of object in which helm keeps its records. */
    readonly records: 'secrets' | 'configmaps'
  },
): Promise<readonly Right[]> {
  const resourceOf = await discoverResources(caller, [...objects, ...hooks])
  const rightsTo = (object: ManifestObject, verbs: readonly string[], named: readonly string[]): readonly Right[] => {
    const resource = resourceOf(object)
    if (!resource) return []
    const { group, plural, namespaced } = resource
    const where = { group, ...(namespaced && { namespace: object.namespace ?? release.namespace }) }
    return [...rights(verbs, plural, where), ...rights(named, plural, { ...where, name: object.name })]
  }
  // Helm 4 waits by watching every kind of the chart.
  const verbs = release.watches ? ['create', 'list', 'watch'] : ['create']
  const all = [
    ...rights(['create', 'get', 'list', 'update', 'delete'], release.records, { namespace: release.namespace }),
    ...rights(release.createNamespace ? ['create'] : [], 'namespaces'),
    ...objects.flatMap((object) => rightsTo(object, verbs, ['get', 'patch'])),
    // Helm creates a hook, watches it until it is complete, and deletes it before the next run.
    ...hooks.flatMap((hook) => rightsTo(hook, ['create', 'get', 'list', 'watch', 'delete'], [])),
  ]
  return [...new Map(all.map((right) => [formatRight(right), right])).values()]
}

/**
 * Returns the rights that the verification needs in `existing`. If `existing` is undefined, the
 * namespace's name is not known yet, so the rights must be cluster-wide. Without a `secretName` no
 * pull secret is read.
 */
export function probeRights(
  secretName: string | undefined,
  image: boolean,
  existing: string | undefined,
): readonly Right[] {
  if (existing === undefined) {
    return [
      ...rights(['create', 'delete'], 'namespaces'),
      ...rights(secretName === undefined ? [] : ['get'], 'secrets', { name: secretName ?? '' }),
      ...rights(image ? ['create', 'get'] : ['create'], 'pods'),
    ]
  }
  const inside = { namespace: existing }
  return [
    ...rights(['get'], 'namespaces', { name: existing }),
    ...rights(secretName === undefined ? [] : ['get'], 'secrets', { ...inside, name: secretName ?? '' }),
    ...rights(['create', 'delete'], 'serviceaccounts', inside),
    ...rights(image ? ['create', 'get', 'delete'] : ['create'], 'pods', inside),
  ]
}
