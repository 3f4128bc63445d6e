import { type ClusterResult, isFailure } from '../cluster-result.ts'

export interface WaveRules {
  /** Clusters of a wave that are processed at the same time. */
  readonly maxParallel: number
  /**
   * After a failure: `stop` starts no further cluster, `continue` tries all. Running clusters
   * always finish.
   */
  readonly onFailure: 'stop' | 'continue'
}

/**
 * Runs the clusters of the lowest wave side by side, then those of the next wave. Returns the
 * results in the order of the list.
 */
export async function runWaves<C extends Pick<ClusterResult, 'name' | 'wave'>>(
  clusters: readonly C[],
  { maxParallel, onFailure }: WaveRules,
  /** `run` never throws: a failure is a result. */
  effects: { run(cluster: C): Promise<ClusterResult>; skip(cluster: C, reason: string): ClusterResult },
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  const results = new Map<C, ClusterResult>()
  const failed: string[] = []
  const reasonToSkip = (): string | undefined => {
    if (signal.aborted) return 'the run was interrupted'
    return onFailure === 'stop' && failed.length > 0 ? `${failed.join(', ')} failed` : undefined
  }
  const work = async (queue: Iterable<C>): Promise<void> => {
    for (const cluster of queue) {
      const reason = reasonToSkip()
      const result = reason === undefined ? await effects.run(cluster) : effects.skip(cluster, reason)
      results.set(cluster, result)
      if (isFailure(result)) failed.push(cluster.name)
    }
  }
  for (const wave of [...new Set(clusters.map((cluster) => cluster.wave))].sort((a, b) => a - b)) {
    const queue = clusters.filter((cluster) => cluster.wave === wave).values()
    await Promise.all(Array.from({ length: maxParallel }, () => work(queue)))
  }
  return clusters.flatMap((cluster) => results.get(cluster) ?? [])
}
