import { type ClusterDetail, describeClusterDetail, describeUserKubeconfig } from '../../alibaba/cs.ts'
import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { createKubeClient } from '../../kube/client.ts'
import { kubeconfigConnection } from '../../kube/connection.ts'
import type { KubeConnection } from '../../kube/kube-connection.ts'
import { identifyCluster, requireIdentity } from '../../release/cluster-reads.ts'
import type { ClusterSettings } from '../inputs/settings.ts'
import type { RunFolder } from '../run-folder.ts'
import type { CloudAccess } from './cloud-access.ts'
import { kubeconfigSecrets } from './kubeconfig-text.ts'

export type ConnectedCluster = Awaited<ReturnType<typeof connectCluster>>

export interface ConnectDeps {
  readonly cloud: CloudAccess
  readonly folder: RunFolder
  /** Of helm too: both go through the same proxy. */
  readonly environment: NodeJS.ProcessEnv
  readonly mask: (secret: string) => void
  /** Lifetime of a temporary kubeconfig in minutes, 15 to 4320. */
  readonly minutes: number
}

/**
 * Gets a short-lived kubeconfig, connects to the API server and verifies its identity.
 * @throws CLUSTER_UNREACHABLE, CLUSTER_MISMATCH, KUBECONFIG_INVALID, KUBE_CONNECTION, and the cloud's codes
 */
export async function connectCluster(cluster: ClusterSettings, deps: ConnectDeps, signal: AbortSignal) {
  if (cluster.account !== undefined) await requireAccount(cluster, cluster.account, deps.cloud, signal)
  const { file, context, detail } = await obtainKubeconfig(cluster, deps, signal)
  const connection = await kubeconfigConnection({ file, environment: deps.environment, context: context || undefined })
  const notes = detail ? checkAckServer(detail, connection, cluster) : []
  const client = createKubeClient(maskTokens(connection, deps.mask), { userAgent: 'acr-nopass-action' })
  try {
    const identity = await identifyCluster({ client, signal }, connection)
    requireIdentity(identity, connection.ca, cluster.expect)
    const { release, namespace } = cluster
    /** Its release, for helm. */
    const target: ReleaseTarget = { release, namespace, kubeconfig: file, context }
    return { client, identity, target, detail, notes }
  } catch (error) {
    client.close()
    throw error
  }
}

/** A token that comes from a file or a program is known only when it is used. */
function maskTokens(connection: KubeConnection, mask: (secret: string) => void): KubeConnection {
  const { token } = connection
  if (token === undefined) return connection
  // Inherits: the CA is read again as it rotates.
  return Object.create(connection, {
    token: {
      value: async () => {
        const secret = await token()
        if (secret !== '') mask(secret)
        return secret
      },
    },
  })
}

interface KubeconfigSource {
  readonly file: string
  readonly context?: string | undefined
  /** ACK's record; undefined for self-built clusters. */
  readonly detail?: ClusterDetail
}

async function obtainKubeconfig(
  cluster: ClusterSettings,
  deps: ConnectDeps,
  signal: AbortSignal,
): Promise<KubeconfigSource> {
  const { access } = cluster
  if (access.kind === 'kubeconfig-file') return access
  const name = `${cluster.name}.kubeconfig`
  if (access.kind === 'kubeconfig-text') {
    return { file: await deps.folder.write(name, access.text), context: access.context }
  }
  const cs = deps.cloud.cs(cluster, access.region, signal)
  const [detail, kubeconfig] = await Promise.all([
    describeClusterDetail(cs, access.clusterId),
    describeUserKubeconfig(cs, {
      clusterId: access.clusterId,
      minutes: deps.minutes,
      private: access.privateEndpoint,
    }),
  ])
  for (const secret of kubeconfigSecrets(kubeconfig)) deps.mask(secret)
  return { file: await deps.folder.write(name, kubeconfig), detail }
}

/**
 * ACK's own record of the addresses and the kubeconfig that it issued must name the same API server. With the CA or the
 * UID of kube-system in `expect`, which the API server itself must meet, another address is only noted.
 */
export function checkAckServer(
  detail: ClusterDetail,
  { server }: KubeConnection,
  { expect }: ClusterSettings,
): readonly string[] {
  const known = detail.apiServer
  if (known.length === 0 || known.some((address) => isAddressOf(address, server))) return []
  const message = `the kubeconfig of ${detail.clusterId} points at ${server}, but ACK knows it at ${known.join(' and ')}`
  if (expect.caSha256 !== undefined || expect.kubeSystemUid !== undefined) return [`${message}; \`expect\` holds`]
  throw new NopassError('CLUSTER_MISMATCH', message, {
    hint: 'If the address is right, add `expect.kubeSystemUid` or `expect.caSha256` to the entry. Nothing was written.',
  })
}

/** `address` is a URL, or the host of a load balancer, with or without a port. */
function isAddressOf(address: string, server: string): boolean {
  const url = URL.parse(server)
  if (url === null) return false
  if (/^https?:\/\//.test(address)) return URL.parse(address)?.origin === url.origin
  const port = url.port || '443'
  return [url.hostname, `${url.hostname}:${port}`].includes(address.toLowerCase())
}

async function requireAccount(
  cluster: ClusterSettings,
  account: string,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<void> {
  const caller = await cloud.caller(cluster, signal)
  if (caller.accountId === account) return
  const message = `the credentials belong to account ${caller.accountId}, but ${account} is expected`
  throw new NopassError('CLUSTER_MISMATCH', message, {
    hint: 'Correct `account`, `deployRole` or the credentials of the job. Nothing was written.',
  })
}
