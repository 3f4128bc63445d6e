import { type ClusterResult, isAfterFirstWrite, isFailure } from '../cluster-result.ts'
import { nextStep, type ScheduledState, type ScheduleRules } from './schedule.ts'

export interface WaveCluster {
  readonly name: string
  readonly wave: number
}

export interface WaveEffects<C extends WaveCluster> {
  /** Never throws: a failure is a result. */
  run(cluster: C, signal: AbortSignal): Promise<ClusterResult>
  skip(cluster: C, reason: string): ClusterResult
}

/** Runs all clusters by wave; returns the results in the order of the list. */
export async function runWaves<C extends WaveCluster>(
  clusters: readonly C[],
  rules: ScheduleRules,
  effects: WaveEffects<C>,
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  const states = new Map<string, ScheduledState>(clusters.map(({ name }) => [name, 'waiting']))
  const results = new Map<string, ClusterResult>()
  const running = new Map<string, Promise<void>>()
  const byName = new Map(clusters.map((cluster) => [cluster.name, cluster]))

  function start(cluster: C): void {
    states.set(cluster.name, 'running')
    const work = effects.run(cluster, signal).then((result) => {
      results.set(cluster.name, result)
      states.set(cluster.name, stateOf(result))
      running.delete(cluster.name)
    })
    running.set(cluster.name, work)
  }

  for (;;) {
    const now = clusters.map(({ name, wave }) => ({ name, wave, state: states.get(name) ?? 'waiting' }))
    const step = nextStep(now, rules, signal.aborted)
    for (const { name, reason } of step.skip) {
      const cluster = byName.get(name)
      if (cluster) results.set(name, effects.skip(cluster, reason))
      states.set(name, 'skipped')
    }
    for (const name of step.start) {
      const cluster = byName.get(name)
      if (cluster) start(cluster)
    }
    if (running.size > 0) await Promise.race(running.values())
    else if (step.skip.length === 0) break
  }
  return clusters.flatMap(({ name }) => results.get(name) ?? [])
}

function stateOf(result: ClusterResult): ScheduledState {
  if (result.status === 'cancelled') return 'skipped'
  if (result.status === 'unchanged') return 'unchanged'
  if (!isFailure(result)) return 'succeeded'
  return isAfterFirstWrite(result.phase) ? 'failed' : 'failed-early'
}
