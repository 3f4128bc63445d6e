import type { CredentialProvider } from '../../alibaba/credentials.ts'
import type { ClusterDetail } from '../../alibaba/cs.ts'
import type { Ram } from '../../alibaba/ram.ts'
import type { CallerIdentity } from '../../alibaba/sts.ts'
import type { AbortableTarget } from '../../alibaba/transport/cloud-transport.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import type { Helm } from '../../helm/find-helm.ts'
import type { Revision } from '../../helm/release/release-state.ts'
import type { ClusterIdentity } from '../../kube/read/cluster-identity.ts'
import type { KeyedLock } from '../../lib/concurrency.ts'
import type { RamCluster, SharedTarget } from '../../policy/policy-targets.ts'
import type { SettleOptions } from '../../policy/settle-steps.ts'
import { type ClusterResult, type ClusterRun, type ClusterStatus, describeError } from '../cluster-result.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { ClusterSettings, Settings } from '../inputs/settings.ts'
import type { OpenRelease } from '../release/open-release.ts'
import type { RunFolder } from '../run-folder.ts'

/** Access to the cloud as the job's identity, or as a cluster's deploy role. */
export interface CloudAccess {
  credentialsFor(cluster: ClusterSettings): CredentialProvider
  /** Returns the API of ACK in a region. */
  cs(cluster: ClusterSettings, region: string, signal: AbortSignal): AbortableTarget
  ram(cluster: ClusterSettings): Ram
  caller(cluster: ClusterSettings, signal?: AbortSignal): Promise<CallerIdentity>
}

/** Returns all clusters of the list with worker roles. They are read once, when first needed. */
export type RamList = (signal: AbortSignal) => Promise<{
  readonly clusters: readonly RamCluster[]
  /**
   * Clusters with unknown roles. Nothing is narrowed while it is unknown which clusters share a
   * role.
   */
  readonly unknown: ReadonlyMap<string, NopassError>
}>

/** What an approved plan allows in one cluster. */
export interface Approval {
  /** A hash of the desired state. */
  readonly digest: string
  /** A hash of each change that leads to it. */
  readonly steps: readonly string[]
}

/** What all clusters of one run share. */
export interface RunContext {
  readonly settings: Settings
  readonly prepared: readonly PreparedCluster[]
  readonly helm: Helm
  /**
   * Returns the chart's archive, or the folder of our own chart. It is fetched once, when first
   * needed.
   * @throws HELM_CHART
   */
  readonly chart: () => Promise<string>
  readonly folder: RunFolder
  readonly cloud: CloudAccess
  readonly ramList: RamList
  /** Serializes this run's writes to the same role or policy. */
  readonly ramLock: KeyedLock
  /**
   * `<kube-system UID> <namespace>/<release>` -> the entry with this release, because no two
   * entries may have the same release.
   */
  readonly taken: Map<string, string>
  readonly mask: (secret: string) => void
  readonly report: (cluster: string, line: string) => void
  /** Milliseconds since the run began. */
  readonly elapsed: () => number
  /** Waits for RAM, which may show a write late. If undefined, the machine's clock is used. */
  readonly pause?: SettleOptions['pause']
  /** Identifies the run in the description of a revision. */
  readonly runName: string
  /** For `apply`: what an approved plan allows, by cluster. */
  readonly approved: ReadonlyMap<string, Approval> | undefined
}

/** The work on one cluster: its run, its progress and its signal. */
export interface ClusterWork {
  readonly cluster: PreparedCluster
  readonly context: RunContext
  readonly run: ClusterRun
  readonly signal: AbortSignal
}

/** The work on one cluster, once it is connected. */
export interface ConnectedWork extends ClusterWork {
  readonly identity: ClusterIdentity
  /** ACK's record of the cluster; undefined for self-built clusters. */
  readonly detail: ClusterDetail | undefined
  readonly release: OpenRelease
  /**
   * Epoch milliseconds by the API server's clock, because it dates the objects. A runner's clock
   * may be wrong.
   */
  readonly now: () => number
}

/** The outcome of a cluster's work that threw no exception. */
export interface ClusterEnd {
  readonly status: ClusterStatus
  readonly error?: NopassError
}

/** A cluster, for the narrowing at the end of the run. */
export interface RolledCluster {
  readonly targets: readonly SharedTarget[]
  /** Our policies that the cluster may have needed before. */
  readonly former: readonly SharedTarget[]
  /** The cluster's key as a recorded member of a shared policy. */
  readonly key: string
  /** False if another acr-nopass in the cluster may need more permissions. */
  readonly alone: boolean
  /** True if the helper was verified with the deployed release. */
  verified: boolean
  /** The revision that was verified. */
  revision?: Revision
}

export function newRun(): ClusterRun {
  return { phase: 'connect', revision: { from: null, to: null }, chart: null, notes: [], unverified: [] }
}

/** Runs the work of one cluster. An error becomes the result of its phase. */
export async function runCluster(
  { cluster, context, signal }: Omit<ClusterWork, 'run'>,
  perform: (work: ClusterWork) => Promise<ClusterEnd>,
): Promise<ClusterResult> {
  const begin = context.elapsed()
  const run = newRun()
  const { status, error } = await perform({ cluster, context, run, signal }).catch((thrown): ClusterEnd => {
    if (signal.aborted) {
      return { status: 'cancelled', error: new NopassError('INTERRUPTED', `interrupted in the phase ${run.phase}`) }
    }
    return { status: 'failed', error: toNopassError(thrown) }
  })
  // Only the code is reported now, because the report at the end has the message and the fix.
  context.report(cluster.name, error ? `${status} in ${run.phase}: ${error.code}` : status)
  return {
    name: cluster.name,
    wave: cluster.wave,
    status,
    ...run,
    startedMs: Math.round(begin),
    // Start and end are rounded in the same way, so that no cluster seems to start before the
    // previous cluster ended.
    durationMs: Math.round(context.elapsed()) - Math.round(begin),
    ...(error && { error: describeError(error) }),
  }
}

export function skippedResult(cluster: PreparedCluster, reason: string): ClusterResult {
  const { name, wave } = cluster
  return { name, wave, status: 'skipped', ...newRun(), startedMs: null, durationMs: 0, notes: [reason] }
}
