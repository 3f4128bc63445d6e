import { hasStatus } from '../kube/api-error.ts'
import { get, type KubeCaller } from '../kube/client.ts'
import { listPages } from '../kube/list-pages.ts'
import { OUR_SELECTOR } from '../kube/names.ts'
import type { KubeObject } from '../kube/types.ts'

export interface ReleaseName {
  readonly namespace: string
  readonly name: string
}

/**
 * A ConfigMap or another object with the labels of a release. `proven`: the cluster has a
 * cluster-scoped object of the chart for this release. `missing`: the cluster has no such object.
 * This is the case with `scope: namespaces` without the guard, or if a tenant wrote the labels.
 * `unknown`: the caller may not read such objects.
 */
export interface Candidate extends ReleaseName {
  readonly evidence: 'proven' | 'missing' | 'unknown'
  /** The reason why the release is not proven. */
  readonly why?: string
}

/**
 * Returns the prefix of the names of the release's cluster-scoped objects
 * (chart/templates/_names.tpl). It is unique, because a namespace has no dot in its name.
 */
export function clusterName({ namespace, name }: ReleaseName): string {
  return `acr-nopass.${namespace}.${name}`
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
/**
 * Cluster-scoped objects that the chart creates under a name with the release's namespace. Rights
 * in one namespace do not suffice to create them (docs/en/decisions.md#proven-release). The first
 * is in each release with `scope: cluster`. The second remains if somebody deleted the binding. The
 * third is in each release with `node.serviceAccounts`, also without a helper. The fourth is in
 * each release with the guard.
 */
const SIGNS = [
  { path: `${RBAC}/clusterrolebindings`, suffix: '' },
  { path: `${RBAC}/clusterroles`, suffix: '' },
  { path: `${RBAC}/clusterrolebindings`, suffix: '.node-audience' },
  { path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', suffix: '.secrets' },
] as const
/**
 * If there are more candidates than this, the objects are listed instead of read one by one,
 * because tenants may create any number of ConfigMaps.
 */
const MOST_READS = 8

/**
 * Decides which candidates the chart installed. Does not record unread objects, because the meaning
 * of a refusal depends on the command.
 */
export async function judgeCandidates(
  caller: KubeCaller,
  names: readonly ReleaseName[],
): Promise<readonly Candidate[]> {
  const proven = new Set<string>()
  const refused = new Map<string, string>()
  for (const sign of SIGNS) {
    const open = names.map(clusterName).filter((name) => !proven.has(name))
    const answers = open.length > MOST_READS ? listSigns(caller, sign, open) : readSigns(caller, sign, open)
    for (const [name, answer] of await answers) {
      if (answer === true) proven.add(name)
      else if (answer !== false && !refused.has(name)) refused.set(name, answer)
    }
  }
  return names.map(({ namespace, name }): Candidate => {
    const own = clusterName({ namespace, name })
    if (proven.has(own)) return { namespace, name, evidence: 'proven' }
    const why = refused.get(own)
    if (why !== undefined) return { namespace, name, evidence: 'unknown', why }
    return {
      namespace,
      name,
      evidence: 'missing',
      why: `there is no ClusterRoleBinding, ClusterRole or guard of ${own}`,
    }
  })
}

type Sign = (typeof SIGNS)[number]
/**
 * For each name of a cluster-scoped object: whether the object exists, or why it may not be read.
 */
type Answers = readonly (readonly [string, boolean | string])[]

/**
 * Reads each object by its name, because the caller's rights may be limited to the names of one
 * release.
 */
function readSigns(caller: KubeCaller, { path, suffix }: Sign, names: readonly string[]): Promise<Answers> {
  const read = async (name: string): Promise<readonly [string, boolean | string]> => {
    try {
      const { metadata } = await get<KubeObject>(caller, `${path}/${encodeURIComponent(name + suffix)}`)
      return [name, metadata.name === name + suffix]
    } catch (error) {
      if (hasStatus(error, 403)) return [name, whyRefused(error)]
      if (hasStatus(error, 404)) return [name, false]
      throw error
    }
  }
  return Promise.all(names.map(read))
}

async function listSigns(
  { client, signal }: KubeCaller,
  { path, suffix }: Sign,
  names: readonly string[],
): Promise<Answers> {
  const listed = new Set<string>()
  const query = { labelSelector: OUR_SELECTOR }
  try {
    for await (const { items } of listPages<KubeObject>(client, { path, query, pageSize: 500 }, signal)) {
      for (const { metadata } of items ?? []) listed.add(metadata.name)
    }
  } catch (error) {
    if (hasStatus(error, 403)) return names.map((name) => [name, whyRefused(error)])
    // An API server before 1.30 does not serve the guard's admission policies.
    if (!hasStatus(error, 404)) throw error
  }
  return names.map((name) => [name, listed.has(name + suffix)])
}

function whyRefused({ message }: Error): string {
  return message.replace(/^.*? returned 403: /, '')
}
