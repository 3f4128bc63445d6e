import { toNopassError } from '../errors.ts'
import { applyPolicy } from '../policy/apply-policy.ts'
import { describe } from './cluster-policy.ts'
import { type ClusterResult, describeError } from './cluster-result.ts'
import type { RolledCluster } from './roll-cluster.ts'
import type { RunContext } from './run-context.ts'

/**
 * Takes from RAM what nothing needs any more, after everything that shares it was deployed and verified (decision 15).
 * Never after a failure: a running helper may still need what is there (P2).
 */
export async function narrowPolicies(
  results: readonly ClusterResult[],
  rolled: ReadonlyMap<string, RolledCluster>,
  context: RunContext,
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  const good = new Set(
    results
      .filter(({ name, status }) => (status === 'deployed' || status === 'unchanged') && rolled.get(name)?.verified)
      .map(({ name }) => name),
  )
  const listing =
    rolled.size > 0 && context.prepared.some(({ ram }) => ram === 'worker-role')
      ? await context.ramList.get(signal)
      : undefined
  const done = new Map<string, readonly string[]>()
  const narrowed: ClusterResult[] = []
  for (const result of results) narrowed.push(await narrowOne(result))
  return narrowed

  async function narrowOne(result: ClusterResult): Promise<ClusterResult> {
    const own = rolled.get(result.name)?.targets ?? []
    const cluster = context.prepared.find(({ name }) => name === result.name)
    if (own.length === 0 || cluster === undefined || signal.aborted) return result
    const notes: string[] = []
    try {
      const ram = await context.cloud.ram(cluster.settings)
      for (const { target, clusters } of own) {
        const waiting = clusters.filter((name) => !good.has(name))
        if (waiting.length > 0)
          notes.push(`RAM: policy ${target.policyName} not narrowed: ${waiting.join(', ')} not verified in this run`)
        else if (listing !== undefined && listing.unknown.size > 0) {
          notes.push(
            `RAM: policy ${target.policyName} not narrowed: the worker roles of ${[...listing.unknown.keys()].join(', ')} are unknown`,
          )
        } else if (!done.has(target.policyName)) {
          const lines = describe(await applyPolicy(ram, { ...target, phase: 'narrow' }, signal))
          done.set(target.policyName, lines)
          notes.push(...lines)
        }
      }
    } catch (thrown) {
      const error = toNopassError(thrown)
      return {
        ...result,
        status: 'failed',
        phase: 'narrow',
        error: describeError(error),
        notes: [...result.notes, ...notes],
      }
    }
    for (const note of notes) context.report(result.name, note)
    return { ...result, notes: [...result.notes, ...notes] }
  }
}
