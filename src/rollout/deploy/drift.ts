import { isDeepStrictEqual } from 'node:util'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { type ManifestObject, objectTitle } from '../../helm/release/manifest.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { APPLY, get } from '../../kube/client.ts'
import { isRecord } from '../../lib/json.ts'
import { discoverResources, objectPath, type ServedKind } from '../../release/api-resources.ts'
import type { OpenRelease } from './open-release.ts'

/** How the live object compares with a server-side dry run. */
export interface ObjectDrift {
  readonly object: string
  /** `forbidden`: it could not be checked. */
  readonly state: 'same' | 'differs' | 'absent' | 'refused' | 'forbidden'
  readonly detail?: string
}

/** Dry-runs every object as helm would apply it; nothing is written. */
export async function findDrift(
  release: OpenRelease,
  objects: readonly ManifestObject[],
): Promise<readonly ObjectDrift[]> {
  const resourceOf = await discoverResources(release, objects)
  return Promise.all(
    objects.map(async (object): Promise<ObjectDrift> => {
      const resource = resourceOf(object)
      const title = objectTitle(object)
      if (!resource)
        return { object: title, state: 'refused', detail: `the cluster knows no ${object.apiVersion} ${object.kind}` }
      return { object: title, ...(await dryRun(release, resource, object)) }
    }),
  )
}

async function dryRun(
  release: OpenRelease,
  resource: ServedKind,
  object: ManifestObject,
): Promise<Omit<ObjectDrift, 'object'>> {
  const { client, target, signal } = release
  const path = objectPath(resource, object, target.namespace)
  const body = withOwner(object.body, target)
  try {
    const live = await get(release, path)
    const query = { fieldManager: 'helm', force: true, dryRun: 'All' }
    const apply = { method: 'PATCH', path, query, contentType: APPLY, body } as const
    const after = await client.request(apply, signal)
    const same = isDeepStrictEqual(projectOnto(body, live), projectOnto(body, after))
    return { state: same ? 'same' : 'differs' }
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    if (error.status === 404) return { state: 'absent' }
    if (error.status === 403) return { state: 'forbidden', detail: error.message }
    if (error.status === 422 || error.status === 400) return { state: 'refused', detail: error.message }
    throw error
  }
}

/** Helm adds its ownership labels and annotations to every object; the manifest does not show them. */
function withOwner(
  body: ManifestObject['body'],
  { release, namespace }: ReleaseTarget,
): Readonly<Record<string, unknown>> {
  const metadata = isRecord(body.metadata) ? body.metadata : {}
  const labels = { ...(metadata.labels ?? {}), 'app.kubernetes.io/managed-by': 'Helm' }
  const ownership = { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace }
  return { ...body, metadata: { ...metadata, labels, annotations: { ...(metadata.annotations ?? {}), ...ownership } } }
}

/**
 * The fields of `object` that the template has: others belong to other writers, and some (a Lease's renewal, a status) change
 * between two requests. A list is compared as a whole.
 */
export function projectOnto(template: unknown, object: unknown): unknown {
  if (!isRecord(template) || !isRecord(object)) return object
  return Object.fromEntries(Object.keys(template).map((key) => [key, projectOnto(template[key], object[key])]))
}
