import { ApiError, type Call, isoDate, type Operation, operationsOf, type ParameterRule } from '../operation.ts'
import { oidcProviderArn, principalArn } from '../ram/ram-views.ts'
import { type CloudCluster, KIND_VIEWS } from '../state.ts'

/** ACK lists this issuer after the RRSA issuer (example of `rrsa_config.issuer` in the vendor's SDK). */
const API_SERVER_ISSUER = 'https://kubernetes.default.svc'
/** The audience of RRSA tokens; the vendor's default. */
const RRSA_AUDIENCE = 'sts.aliyuncs.com'
/** Without TemporaryDurationMinutes the vendor's kubeconfig is valid for three years. */
const DEFAULT_KUBECONFIG_MINUTES = 3 * 365 * 24 * 60

function findCluster(call: Call): CloudCluster {
  const cluster = call.account.clusters.get(call.need('ClusterId'))
  if (cluster === undefined) throw new ApiError(404, 'ErrorClusterNotFound', 'cluster not found')
  return cluster
}

function summary(cluster: CloudCluster): object {
  const { type, profile } = KIND_VIEWS[cluster.kind]
  return {
    cluster_id: cluster.id,
    name: cluster.name,
    region_id: cluster.region,
    state: 'running',
    cluster_type: type,
    // Both are only set for ManagedKubernetes.
    ...(profile !== undefined && { profile, cluster_spec: 'ack.pro.small' }),
    current_version: '1.36.3-aliyun.1',
    // Serverless and registered clusters have no worker role.
    ...(cluster.workerRole !== '' && { worker_ram_role_name: cluster.workerRole }),
    size: 3,
  }
}

function detail(call: Call): object {
  const cluster = findCluster(call)
  const { rrsa } = cluster
  const kind = KIND_VIEWS[cluster.kind]
  const addresses = { api_server_endpoint: cluster.server, intranet_api_server_endpoint: cluster.server }
  return {
    ...summary(cluster),
    vpc_id: 'vpc-bp1opxu1zkhn00gzvp6x8',
    // A JSON string, as in the vendor's API.
    master_url: JSON.stringify(kind.addresses ? addresses : {}),
    ...(kind.addresses && { control_plane_endpoints_config: endpointsConfig(cluster) }),
    ...(kind.rrsa && {
      rrsa_config:
        rrsa === undefined
          ? { enabled: false }
          : {
              enabled: true,
              issuer: `${rrsa.issuer},${API_SERVER_ISSUER}`,
              oidc_name: rrsa.providerName,
              oidc_arn: oidcProviderArn(call.account.id, rrsa.providerName),
              audience: RRSA_AUDIENCE,
            },
    }),
  }
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
  const pools = cluster.nodePools.map((pool) => ({
    nodepool_info: {
      nodepool_id: pool.id,
      name: pool.name,
      region_id: cluster.region,
      type: pool.type,
      is_default: false,
    },
    ...poolRole(pool),
    status: { state: 'active', total_nodes: 3, healthy_nodes: 3 },
  }))
  return { nodepools: pools }
}

/** The field of the worker role depends on the pool's type; edge nodes are not ECS instances and have none. */
function poolRole({ type, workerRole }: CloudCluster['nodePools'][number]): object {
  if (type === 'ess') return { scaling_group: { ram_role_name: workerRole } }
  if (type === 'edge') return { interconnect_mode: 'basic' }
  return { eflo_node_group: { cluster_id: 'i113790071760688002461', worker_ram_role_name: workerRole } }
}

async function userKubeconfig(call: Call): Promise<object> {
  const cluster = findCluster(call)
  const minutes = Number(call.get('TemporaryDurationMinutes') ?? DEFAULT_KUBECONFIG_MINUTES)
  if (cluster.kubeconfig === undefined) {
    throw new ApiError(400, 'ErrorClusterState', 'the API server of this cluster is not running', { status: 400 })
  }
  if (call.principal === undefined) throw new Error('an anonymous caller gets no kubeconfig')
  const isPrivate = call.get('PrivateIpAddress') === 'true'
  const config = await cluster.kubeconfig({ minutes, private: isPrivate, principal: principalArn(call.principal) })
  return { config, expiration: isoDate(call.state.now() + minutes * 60_000) }
}

const regionOf = (call: Call): string => call.account.clusters.get(call.need('ClusterId'))?.region ?? '*'
const one = (call: Call): readonly string[] => [
  `acs:cs:${regionOf(call)}:${call.account.id}:cluster/${call.need('ClusterId')}`,
]

const MINUTES: ParameterRule = { integer: [15, 4320], code: 'InvalidParameter' }

/** CS 2015-12-15: clusters of the Container Service for Kubernetes (ACK). */
export const CS_OPERATIONS: readonly Operation[] = operationsOf('CS', '2015-12-15', [
  {
    name: 'DescribeClusterDetail',
    roa: { method: 'GET', path: '/clusters/{ClusterId}' },
    resources: one,
    handler: detail,
  },
  {
    name: 'DescribeClusterNodePools',
    roa: { method: 'GET', path: '/clusters/{ClusterId}/nodepools' },
    resources: one,
    handler: nodePools,
  },
  {
    name: 'DescribeClusterUserKubeconfig',
    roa: { method: 'GET', path: '/k8s/{ClusterId}/user_config' },
    resources: one,
    parameters: { TemporaryDurationMinutes: MINUTES },
    handler: userKubeconfig,
  },
])
