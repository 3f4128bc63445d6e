import { sha256 } from '../../../src/lib/text.ts'
import { ApiError, type Call, isoDate, operationsOf, type ParameterRule } from '../operation.ts'
import { oidcProviderArn, principalArn } from '../ram/arn.ts'
import { type CloudCluster, KIND_VIEWS } from '../state.ts'
import { grantPermissions } from './permissions.ts'

/**
 * ACK lists this issuer after the RRSA issuer (example of `rrsa_config.issuer` in the vendor's
 * SDK).
 */
const API_SERVER_ISSUER = 'https://kubernetes.default.svc'
/** The audience of RRSA tokens; the vendor's default. */
const RRSA_AUDIENCE = 'sts.aliyuncs.com'
/** Without TemporaryDurationMinutes the vendor's kubeconfig is valid for three years. */
const DEFAULT_KUBECONFIG_MINUTES = 3 * 365 * 24 * 60

/**
 * The groups of an authorized user. "By default, RAM users and RAM roles that did not create the
 * cluster have no RBAC permissions in it"
 * (https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-grantpermissions).
 * The seed lists those users and roles as unauthorized.
 */
const ADMINISTRATORS = ['system:masters']

function findCluster(call: Call): CloudCluster {
  const cluster = call.account.clusters.get(call.need('ClusterId'))
  if (cluster === undefined) throw new ApiError(404, 'ErrorClusterNotFound', 'cluster not found')
  return cluster
}

function clusterSummary(cluster: CloudCluster): object {
  const { type, profile } = KIND_VIEWS[cluster.kind ?? 'managed']
  return {
    cluster_id: cluster.id,
    name: cluster.name,
    region_id: cluster.region,
    state: cluster.state ?? 'running',
    cluster_type: type,
    // The profile and the cluster_spec are set only for ManagedKubernetes.
    ...(profile !== undefined && { profile, cluster_spec: 'ack.pro.small' }),
    current_version: '1.36.3-aliyun.1',
    // Serverless and registered clusters have no worker role.
    ...(cluster.workerRole && { worker_ram_role_name: cluster.workerRole }),
    size: 3,
  }
}

/** A page of the account's clusters, in all regions unless `region_id` names one. */
function listClusters(call: Call): object {
  const [region, name] = [call.get('region_id'), call.get('name')]
  const all = [...call.account.clusters.values()].filter((cluster) => {
    return (!region || cluster.region === region) && (!name || cluster.name === name)
  })
  const [number, size] = [Number(call.get('page_number') ?? 1), Number(call.get('page_size') ?? 10)]
  return {
    clusters: all.slice((number - 1) * size, number * size).map(clusterSummary),
    page_info: { page_number: number, page_size: size, total_count: all.length },
  }
}

function listAddons(call: Call): object {
  const addons = [...STANDARD_ADDONS, ...(findCluster(call).addons ?? [])]
  return { addons: addons.map((name) => ({ name, state: 'active', version: 'v1.0.0.1-aliyun' })) }
}

/** Add-ons that every cluster has. */
const STANDARD_ADDONS = ['coredns', 'metrics-server']

function clusterDetail(call: Call): object {
  const cluster = findCluster(call)
  const { kind = 'managed', rrsa } = cluster
  const { type, profile } = KIND_VIEWS[kind]
  const hasAddresses = type !== 'ExternalKubernetes'
  const addresses = {
    ...(cluster.publicEndpoint !== false && { api_server_endpoint: serverIn(cluster, 'public') }),
    intranet_api_server_endpoint: serverIn(cluster, 'private'),
  }
  const rrsaConfig = rrsa && {
    issuer: `${rrsa.issuer},${API_SERVER_ISSUER}`,
    oidc_name: rrsa.providerName,
    oidc_arn: oidcProviderArn(call.account.id, rrsa.providerName),
    audience: RRSA_AUDIENCE,
  }
  return {
    ...clusterSummary(cluster),
    vpc_id: cluster.vpc ?? 'vpc-bp1opxu1zkhn00gzvp6x8',
    // A JSON string, as in the vendor's API.
    master_url: JSON.stringify(hasAddresses ? addresses : {}),
    ...(hasAddresses && { control_plane_endpoints_config: endpointsConfig(cluster) }),
    ...(profile !== undefined && { rrsa_config: { enabled: rrsa !== undefined, ...rrsaConfig } }),
  }
}

