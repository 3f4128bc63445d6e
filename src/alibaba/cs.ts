import { NopassError } from '../errors.ts'
import { textOf } from '../lib/json-values.ts'
import type { CredentialProvider, Credentials } from './credentials.ts'
import type { JsonObject } from './transport/cloud-failure.ts'
import type { Parameters } from './transport/signature.ts'
import type { Transport } from './transport/transport.ts'

export interface CsTarget {
  readonly transport: Transport
  readonly endpoint: URL
  readonly credentials: CredentialProvider | Credentials
}

/** What decides which identities a cluster can offer. */
export type ClusterKind = 'managed' | 'dedicated' | 'serverless' | 'edge' | 'lingjun' | 'registered' | 'unknown'

export interface ClusterDetail {
  readonly clusterId: string
  readonly name: string
  readonly region: string
  /** Where its nodes are. */
  readonly vpcId: string
  readonly state: string
  readonly kind: ClusterKind
  readonly version: string
  /** The cluster's default worker role; empty where it has none. Node pools may have others: see listNodePools. */
  readonly workerRole: string
  readonly rrsa: {
    readonly enabled: boolean
    /** As ACK lists them, separated by commas: the first is the tokens' `iss`. */
    readonly issuers: string
    readonly oidcProviderArn: string
  }
  /** Where the API server is, as ACK knows it. */
  readonly apiServer: {
    readonly public: string | undefined
    readonly intranet: string | undefined
    /** Hosts or URLs of its load balancers. */
    readonly loadBalancers: readonly string[]
  }
}

/** What ACK knows of a cluster. Throws CLOUD_NOT_FOUND. */
export async function describeClusterDetail(
  target: CsTarget,
  clusterId: string,
  signal?: AbortSignal,
): Promise<ClusterDetail> {
  const answer = await get(target, 'DescribeClusterDetail', `/clusters/${segment(clusterId)}`, {}, signal)
  const rrsa = rrsaConfig(answer)
  const masters = jsonText(answer.master_url)
  return {
    clusterId: textOf(answer.cluster_id) || clusterId,
    name: textOf(answer.name),
    region: textOf(answer.region_id),
    vpcId: textOf(answer.vpc_id),
    state: textOf(answer.state),
    kind: kindOf(textOf(answer.cluster_type), textOf(answer.profile)),
    version: textOf(answer.current_version),
    workerRole: textOf(answer.worker_ram_role_name),
    rrsa: { enabled: rrsa.enabled === true, issuers: textOf(rrsa.issuer), oidcProviderArn: textOf(rrsa.oidc_arn) },
    apiServer: {
      public: textOf(masters.api_server_endpoint) || undefined,
      intranet: textOf(masters.intranet_api_server_endpoint) || undefined,
      loadBalancers: loadBalancers(answer.control_plane_endpoints_config),
    },
  }
}

export interface NodePool {
  readonly id: string
  readonly name: string
  /** The node pool's own worker role, of ECS or Lingjun nodes; empty: the cluster's. */
  readonly ramRole: string
}

/** The node pools of a cluster: each may carry a worker role of its own (ACK managed 1.22 and newer). */
export async function listNodePools(
  target: CsTarget,
  clusterId: string,
  signal?: AbortSignal,
): Promise<readonly NodePool[]> {
  const path = `/clusters/${segment(clusterId)}/nodepools`
  const answer = await get(target, 'DescribeClusterNodePools', path, {}, signal)
  const pools: readonly unknown[] = Array.isArray(answer.nodepools) ? answer.nodepools : []
  return pools.filter(isObject).map((pool) => {
    const info = (pool.nodepool_info ?? {}) as JsonObject
    const scaling = (pool.scaling_group ?? {}) as JsonObject
    const lingjun = (pool.eflo_node_group ?? {}) as JsonObject
    const ramRole = textOf(scaling.ram_role_name) || textOf(lingjun.worker_ram_role_name)
    return { id: textOf(info.nodepool_id), name: textOf(info.name), ramRole }
  })
}

export interface UserKubeconfig {
  /** YAML with the caller's own certificate: a secret. */
  readonly kubeconfig: string
  /** Epoch milliseconds. */
  readonly expiresAt: number | undefined
}

/** A kubeconfig of limited life. ACK's default life is years, so `minutes` (15 to 4320) is always sent. */
export async function describeUserKubeconfig(
  target: CsTarget,
  request: { readonly clusterId: string; readonly minutes: number; readonly private: boolean },
  signal?: AbortSignal,
): Promise<UserKubeconfig> {
  const path = `/k8s/${segment(request.clusterId)}/user_config`
  const query = { PrivateIpAddress: request.private, TemporaryDurationMinutes: request.minutes }
  const answer = await get(target, 'DescribeClusterUserKubeconfig', path, query, signal)
  const kubeconfig = textOf(answer.config)
  if (kubeconfig === '') throw new NopassError('CLOUD_UNAVAILABLE', `ACK gave no kubeconfig for ${request.clusterId}`)
  const expiresAt = Date.parse(textOf(answer.expiration))
  return { kubeconfig, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt }
}

function get(
  target: CsTarget,
  action: string,
  path: string,
  query: Parameters,
  signal?: AbortSignal,
): Promise<JsonObject> {
  return target.transport.call(
    { ...target, product: 'cs', version: '2015-12-15', action, method: 'GET', path, query },
    signal,
  )
}

function segment(clusterId: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(clusterId)) return clusterId
  throw new NopassError('CLOUD_NOT_FOUND', `${JSON.stringify(clusterId)} is not an ACK cluster id`)
}

const KINDS: Readonly<Record<string, ClusterKind>> = {
  Kubernetes: 'dedicated',
  ExternalKubernetes: 'registered',
  // of old Serverless clusters, before they became a profile of ManagedKubernetes
  Ask: 'serverless',
}
const PROFILES: Readonly<Record<string, ClusterKind>> = {
  '': 'managed',
  Default: 'managed',
  Serverless: 'serverless',
  Edge: 'edge',
  Lingjun: 'lingjun',
}

function kindOf(type: string, profile: string): ClusterKind {
  return (type === 'ManagedKubernetes' ? PROFILES[profile] : KINDS[type]) ?? 'unknown'
}

/** `rrsa_config`; the vendor's own ack-ram-tool reads the same from `meta_data`, which older responses have alone. */
function rrsaConfig(answer: JsonObject): JsonObject {
  const documented = answer.rrsa_config
  if (isObject(documented) && Object.keys(documented).length > 0) return documented
  const { RRSAConfig } = jsonText(answer.meta_data)
  return isObject(RRSAConfig) ? RRSAConfig : {}
}

function loadBalancers(config: unknown): readonly string[] {
  const list: unknown = isObject(config) ? config.load_balancers_config : undefined
  const entries: readonly unknown[] = Array.isArray(list) ? list : []
  return entries
    .filter(isObject)
    .map(({ endpoint }) => textOf(endpoint))
    .filter((endpoint) => endpoint !== '')
}

/** `master_url` and `meta_data` are JSON in a string. */
function jsonText(value: unknown): JsonObject {
  try {
    const parsed: unknown = JSON.parse(textOf(value))
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null
