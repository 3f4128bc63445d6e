import { parse } from 'yaml'
import { type ClusterDetail, describeClusterDetail, describeUserKubeconfig } from '../alibaba/cs.ts'
import { NopassError } from '../errors.ts'
import { isRecord } from '../helm/manifest.ts'
import { createKubeClient, type KubeClient } from '../kube/client.ts'
import { type KubeConnection, kubeconfigConnection } from '../kube/connection.ts'
import type { CloudAccess } from './cloud-access.ts'
import { type ClusterIdentity, identifyCluster, requireIdentity } from './cluster-reads.ts'
import type { RunFolder } from './run-folder.ts'
import type { ClusterSettings } from './settings.ts'

/** A cluster that was reached and is the right one. */
export interface ConnectedCluster {
  readonly client: KubeClient
  readonly identity: ClusterIdentity
  /** For helm. */
  readonly kubeconfig: string
  readonly context: string | undefined
  /** What ACK knows of it; undefined for self-built clusters. */
  readonly detail: ClusterDetail | undefined
}

export interface ConnectDeps {
  readonly cloud: CloudAccess
  readonly folder: RunFolder
  readonly mask: (secret: string) => void
  /** Life of a temporary kubeconfig in minutes, 15 to 4320. */
  readonly minutes: number
}

/**
 * Gets a kubeconfig of short life, reaches the API server and makes sure that it is the one that is meant.
 * @throws NopassError `CLUSTER_UNREACHABLE`, `CLUSTER_MISMATCH`, `KUBECONFIG_MISSING`, and the cloud's codes
 */
export async function connectCluster(
  cluster: ClusterSettings,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<ConnectedCluster> {
  if (cluster.account !== undefined) await requireAccount(cluster, cluster.account, deps.cloud, signal)
  const source = await obtainKubeconfig(cluster, deps, signal)
  const connection = await kubeconfigConnection({
    file: source.kubeconfig,
    ...(source.context && { context: source.context }),
  })
  if (source.detail) requireAckServer(source.detail, connection)
  const client = createKubeClient(connection, { userAgent: 'acr-nopass-action' })
  try {
    const identity = await identifyCluster(client, connection, signal)
    requireIdentity(identity, connection.ca, cluster.expect)
    return { client, identity, ...source }
  } catch (error) {
    client.close()
    throw error
  }
}

interface KubeconfigSource {
  readonly kubeconfig: string
  readonly context: string | undefined
  readonly detail: ClusterDetail | undefined
}

async function obtainKubeconfig(
  cluster: ClusterSettings,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<KubeconfigSource> {
  const { access } = cluster
  if (access.kind === 'kubeconfig-file') return { kubeconfig: access.file, context: access.context, detail: undefined }
  const name = `${cluster.name}.kubeconfig`
  if (access.kind === 'kubeconfig-text') {
    maskKubeconfig(access.text, deps.mask)
    return { kubeconfig: await deps.folder.write(name, access.text), context: access.context, detail: undefined }
  }
  const cs = deps.cloud.cs(cluster, access.region)
  const [detail, issued] = await Promise.all([
    describeClusterDetail(cs, access.clusterId, signal),
    describeUserKubeconfig(
      cs,
      { clusterId: access.clusterId, minutes: deps.minutes, private: access.privateEndpoint },
      signal,
    ),
  ])
  maskKubeconfig(issued.kubeconfig, deps.mask)
  return { kubeconfig: await deps.folder.write(name, issued.kubeconfig), context: undefined, detail }
}

/** ACK's own record of the address and the kubeconfig that it gave out must name the same API server. */
function requireAckServer(detail: ClusterDetail, connection: KubeConnection): void {
  const known = [detail.apiServer.public, detail.apiServer.intranet].filter((url) => url !== undefined)
  if (known.length === 0 || known.some((url) => sameOrigin(url, connection.server))) return
  throw new NopassError(
    'CLUSTER_MISMATCH',
    `the kubeconfig of ${detail.clusterId} points at ${connection.server}, but ACK knows it at ${known.join(' and ')}`,
  )
}

function sameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin
}

async function requireAccount(
  cluster: ClusterSettings,
  account: string,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<void> {
  const caller = await cloud.caller(cluster, signal)
  if (caller.accountId === account) return
  throw new NopassError(
    'CLUSTER_MISMATCH',
    `the credentials belong to account ${caller.accountId}, but ${account} is expected`,
    {
      hint: 'Correct `account`, `deployRole` or the credentials of the job. Nothing was written.',
    },
  )
}

/** Tokens, client keys and passwords of a kubeconfig; the rest of it is no secret. */
function maskKubeconfig(text: string, mask: (secret: string) => void): void {
  const config: unknown = parse(text)
  const users = isRecord(config) && Array.isArray(config.users) ? config.users : []
  for (const entry of users) {
    const user = isRecord(entry) && isRecord(entry.user) ? entry.user : {}
    for (const field of ['token', 'password', 'client-key-data']) {
      const secret = user[field]
      if (typeof secret === 'string' && secret !== '') mask(secret)
    }
  }
}
