import type { ManifestObject } from '../../../src/helm/release/manifest.ts'
import type { KubeClient } from '../../../src/kube/client.ts'

/** One kind of object, from the server's discovery. */
interface Kind {
  readonly apiVersion: string
  readonly list: string
  readonly namespaced: boolean
}

export type Kinds = ReadonlyMap<string, Kind>

const GROUPS = [
  'apps',
  'coordination.k8s.io',
  'policy',
  'networking.k8s.io',
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
]

/** Reads the kinds of the API groups that the chart uses. */
export async function readKinds(admin: KubeClient): Promise<Kinds> {
  const kinds = new Map<string, Kind>()
  for (const apiVersion of ['v1', ...GROUPS.map((group) => `${group}/v1`)]) {
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
    const { resources } = await admin.request<{
      resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[]
    }>({ method: 'GET', path: root })
    for (const { name, kind, namespaced, verbs } of resources) {
      if (!name.includes('/') && verbs.includes('list')) {
        kinds.set(kind, { apiVersion, list: `${root}/${name}`, namespaced })
      }
    }
  }
  return kinds
}

/**
 * Returns the path of an object; its namespace is `home` if it has none. Undefined if the server
 * does not know its kind.
 */
export function objectPath(kinds: Kinds, object: ManifestObject, home: string): string | undefined {
  const found = kinds.get(object.kind)
  if (!found || found.apiVersion !== object.apiVersion) return undefined
  const { list, namespaced } = found
  const folder = namespaced ? list.replace(/\/([^/]+)$/, `/namespaces/${object.namespace ?? home}/$1`) : list
  return `${folder}/${encodeURIComponent(object.name)}`
}

/** Finds all objects with the release's label, of all kinds that the chart can render. */
export async function findLeftovers(admin: KubeClient, kinds: Kinds, release: string): Promise<string[]> {
  const found: string[] = []
  for (const [kind, { list }] of kinds) {
    if (['Pod', 'ReplicaSet', 'Event', 'EndpointSlice', 'Endpoints'].includes(kind)) continue
    const query = { labelSelector: `app.kubernetes.io/instance=${release}` }
    const response = await admin.request<{ items?: { metadata: { name: string } }[] }>({
      method: 'GET',
      path: list,
      query,
    })
    found.push(...(response.items ?? []).map(({ metadata }) => `${kind} ${metadata.name}`))
  }
  return found
}
