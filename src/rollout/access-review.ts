import { NopassError } from '../errors.ts'
import type { ManifestObject } from '../helm/manifest.ts'
import type { KubeClient } from '../kube/client.ts'
import { discoverResources } from './api-resources.ts'
import { isAllowed, isGranted, type Right, rulesIn } from './granted-rights.ts'

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

const EVERYTHING: Right = { verb: '*', group: '*', resource: '*' }

/**
 * The rights that are missing. An administrator is known by one question and the rights in a namespace by one more each;
 * only what is left is asked for one by one.
 */
export async function missingRights(
  client: KubeClient,
  rights: readonly Right[],
  signal?: AbortSignal,
): Promise<readonly Right[]> {
  if (await isAllowed(client, EVERYTHING, signal)) return []
  const namespaces = [...new Set(rights.flatMap(({ namespace }) => namespace ?? []))]
  const rules = new Map(
    await Promise.all(
      namespaces.map(async (namespace) => [namespace, await rulesIn(client, namespace, signal)] as const),
    ),
  )
  const open = rights.filter((right) => !isGranted(right, rules.get(right.namespace ?? '') ?? []))
  const answers = await Promise.all(open.map((right) => isAllowed(client, right, signal)))
  return open.filter((_, index) => !answers[index])
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
