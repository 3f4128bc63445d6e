import { NopassError } from '../errors.ts'
import { isRecord, numberOf, parseObject, recordsOf, textOf } from '../lib/json.ts'
import type { CsReads } from './sdk-types.ts'
import type { AbortableTarget } from './transport/cloud-transport.ts'
import { wholeList } from './transport/whole-list.ts'

/** The kind of a cluster determines which identities it can offer. */
export type ClusterKind = 'managed' | 'dedicated' | 'serverless' | 'edge' | 'lingjun' | 'acs' | 'registered' | 'unknown'

type Detail = CsReads['DescribeClusterDetail'][1]
export type ClusterDetail = Awaited<ReturnType<typeof describeClusterDetail>>

/** @throws CLOUD_NOT_FOUND */
export async function describeClusterDetail(target: AbortableTarget, clusterId: string) {
  const response = await get(target, 'DescribeClusterDetail', `/clusters/${segment(clusterId)}`, {})
  const rrsa = rrsaConfig(response)
  // `master_url` and `meta_data` are JSON in a string.
  const masters = parseObject(textOf(response.master_url)) ?? {}
  return {
    clusterId: textOf(response.cluster_id) || clusterId,
    name: textOf(response.name),
    region: textOf(response.region_id),
    /** The VPC of the cluster's nodes. */
    vpcId: textOf(response.vpc_id),
    kind: kindOf(textOf(response.cluster_type), textOf(response.profile)),
    /**
     * The cluster's default worker role, or ''. Node pools may have others: see listNodePoolRoles.
     */
    workerRole: textOf(response.worker_ram_role_name),
    /** The issuers are separated by commas; the first is the tokens' `iss`. */
    rrsa: { enabled: rrsa.enabled === true, issuers: textOf(rrsa.issuer), oidcProviderArn: textOf(rrsa.oidc_arn) },
    /** True if the API server has a public address; undefined if ACK does not list addresses. */
    hasPublicEndpoint: textOf(masters.intranet_api_server_endpoint)
      ? textOf(masters.api_server_endpoint) !== ''
      : undefined,
    /** URLs of the cluster's API server, and hosts or URLs of its load balancers. */
    apiServer: [
      masters.api_server_endpoint,
      masters.intranet_api_server_endpoint,
      ...loadBalancers(response.control_plane_endpoints_config),
    ]
      .map(textOf)
      .filter((address) => address !== ''),
  }
}

/**
 * Returns the worker role of each node pool with ECS or Lingjun nodes. An empty string is the
 * cluster's role (ACK managed 1.22 and newer).
 */
export async function listNodePoolRoles(target: AbortableTarget, clusterId: string): Promise<readonly string[]> {
  const path = `/clusters/${segment(clusterId)}/nodepools`
  const response = await get(target, 'DescribeClusterNodePools', path, {})
  return wholeList(response.nodepools, 'cs DescribeClusterNodePools').map(
    ({ scaling_group, eflo_node_group }) =>
      textOf(scaling_group?.ram_role_name) || textOf(eflo_node_group?.worker_ram_role_name),
  )
}

/**
 * Requests a short-lived kubeconfig: YAML with the caller's own certificate, which is a secret.
 * ACK's default lifetime is years, so `minutes` (15 to 4320) is always sent.
 */
export async function describeUserKubeconfig(
  target: AbortableTarget,
  request: { readonly clusterId: string; readonly minutes: number; readonly private: boolean },
): Promise<string> {
  const path = `/k8s/${segment(request.clusterId)}/user_config`
  const query = { PrivateIpAddress: request.private, TemporaryDurationMinutes: request.minutes }
  const response = await get(target, 'DescribeClusterUserKubeconfig', path, query)
  const kubeconfig = textOf(response.config)
  if (kubeconfig === '')
    throw new NopassError('CLOUD_UNAVAILABLE', `ACK returned no kubeconfig for ${request.clusterId}`)
  return kubeconfig
}

/** No account has so many clusters, so an endpoint with more pages is broken. */
const PAGES = 200
const PAGE = 50

export interface ClusterSummary {
  readonly clusterId: string
  readonly name: string
  readonly region: string
  readonly kind: ClusterKind
  /** Such as `running`. */
  readonly state: string
}

/**
 * Lists the clusters of the account, page by page. Without the parameter `region_id`, which this
 * call does not send, the list is not limited to a region.
 * @throws CLOUD_UNAVAILABLE if there is no last page, or if a page is missing
 */
