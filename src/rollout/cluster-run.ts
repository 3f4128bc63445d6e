import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError, toNopassError } from '../errors.ts'
import type { SharedTarget } from '../policy/policy-targets.ts'
import {
  type ClusterResult,
  type ClusterStatus,
  describeError,
  type Phase,
  type PlannedChange,
} from './cluster-result.ts'
import type { PreparedCluster } from './inputs/prepare-cluster.ts'
import type { RunContext } from './run-context.ts'

/** What a cluster's work says about itself as it goes on; becomes its result. */
export interface ClusterRun {
  phase: Phase
  revision: { from: number | null; to: number | null }
  chart: string | null
  readonly notes: string[]
  readonly unverified: Unverified[]
  ramChanged: boolean
  plan: readonly PlannedChange[] | undefined
  digest: string | undefined
}

/** The work on one cluster: in which run, what it reports as it goes on, and what ends it. */
export interface ClusterWork {
  readonly cluster: PreparedCluster
  readonly context: RunContext
  readonly run: ClusterRun
  readonly signal: AbortSignal
}

/** How a cluster's work ended without an exception. */
export interface ClusterEnd {
  readonly status: ClusterStatus
  readonly error?: NopassError
}

/** What the narrowing at the end of the run has to know of a cluster. */
export interface RolledCluster {
  readonly targets: readonly SharedTarget[]
  /** Policies of ours that it may have needed before. */
  readonly former: readonly SharedTarget[]
  /** As members of a shared policy are recorded. */
  readonly key: string
  /** False: another acr-nopass may be in the cluster, which needs what this one does not. */
  readonly alone: boolean
  /** Whether the helper was seen at work with what was deployed. */
  verified: boolean
}

export function newRun(): ClusterRun {
  return {
    phase: 'connect',
    revision: { from: null, to: null },
    chart: null,
    notes: [],
    unverified: [],
    ramChanged: false,
    plan: undefined,
    digest: undefined,
  }
}

/** Runs the work of one cluster; whatever is thrown becomes the result of the phase it came from. */
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
  context.report(cluster.name, error ? `${status} in ${run.phase}: ${error.code}: ${error.message}` : status)
  return {
    name: cluster.name,
    wave: cluster.wave,
    status,
    phase: run.phase,
    revision: run.revision,
    chart: run.chart,
    startedMs: Math.round(begin),
    // Both ends rounded alike: what follows another never seems to begin before it ended.
    durationMs: Math.round(context.elapsed()) - Math.round(begin),
    notes: run.notes,
    ...(run.ramChanged && { ramChanged: true }),
    ...(run.unverified.length === 0 ? {} : { unverified: run.unverified }),
    ...(error === undefined ? {} : { error: describeError(error) }),
    ...(run.plan === undefined ? {} : { plan: run.plan }),
    ...(run.digest === undefined ? {} : { digest: run.digest }),
  }
}

/** The result of a cluster that was never started. */
export function skippedResult(cluster: PreparedCluster, reason: string): ClusterResult {
  return {
    name: cluster.name,
    wave: cluster.wave,
    status: 'skipped',
    phase: 'connect',
    revision: { from: null, to: null },
    chart: null,
    startedMs: null,
    durationMs: 0,
    notes: [reason],
  }
}
