import { type ClusterDetail, describeClusterDetail, describeUserKubeconfig } from '../../alibaba/cs.ts'
import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { longestSeconds } from '../../helm/release/release-state.ts'
import { createKubeClient } from '../../kube/client.ts'
import { kubeconfigConnection } from '../../kube/connection.ts'
import type { KubeConnection } from '../../kube/kube-connection.ts'
import { identifyCluster, requireIdentity } from '../../kube/read/cluster-identity.ts'
import { createServerClock } from '../../kube/server-clock.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import type { ClusterWork, RunContext } from '../cluster/cluster-run.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { ClusterSettings } from '../inputs/settings.ts'
import { kubeconfigSecrets } from './kubeconfig-text.ts'

/** What a connection needs of a run. A check of the fleet has no chart and starts no helm. */
export interface ConnectRequest extends Pick<ClusterWork, 'signal'> {
  readonly cluster: Pick<PreparedCluster, 'name' | 'settings'>
  readonly context: Pick<RunContext, 'settings' | 'cloud' | 'folder' | 'mask'> & {
    readonly helm: Pick<RunContext['helm'], 'environment'>
  }
  /** Ends the kubeconfig's plugin. A rollout also reads after an interruption, so it has none. */
  readonly pluginSignal?: AbortSignal
}

/**
 * Gets a short-lived kubeconfig, connects to the API server and verifies its identity.
 * @param hooks the number of the chart's hooks, if known
 * @throws CLUSTER_UNREACHABLE, CLUSTER_PRIVATE, CLUSTER_MISMATCH, KUBECONFIG_INVALID,
 *   KUBE_CONNECTION, and the cloud's codes
 */
export async function connectCluster(work: ConnectRequest, hooks = 0) {
  const { signal } = work
  const { settings: cluster } = work.cluster
  const { helm, mask } = work.context
  await requireAccount(work)
  const { file, context, detail } = await obtainKubeconfig(work, hooks)
  // The environment of helm, because this connection and helm must use the same proxy.
  const connection = await kubeconfigConnection({
    file,
    environment: helm.environment,
    context: context || undefined,
    ...(work.pluginSignal && { pluginSignal: work.pluginSignal }),
  })
  const notes = detail ? checkAckServer(detail, connection, cluster) : []
  const clock = createServerClock()
  const client = createKubeClient(maskTokens(connection, mask), {
    userAgent: 'acr-nopass-action',
    onCall: ({ date = '' }) => clock.learn(date),
  })
  try {
    const identity = await identifyCluster({ client, signal }, connection)
    requireIdentity(identity, connection.ca, cluster.expect)
    const { release, namespace } = cluster
    /** The cluster's release, for helm. */
    const target: ReleaseTarget = { release, namespace, kubeconfig: file, context }
    const { aheadMs } = clock
    return { client, identity, target, detail, notes, aheadMs, now: () => Date.now() - (aheadMs() ?? 0) }
  } catch (error) {
    client.close()
    throw error
  }
}

/**
 * Masks a token that comes from a file or a program, because such a token is known only when it is
 * used.
 */
function maskTokens(connection: KubeConnection, mask: (secret: string) => void): KubeConnection {
  const { token } = connection
  if (token === undefined) return connection
  // The other fields are inherited and not copied, because `ca` is read again at each use: the CA
  // may rotate.
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
  /** ACK's record of the cluster; undefined for self-built clusters. */
  readonly detail?: ClusterDetail
}

async function obtainKubeconfig(
  { cluster, context, signal }: ConnectRequest,
  hooks: number,
): Promise<KubeconfigSource> {
  const { access } = cluster.settings
  const { cloud, folder, mask, settings } = context
  if (access.kind === 'kubeconfig-file') return access
  const name = `${cluster.name}${hooks === 0 ? '' : '.hooks'}.kubeconfig`
  if (access.kind === 'kubeconfig-text') {
    return { file: await folder.write(name, access.text), context: access.context }
  }
  const cs = cloud.cs(cluster.settings, access.region, signal)
  const minutes = kubeconfigMinutes(parseGoDuration(settings.inputs.timeout, 'timeout'), hooks)
  const detail = await describeClusterDetail(cs, access.clusterId)
  requireEndpoint(detail, access.privateEndpoint)
  const kubeconfig = await describeUserKubeconfig(cs, {
    clusterId: access.clusterId,
    minutes,
    private: access.privateEndpoint,
  })
  for (const secret of kubeconfigSecrets(kubeconfig)) mask(secret)
  return { file: await folder.write(name, kubeconfig), detail }
}

/**
 * Refuses a cluster without a public endpoint, because ACK does not document the content of a
 * public kubeconfig for such a cluster.
 */
function requireEndpoint({ clusterId, hasPublicEndpoint }: ClusterDetail, isPrivate: boolean): void {
  if (isPrivate || hasPublicEndpoint !== false) return
  throw new NopassError('CLUSTER_PRIVATE', `the API server of ${clusterId} has no public endpoint`)
}

/**
 * Returns the lifetime of the kubeconfig in minutes. Deploy, rollback and verification each may
 * take helm's timeout; so may retiring, the wait for it and the uninstall. Helm itself takes longer
 * with hooks. ACK gives at least 15 minutes and at most three days.
 */
export function kubeconfigMinutes(timeoutSeconds: number, hooks: number): number {
  const seconds = longestSeconds(timeoutSeconds, hooks) * 2 + timeoutSeconds
  return Math.min(4320, Math.max(15, Math.ceil(seconds / 60) + 5))
}

/**
 * Checks that ACK's own record of addresses and the kubeconfig that ACK issued name the same API
 * server. If `expect` has the CA or the UID of kube-system, the API server itself must match it,
 * and another address is only noted.
 */
export function checkAckServer(
  detail: ClusterDetail,
  { server }: KubeConnection,
  { expect }: ClusterSettings,
): readonly string[] {
  const known = detail.apiServer
  if (known.length === 0 || known.some((address) => isAddressOf(address, server))) return []
  const message = `the kubeconfig of ${detail.clusterId} points at ${server}, but ACK lists the API server at ${known.join(' and ')}`
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

async function requireAccount({ cluster: { settings }, context: { cloud }, signal }: ConnectRequest): Promise<void> {
  const { account } = settings
  if (account === undefined) return
  const { accountId } = await cloud.caller(settings, signal)
  if (accountId === account) return
  const message = `the credentials belong to account ${accountId}, but ${account} is expected`
  throw new NopassError('CLUSTER_MISMATCH', message, {
    hint: 'Correct `account`, `deployRole` or the credentials of the job. Nothing was written.',
  })
}
