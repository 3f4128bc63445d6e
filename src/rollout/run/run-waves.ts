import { type ClusterResult, isAfterFirstWrite, isFailure } from '../cluster-result.ts'

/** What runs after a failure: the rest of its wave, nothing new, or everything. */
export type OnFailure = 'stop-wave' | 'stop-all' | 'continue'

export interface ScheduleRules {
  readonly maxParallel: number
  /** How many changed clusters of the first wave run first, one after another. 0: none. */
  readonly canary: number
  readonly onFailure: OnFailure
  /** Failures that are tolerated before `onFailure` takes effect. */
  readonly maxFailures: number
}

/** `unchanged` and `failed-early`: nothing was written, so the release was not tested there. `failed`: after a write. */
export type ScheduledState = 'waiting' | 'running' | 'succeeded' | 'unchanged' | 'failed' | 'failed-early' | 'skipped'

export interface WaveCluster {
  readonly name: string
  readonly wave: number
}

export interface ScheduledCluster extends WaveCluster {
  readonly state: ScheduledState
}

export interface ScheduleStep {
  readonly start: readonly string[]
  readonly skip: readonly { readonly name: string; readonly reason: string }[]
}

const NOTHING: ScheduleStep = { start: [], skip: [] }

/** What to start and what to skip now; called whenever a cluster ends. Running clusters are never stopped by another's failure. */
export function nextStep(
  clusters: readonly ScheduledCluster[],
  rules: ScheduleRules,
  interrupted: boolean,
): ScheduleStep {
  const waiting = clusters.filter(({ state }) => state === 'waiting')
  if (waiting.length === 0) return NOTHING
  if (interrupted) return skipAll(waiting, 'the run was interrupted')
  const failures = clusters.filter(({ state }) => state === 'failed' || state === 'failed-early')
  const canary = failedCanary(clusters, rules)
  if (canary !== undefined) return skipAll(waiting, `the canary ${canary} failed`)
  const halted = failures.length > rules.maxFailures && rules.onFailure !== 'continue'
  if (halted && rules.onFailure === 'stop-all') return skipAll(waiting, `${namesOf(failures)} failed`)
  const open = Math.min(
    ...clusters.filter(({ state }) => state === 'waiting' || state === 'running').map(({ wave }) => wave),
  )
  const limit = halted ? waveOfLimit(failures, rules) : Number.POSITIVE_INFINITY
  const blocked = waiting.filter(({ wave }) => wave > limit)
  if (blocked.length > 0) {
    const { start } = nextStep(
      clusters.filter((cluster) => !blocked.includes(cluster)),
      rules,
      interrupted,
    )
    return { start, skip: skipAll(blocked, `${namesOf(failures)} failed in an earlier wave`).skip }
  }
  const running = clusters.filter(({ state }) => state === 'running').length
  const room = (canaryPhase(clusters, rules) ? 1 : rules.maxParallel) - running
  const start = waiting.filter(({ wave }) => wave === open).slice(0, Math.max(0, room))
  return { start: start.map(({ name }) => name), skip: [] }
}

/** The wave that exceeded the tolerated failures: it is finished, and later ones are skipped. */
function waveOfLimit(failures: readonly ScheduledCluster[], { maxFailures }: ScheduleRules): number {
  return failures.map(({ wave }) => wave).toSorted((a, b) => a - b)[maxFailures] ?? Number.POSITIVE_INFINITY
}

/** The canaries of the first wave; a cluster where nothing was written does not count. */
function canaries(clusters: readonly ScheduledCluster[], rules: ScheduleRules): readonly ScheduledCluster[] {
  const first = Math.min(...clusters.map(({ wave }) => wave))
  return clusters
    .filter(({ wave, state }) => wave === first && !['failed-early', 'unchanged', 'skipped'].includes(state))
    .slice(0, rules.canary)
}

function canaryPhase(clusters: readonly ScheduledCluster[], rules: ScheduleRules): boolean {
  // After a failed canary only `continue` gets here, and needs no further canary.
  return canaries(clusters, rules).some(({ state }) => state !== 'succeeded' && state !== 'failed')
}

function failedCanary(clusters: readonly ScheduledCluster[], rules: ScheduleRules): string | undefined {
  if (rules.onFailure === 'continue') return undefined
  return canaries(clusters, rules).find(({ state }) => state === 'failed')?.name
}

function skipAll(clusters: readonly ScheduledCluster[], reason: string): ScheduleStep {
  return { start: [], skip: clusters.map(({ name }) => ({ name, reason })) }
}

function namesOf(clusters: readonly ScheduledCluster[]): string {
  return clusters.map(({ name }) => name).join(', ')
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