function serverIn({ server = '', privateServer = server }: CloudCluster, network: 'public' | 'private'): string {
  return network === 'private' ? privateServer : server
}

/** The API server's load balancer. */
function endpointsConfig({ region }: CloudCluster): object {
  const id = 'nlb-0ogk9aa7h2x4c6v8b1'
  return {
    internal_dns_config: { enabled: false, bind_vpcs: [] },
    load_balancers_config: [
      { endpoint: `${id}.${region}.nlb.aliyuncsslb.com`, endpoint_type: 'private', load_balancer_id: id },
    ],
  }
}

function nodePools(call: Call): object {
  const cluster = findCluster(call)
  const nodepools = (cluster.nodePools ?? []).map(({ name, type = 'ess', workerRole = '' }) => {
    const nodepool_id = `np${sha256(`${cluster.id}/${name}`).slice(0, 32)}`
    return {
      nodepool_info: { nodepool_id, name, region_id: cluster.region, type, is_default: false },
      ...poolRole(type, workerRole),
      status: { state: 'active', total_nodes: 3, healthy_nodes: 3 },
    }
  })
  return { nodepools }
}

/**
 * Returns the field of the worker role, which depends on the pool's type. Edge nodes are not ECS
 * instances and have no such field.
 */
function poolRole(type: string, role: string): object {
  if (type === 'ess') return { scaling_group: { ram_role_name: role } }
  if (type === 'edge') return { interconnect_mode: 'basic' }
  return { eflo_node_group: { cluster_id: 'i113790071760688002461', worker_ram_role_name: role } }
}

async function userKubeconfig(call: Call): Promise<object> {
  const cluster = findCluster(call)
  const minutes = Number(call.get('TemporaryDurationMinutes') ?? DEFAULT_KUBECONFIG_MINUTES)
  if (cluster.kubeconfig === undefined) {
    throw new ApiError(400, 'ErrorClusterState', 'the API server of this cluster is not running', { status: 400 })
  }
  if (call.principal === undefined) throw new Error('an anonymous caller gets no kubeconfig')
  // The vendor does not document the response for the public network if a cluster has no public
  // endpoint. The emulated cluster then has only one address.
  const isPrivate = call.get('PrivateIpAddress') === 'true' || cluster.publicEndpoint === false
  const config = await cluster.kubeconfig({
    minutes,
    private: isPrivate,
    server: serverIn(cluster, isPrivate ? 'private' : 'public'),
    principal: principalArn(call.principal),
    groups: cluster.unauthorized?.includes(call.principal.name) ? [] : ADMINISTRATORS,
  })
  return { config, expiration: isoDate(call.state.now() + minutes * 60_000) }
}

const one = ({ account, need }: Call) => {
  const id = need('ClusterId')
  return [`acs:cs:${account.clusters.get(id)?.region ?? '*'}:${account.id}:cluster/${id}`]
}

const every = ({ account }: Call) => [`acs:cs:*:${account.id}:*`]

const PAGES: Readonly<Record<string, ParameterRule>> = {
  page_number: { integer: [1, 1_000_000] },
  // The largest page is undocumented.
  page_size: { integer: [1, 100] },
}

/**
 * The resource of the list, as on the page of DescribeClustersV1: "*Cluster,
 * acs:cs:*:{#accountId}:cluster/*".
 */
const all = ({ account }: Call) => [`acs:cs:*:${account.id}:cluster/*`]

const MINUTES = { TemporaryDurationMinutes: { integer: [15, 4320] } } as const

/** CS 2015-12-15: clusters of the Container Service for Kubernetes (ACK). */
export const CS_OPERATIONS = operationsOf('CS', '2015-12-15', {
  DescribeClustersV1: [all, PAGES, listClusters, { path: '/api/v1/clusters', action: 'cs:GetClusters' }],
  ListClusterAddonInstances: [one, {}, listAddons, { path: '/clusters/:ClusterId/addon_instances' }],
  DescribeClusterDetail: [one, {}, clusterDetail, { path: '/clusters/:ClusterId' }],
  DescribeClusterNodePools: [one, {}, nodePools, { path: '/clusters/:ClusterId/nodepools' }],
  DescribeClusterUserKubeconfig: [one, MINUTES, userKubeconfig, { path: '/k8s/:ClusterId/user_config' }],
  GrantPermissions: [every, {}, grantPermissions, { path: '/permissions/users/:uid', method: 'POST' }],
})
