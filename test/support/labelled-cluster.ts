import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createReader, type Reader } from '../../src/kube/read/reader.ts'

export interface LabelledObject {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
}

/** An object with the chart's labels. Anyone who may create such an object may set these labels. */
export function labelled(namespace: string, release: string, data?: Readonly<Record<string, string>>): LabelledObject {
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': release }
  return { metadata: { namespace, name: release, labels }, ...(data && { data }) }
}

/**
 * The chart creates a `ClusterRoleBinding` with `scope: cluster`, and a `Guard` also with `scope:
 * namespaces`.
 */
export type Sign = 'ClusterRoleBinding' | 'ClusterRole' | 'Guard'
const PATHS: Readonly<Record<Sign, string>> = {
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  Guard: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
}
export const BINDINGS: string = PATHS.ClusterRoleBinding

interface Content {
  readonly configMaps?: readonly LabelledObject[]
  readonly deployments?: readonly LabelledObject[]
  /** Cluster-scoped objects: `['Guard', 'acr-nopass.home.r.secrets']`. */
  readonly signs?: readonly (readonly [Sign, string])[]
  /** True if the caller may not read this path. */
  readonly denies?: (path: string) => boolean
}

/** The binding of a release that the chart installed. */
export const installed = (namespace: string, release: string): readonly [Sign, string] => [
  'ClusterRoleBinding',
  `acr-nopass.${namespace}.${release}`,
]

/** An API server in memory that has only what identifies a release. */
export function labelledCluster({ configMaps = [], deployments = [], signs = [], denies = () => false }: Content) {
  const calls: KubeCall[] = []
  const respond = ({ path, query, accept }: KubeCall): unknown => {
    if (denies(path)) throw new KubeApiError(403, `GET ${path} returned 403: forbidden: no right to read this`)
    const [kind] = Object.entries(PATHS).find(([, prefix]) => path.startsWith(prefix)) ?? []
    if (kind !== undefined) {
      const names = signs.filter(([one]) => one === kind).map(([, name]) => name)
      if (path === PATHS[kind as Sign]) return { metadata: {}, items: names.map((name) => ({ metadata: { name } })) }
      const name = path.slice(path.lastIndexOf('/') + 1)
      if (!names.includes(name)) throw new KubeApiError(404, `GET ${path} returned 404: not found`)
      return { metadata: { name } }
    }
    const all = path.endsWith('/configmaps') ? configMaps : path.endsWith('/deployments') ? deployments : []
    const [, namespace] = /\/namespaces\/([^/]+)\//.exec(path) ?? []
    const [, release] = /instance=(.*)$/.exec(String(query?.labelSelector ?? '')) ?? []
    const items = all.filter(
      ({ metadata }) =>
        metadata.namespace === (namespace ?? metadata.namespace) &&
        (release === undefined || metadata.labels['app.kubernetes.io/instance'] === release),
    )
    return {
      metadata: {},
      items: accept?.includes('PartialObject') ? items.map(({ metadata }) => ({ metadata })) : items,
    }
  }
  const client: KubeClient = {
    request: async <T>(call: KubeCall): Promise<T> => {
      calls.push(call)
      return respond(call) as T
    },
    watch: () => Promise.reject(new Error('nothing is watched')),
    close: () => undefined,
  }
  const { signal } = new AbortController()
  return { client, signal, calls, reader: createReader(client, signal) as Reader }
}