export async function* clusterPages(target: AbortableTarget): AsyncGenerator<readonly ClusterSummary[]> {
  let count = 0
  for (let page = 1; page <= PAGES; page++) {
    const query = { page_number: page, page_size: PAGE }
    const response = await get(target, 'DescribeClustersV1', '/api/v1/clusters', query)
    const clusters = wholeList(response.clusters, 'cs DescribeClustersV1')
    const total = numberOf(response.page_info?.total_count)
    count += clusters.length
    yield clusters.map((cluster) => ({
      clusterId: textOf(cluster.cluster_id),
      name: textOf(cluster.name),
      region: textOf(cluster.region_id),
      kind: kindOf(textOf(cluster.cluster_type), textOf(cluster.profile)),
      state: textOf(cluster.state),
    }))
    if (count >= total) return
    if (clusters.length === 0) {
      if (count < total) throw new NopassError('CLOUD_UNAVAILABLE', `ACK listed ${count} clusters of ${total}`)
      return
    }
  }
  throw new NopassError('CLOUD_UNAVAILABLE', `the list of clusters continues after ${PAGES} pages`)
}

/** Returns the names of the add-ons that are installed in a cluster. */
export async function listAddons(target: AbortableTarget, clusterId: string): Promise<readonly string[]> {
  const path = `/clusters/${segment(clusterId)}/addon_instances`
  const response = await get(target, 'ListClusterAddonInstances', path, {})
  return wholeList(response.addons, 'cs ListClusterAddonInstances').map(({ name }) => textOf(name))
}

async function get<Action extends keyof CsReads>(
  target: AbortableTarget,
  action: Action,
  path: string,
  query: CsReads[Action][0],
): Promise<CsReads[Action][1]> {
  const call = { product: 'cs', version: '2015-12-15', action, method: 'GET', path, query }
  return (await target.transport.call({ ...target, ...call }, target.signal)) as CsReads[Action][1]
}

function segment(clusterId: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(clusterId)) return clusterId
  throw new NopassError('CLOUD_NOT_FOUND', `${JSON.stringify(clusterId)} is not an ACK cluster id`)
}

const KINDS: Readonly<Record<string, ClusterKind>> = {
  Kubernetes: 'dedicated',
  ExternalKubernetes: 'registered',
  // Old Serverless clusters, from the time before they became a profile of ManagedKubernetes.
  Ask: 'serverless',
}
const PROFILES: Readonly<Record<string, ClusterKind>> = {
  '': 'managed',
  Default: 'managed',
  Serverless: 'serverless',
  Edge: 'edge',
  Lingjun: 'lingjun',
  Acs: 'acs',
}

function kindOf(type: string, profile: string): ClusterKind {
  return (type === 'ManagedKubernetes' ? PROFILES[profile] : KINDS[type]) ?? 'unknown'
}

/**
 * Returns `rrsa_config`, or the same data from `meta_data`. Older responses have only `meta_data`,
 * and the vendor's own ack-ram-tool reads only this field.
 */
function rrsaConfig(response: Detail): NonNullable<Detail['rrsa_config']> {
  const documented = response.rrsa_config
  if (isRecord(documented) && Object.keys(documented).length > 0) return documented
  const { RRSAConfig } = parseObject(textOf(response.meta_data)) ?? {}
  return isRecord(RRSAConfig) ? RRSAConfig : {}
}

function loadBalancers(config: Detail['control_plane_endpoints_config']): readonly unknown[] {
  return recordsOf(config?.load_balancers_config).map(({ endpoint }) => endpoint)
}

/**
 * Finds every RAM role that a node of the cluster may have: the cluster's role and the roles of its
 * node pools.
 * @throws WORKER_ROLE_UNKNOWN
 */
export async function findWorkerRoles(
  cs: AbortableTarget,
  clusterId: string,
  known: ClusterDetail | undefined,
): Promise<readonly string[]> {
  const [detail, pools] = await Promise.all([
    known ?? describeClusterDetail(cs, clusterId),
    listNodePoolRoles(cs, clusterId),
  ])
  const roles = new Set([detail.workerRole, ...pools].filter((role) => role !== ''))
  if (roles.size === 0) {
    const { what, hint } = WITHOUT_ROLE[detail.kind] ?? {}
    const message = `ACK returned no worker role for ${clusterId}${what ? `, ${what}` : ''}`
    throw new NopassError('WORKER_ROLE_UNKNOWN', message, { hint })
  }
  return [...roles].sort()
}

/**
 * Kinds of clusters whose nodes have no worker role, and the identities that work in such clusters.
 */
const WITHOUT_ROLE: Readonly<Partial<Record<ClusterKind, { readonly what: string; readonly hint: string }>>> = {
  serverless: {
    what: 'a Serverless cluster: ECI has none',
    hint: "Use `identity.type: rrsa`, or give the helper's Pod a role with `identity.workerRole.eciRoleName`.",
  },
  acs: {
    what: 'an ACS cluster: its Pods do not run on nodes of the account',
    hint: 'Use `identity.type: rrsa`, or `access-key`.',
  },
  edge: {
    what: 'an Edge cluster without cloud nodes',
    hint: 'Use `identity.type: rrsa`: edge nodes have no metadata service.',
  },
  registered: {
    what: 'a registered cluster: ACK does not manage its nodes',
    hint: 'Use `identity.type: access-key`; where the nodes are ECS instances, name their roles in `workerRoles`.',
  },
}
