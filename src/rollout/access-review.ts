import { NopassError } from '../errors.ts'
import type { ManifestObject } from '../helm/manifest.ts'
import type { KubeClient } from '../kube/client.ts'
import { discoverResources } from './api-resources.ts'

/** One right that the deployer needs. */
export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
}

/** What helm does to each object, and to its own release records. */
export async function neededRights(
  client: KubeClient,
  objects: readonly ManifestObject[],
  release: { readonly namespace: string; readonly createNamespace: boolean; readonly watches: boolean },
  signal?: AbortSignal,
): Promise<readonly Right[]> {
  const resourceOf = await discoverResources(client, objects, signal)
  const rights: Right[] = ['create', 'get', 'list', 'update', 'delete'].map((verb) => {
    return { verb, group: '', resource: 'secrets', namespace: release.namespace }
  })
  if (release.createNamespace) rights.push({ verb: 'create', group: '', resource: 'namespaces' })
  for (const object of objects) {
    const resource = resourceOf(object)
    if (!resource) continue
    const where = resource.namespaced ? { namespace: object.namespace ?? release.namespace } : {}
    const base = { group: resource.group, resource: resource.name, ...where }
    rights.push({ verb: 'create', ...base })
    for (const verb of ['get', 'patch']) rights.push({ verb, ...base, name: object.name })
    // Helm 4 waits by watching every kind of the chart.
    if (release.watches) for (const verb of ['list', 'watch']) rights.push({ verb, ...base })
  }
  return uniqueRights(rights)
}

/** Asks the API server about each right; the ones that are missing. */
export async function missingRights(
  client: KubeClient,
  rights: readonly Right[],
  signal?: AbortSignal,
): Promise<readonly Right[]> {
  const answers = await Promise.all(
    rights.map(async (right) => {
      const review = await client.request<{ status?: { allowed?: boolean } }>(
        {
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes: right },
          },
        },
        signal,
      )
      return review.status?.allowed === true
    }),
  )
  return rights.filter((_, index) => answers[index] !== true)
}

/**
 * Refuses before the first write what would fail in the middle.
 * @throws NopassError `DEPLOYER_FORBIDDEN` with every missing right
 */
export function requireRights(missing: readonly Right[]): void {
  if (missing.length === 0) return
  const lines = missing.slice(0, 12).map(formatRight)
  const more = missing.length > lines.length ? ` and ${missing.length - lines.length} more` : ''
  throw new NopassError('DEPLOYER_FORBIDDEN', `the deployer may not ${lines.join('; ')}${more}`)
}

/** `patch secrets/acr-nopass in shop`. */
export function formatRight({ verb, group, resource, namespace, name }: Right): string {
  const what = `${resource}${group ? `.${group}` : ''}${name ? `/${name}` : ''}`
  return `${verb} ${what}${namespace ? ` in ${namespace}` : ''}`
}

function uniqueRights(rights: readonly Right[]): readonly Right[] {
  return [...new Map(rights.map((right) => [formatRight(right), right])).values()]
}
