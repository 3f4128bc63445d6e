import type { ManifestObject } from '../../../src/helm/release/manifest.ts'
import type { KubeClient } from '../../../src/kube/client.ts'

/** One kind of object, as the server names it. */
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

/** The kinds of the API groups that the chart uses. */
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

/** Where an object belongs; undefined if the server does not know its kind. An object may leave the namespace to Helm: `home`. */
export function objectPath(kinds: Kinds, object: ManifestObject, home: string): string | undefined {
  const found = kinds.get(object.kind)
  if (!found || found.apiVersion !== object.apiVersion) return undefined
  const { list, namespaced } = found
  const folder = namespaced ? list.replace(/\/([^/]+)$/, `/namespaces/${object.namespace ?? home}/$1`) : list
  return `${folder}/${encodeURIComponent(object.name)}`
}

/** Every object with the release's label, of every kind that the chart can render. */
export async function findLeftovers(admin: KubeClient, kinds: Kinds, release: string): Promise<string[]> {
  const found: string[] = []
  for (const [kind, { list }] of kinds) {
    if (['Pod', 'ReplicaSet', 'Event', 'EndpointSlice', 'Endpoints'].includes(kind)) continue
    const query = { labelSelector: `app.kubernetes.io/instance=${release}` }
    const answer = await admin.request<{ items?: { metadata: { name: string } }[] }>({
      method: 'GET',
      path: list,
      query,
    })
    found.push(...(answer.items ?? []).map(({ metadata }) => `${kind} ${metadata.name}`))
  }
  return found
}
