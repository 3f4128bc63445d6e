import type { CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../alibaba/transport/endpoints.ts'
import { type CloudSnapshot, inspectCloud } from '../doctor/cloud/inspect-cloud.ts'
import { readPlace } from '../doctor/cloud/read-place.ts'
import { type RoleAccount, roleAccounts } from '../doctor/cloud/wanted-roles.ts'
import { observeCluster } from '../doctor/read/observe-cluster.ts'
import { NopassError, toNopassError } from '../errors.ts'
import type { ReleaseFacts as InstalledFacts } from '../installation/find-release.ts'
import type { KubeApiError } from '../kube/api-error.ts'
import { createReader, type PageSizes, type Reader } from '../kube/read/reader.ts'
import { expectConfigs } from '../node/expected-configs.ts'
import { type ConnectRequest, connectCluster } from '../rollout/connect/connect-cluster.ts'
import type { PreparedCluster } from '../rollout/inputs/prepare-cluster.ts'
import type { ClusterSettings } from '../rollout/inputs/settings.ts'
import { openRecords, type recordKind } from '../rollout/release/open-release.ts'
import type { ClusterFacts, ReachedCluster } from './cluster-facts.ts'
import { readRelease } from './read/read-release.ts'
import { attachOf, compareValues } from './read/read-values.ts'
import { shareObjects } from './share-reads.ts'

/**
 * A check waits for each page of many clusters, so its pages are larger than those of one command:
 * 5,000 Pods are 10 requests instead of 50.
 */
const PAGES: PageSizes = { whole: 500, small: 1_500 }

export interface CheckContext extends Readonly<ConnectRequest['context']> {
  readonly transport: CloudTransport
  /** Where Helm keeps its records. */
  readonly records: ReturnType<typeof recordKind>
  /** Undefined: RAM and the instances are read. Otherwise the reason why not. */
  readonly withoutCloud: string | undefined
  readonly report: (cluster: string, line: string) => void
}

/** A cluster of the list. `values` and `ram` are those of a rollout. */
export type CheckedCluster = Pick<PreparedCluster, 'name' | 'settings' | 'values' | 'ram'>

/**
 * Reads one cluster: the release, the helper, the cloud. Writes nothing. A failure is a fact, and
 * never ends the check of other clusters. `limitMs` bounds the whole work.
 */
export async function checkCluster(
  cluster: CheckedCluster,
  context: CheckContext,
  limitMs: number,
  signal: AbortSignal,
): Promise<ClusterFacts> {
  const { name, settings } = cluster
  const { access } = settings
  const ack = access.kind === 'ack' ? { clusterId: access.clusterId, region: access.region } : null
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(tooSlow(limitMs)), limitMs)
  try {
    context.report(name, 'reading')
    const reached = await readCluster(cluster, context, AbortSignal.any([signal, limit.signal]))
    return { name, ack, reached }
  } catch (error) {
    // The user ended the whole check.
    signal.throwIfAborted()
    return { name, ack, error: toNopassError(error) }
  } finally {
    clearTimeout(timer)
  }
}

function tooSlow(limitMs: number): NopassError {
  return new NopassError('CLUSTER_UNREACHABLE', `not everything could be read within ${limitMs / 1000} s`, {
    hint: 'Check the API server, or set a longer `timeout`.',
  })
}

async function readCluster(
  cluster: CheckedCluster,
  context: CheckContext,
  signal: AbortSignal,
): Promise<ReachedCluster> {
  const connected = await connectCluster({ cluster, context, signal, pluginSignal: signal })
  const { client, aheadMs, detail, identity } = connected
  try {
    const { settings } = cluster
    const { namespace, release: name } = settings
    const reader = createReader(shareObjects(client), signal, { pages: PAGES, mayLack: isOfOnePart })
    const records = openRecords({ client, signal }, { namespace, release: name }, context.records)
    const release = await readRelease(reader, records, { namespace, name })
    const observed = await observeCluster(reader, {
      namespace,
      release: name,
      server: identity.server,
      aheadMs,
      isReadOnly: true,
      expectConfigs,
      inspect: async (installed, listed) =>
        readCloud(installed, roleAccounts(await listed), { cluster: settings, reader, context }),
    })
    const { deployed } = release
    const sources = { cluster, context, identity, detail, signal }
    const values = deployed && (await compareValues(deployed.values, context.settings, sources).catch(noted(reader)))
    return {
      kubeSystemUid: identity.kubeSystemUid,
      observed: { ...observed, unread: [...reader.unread] },
      release: { namespace, name, ...release, values: values?.differing },
      attach: values?.attach ?? (deployed && attachOf(deployed.values)),
    }
  } finally {
    client.close()
  }
}

/**
 * True if the API server responds, but not to this request: the rest of the cluster is still
 * checked. Without a connection, or with a wrong credential, nothing else can be read either.
 */
function isOfOnePart({ status, code }: KubeApiError): boolean {
  return status >= 500 || status === 429 || (status !== 0 && code === 'KUBE_BAD_ANSWER')
}

/** Records why the values were not compared. */
function noted(reader: Reader): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof NopassError)) throw error
    return void reader.note("The release's values, compared with the list's", error.message)
  }
}

interface CloudSources {
  readonly cluster: ClusterSettings
  readonly reader: Reader
  readonly context: CheckContext
}

/** Reads the cloud with the credentials of a rollout: one session for each identity. */
async function readCloud(
  { config }: InstalledFacts,
  accounts: readonly RoleAccount[],
  { cluster, reader, context }: CloudSources,
): Promise<CloudSnapshot> {
  const notInspected = (why: string): CloudSnapshot => ({ state: 'not-inspected', why })
  if (context.withoutCloud !== undefined) return notInspected(context.withoutCloud)
  if (config === undefined) return notInspected('the configuration of the release cannot be read')
  const { access, workerRoles } = cluster
  const clusterId = access.kind === 'ack' ? access.clusterId : undefined
  const region = config.region || (access.kind === 'ack' ? access.region : '')
  const place = await readPlace(reader, { clusterId, region })
  // IMS is the newer half of RAM.
  const { ram } = context.settings.endpoints
  const overrides = { ...context.settings.endpoints, ims: ram?.replace(/^https:\/\/ram\./, 'https://ims.') }
  const sources = {
    transport: context.transport,
    endpoints: createEndpoints({ overrides, network: 'public' }),
    credentials: context.cloud.credentialsFor(cluster),
    onProgress: () => undefined,
  }
  return inspectCloud({ config, place, workerRoles, accounts, versions: true }, sources, reader.signal)
}
