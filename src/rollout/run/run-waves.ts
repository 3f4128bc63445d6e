import { type ClusterResult, isAfterFirstWrite, isFailure } from '../cluster-result.ts'

/** What runs after a failure: the rest of its wave, nothing new, or everything. */
export type OnFailure = 'stop-wave' | 'stop-all' | 'continue'

export interface ScheduleRules {
  readonly maxParallel: number
  /**
   * How many clusters run first, one after another, in the first wave that has clusters with
   * changes. 0 for none.
   */
  readonly canary: number
  readonly onFailure: OnFailure
  /** Failures that are tolerated before `onFailure` takes effect. */
  readonly maxFailures: number
}

/**
 * `unchanged` and `failed-early`: nothing was written, so the release was not tested in this
 * cluster. `failed`: the failure came after a write.
 */
export type ScheduledState = 'waiting' | 'running' | 'succeeded' | 'unchanged' | 'failed' | 'failed-early' | 'skipped'

export type WaveCluster = Pick<ClusterResult, 'name' | 'wave'>

/**
 * Decides what to start, and what to skip for which reason. Called whenever a cluster ends. A
 * cluster's failure never stops running clusters.
 */
export function nextStep<C extends WaveCluster>(
  clusters: readonly C[],
  stateOf: (cluster: C) => ScheduledState,
  { maxParallel, canary, onFailure, maxFailures }: ScheduleRules,
  interrupted: boolean,
): { readonly start: readonly C[]; readonly skip: readonly C[]; readonly reason: string } {
  const all = (...states: readonly ScheduledState[]) => clusters.filter((one) => states.includes(stateOf(one)))
  const waiting = all('waiting')
  const skipAll = (reason: string) => ({ start: [], skip: waiting, reason })
  if (interrupted) return skipAll('the run was interrupted')
  // A cluster to which nothing was written proves nothing, so it is not a canary. The canaries are
  // in the first wave with other clusters.
  const tested = all('waiting', 'running', 'succeeded', 'failed')
  const first = lowest(tested)
  const canaries = tested.filter(({ wave }) => wave === first).slice(0, canary)
  const failures = all('failed', 'failed-early')
  const names = failures.map(({ name }) => name).join(', ')
  const bad = canaries.find((one) => stateOf(one) === 'failed')
  if (bad && onFailure !== 'continue') return skipAll(`the canary ${bad.name} failed`)
  // The wave that exceeds the tolerated failures is finished, and later waves are skipped.
  const waves = failures.map(({ wave }) => wave).toSorted((a, b) => a - b)
  const limit = onFailure === 'continue' ? undefined : waves[maxFailures]
  if (limit !== undefined && onFailure === 'stop-all') return skipAll(`${names} failed`)
  const skip = waiting.filter(({ wave }) => wave > (limit ?? wave))
  const isCanaryPhase = canaries.some((one) => ['waiting', 'running'].includes(stateOf(one)))
  const room = (isCanaryPhase ? 1 : maxParallel) - all('running').length
  const current = lowest(all('waiting', 'running'))
  const open = waiting.filter(({ wave }) => wave === current && wave <= (limit ?? wave))
  return { start: open.slice(0, Math.max(0, room)), skip, reason: `${names} failed in an earlier wave` }
}

const lowest = (clusters: readonly WaveCluster[]): number => Math.min(...clusters.map(({ wave }) => wave))

/** Runs all clusters by wave. Returns the results in the order of the list. */
export async function runWaves<C extends WaveCluster>(
  clusters: readonly C[],
  rules: ScheduleRules,
  /** `run` never throws: a failure is a result. */
  effects: { run(cluster: C): Promise<ClusterResult>; skip(cluster: C, reason: string): ClusterResult },
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  const results = new Map<C, ClusterResult>()
  const running = new Map<C, Promise<unknown>>()
  const stateOf = (cluster: C): ScheduledState => {
    const result = results.get(cluster)
    return result ? stateOfResult(result) : running.has(cluster) ? 'running' : 'waiting'
  }
  const run = async (cluster: C): Promise<void> => {
    results.set(cluster, await effects.run(cluster))
    running.delete(cluster)
  }
  do {
    const { start, skip, reason } = nextStep(clusters, stateOf, rules, signal.aborted)
    for (const cluster of skip) results.set(cluster, effects.skip(cluster, reason))
    for (const cluster of start) running.set(cluster, run(cluster))
    if (running.size > 0) await Promise.race(running.values())
  } while (results.size < clusters.length)
  return clusters.flatMap((cluster) => results.get(cluster) ?? [])
}

function stateOfResult(result: ClusterResult): ScheduledState {
  if (result.status === 'cancelled' || result.status === 'skipped') return 'skipped'
  if (result.status === 'unchanged') return 'unchanged'
  if (!isFailure(result)) return 'succeeded'
  return isAfterFirstWrite(result.phase) ? 'failed' : 'failed-early'
}
