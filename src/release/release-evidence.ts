import { hasStatus } from '../kube/api-error.ts'
import { get, type KubeCaller } from '../kube/client.ts'
import { listPages } from '../kube/list-pages.ts'
import type { KubeObject } from '../kube/types.ts'

export interface ReleaseName {
  readonly namespace: string
  readonly name: string
}

/**
 * Something with the labels of a release. `proven`: the cluster has a cluster-scoped object of the chart for it. `missing`: it has none,
 * as with `scope: namespaces` without the guard, or as where a tenant wrote the labels. `unknown`: the caller may not read that.
 */
export interface Candidate extends ReleaseName {
  readonly evidence: 'proven' | 'missing' | 'unknown'
  /** Why it is not proven. */
  readonly why?: string
}

/** The prefix of the release's cluster-scoped objects (chart/templates/_names.tpl). A namespace has no dot in its name. */
export function clusterName({ namespace, name }: ReleaseName): string {
  return `acr-nopass.${namespace}.${name}`
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
/**
 * Cluster-scoped objects that the chart creates under a name with the release's namespace, which the rights in one namespace do not
 * suffice for. The first is in each release with `scope: cluster`; the second stays where somebody deleted the binding; the third is in
 * each release with the guard.
 */
const SIGNS = [
  { path: `${RBAC}/clusterrolebindings`, suffix: '' },
  { path: `${RBAC}/clusterroles`, suffix: '' },
  { path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', suffix: '.secrets' },
] as const
/** More candidates than this are compared with a list: tenants may create any number of ConfigMaps. */
const MOST_READS = 8

/** Which of them the chart installed. Records nothing as unread: what a refusal means depends on the command. */
export async function judgeCandidates(
  caller: KubeCaller,
  names: readonly ReleaseName[],
): Promise<readonly Candidate[]> {
  const proven = new Set<string>()
  let why: string | undefined
  for (const sign of SIGNS) {
    const open = names.map(clusterName).filter((name) => !proven.has(name))
    try {
      for (const name of await findSigns(caller, sign, open)) proven.add(name)
    } catch (error) {
      if (!hasStatus(error, 403)) throw error
      why ??= error.message.replace(/^.*? returned 403: /, '')
    }
  }
  return names.map(({ namespace, name }): Candidate => {
    const own = clusterName({ namespace, name })
    if (proven.has(own)) return { namespace, name, evidence: 'proven' }
    if (why !== undefined) return { namespace, name, evidence: 'unknown', why }
    return {
      namespace,
      name,
      evidence: 'missing',
      why: `there is no ClusterRoleBinding, ClusterRole or guard of ${own}`,
    }
  })
}

async function findSigns(
  { client, signal }: KubeCaller,
  { path, suffix }: (typeof SIGNS)[number],
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length <= MOST_READS) {
    const read = async (name: string): Promise<readonly string[]> => {
      try {
        const { metadata } = await get<KubeObject>({ client, signal }, `${path}/${encodeURIComponent(name + suffix)}`)
        return metadata.name === name + suffix ? [name] : []
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
        return []
      }
    }
    return (await Promise.all(names.map(read))).flat()
  }
  const listed = new Set<string>()
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  try {
    for await (const { items } of listPages<KubeObject>(client, { path, query, pageSize: 500 }, signal)) {
      for (const { metadata } of items ?? []) listed.add(metadata.name)
    }
  } catch (error) {
    // The API server does not serve policies.
    if (!hasStatus(error, 404)) throw error
  }
  return names.filter((name) => listed.has(name + suffix))
}
