import { applyPolicy, planPolicy } from '../../policy/apply-policy.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from '../../policy/policy-target.ts'
import { lockKeys, type SharedTarget } from '../../policy/policy-targets.ts'
import { describeStep } from '../../policy/steps.ts'
import type { ClusterWork, RunContext } from '../cluster/cluster-run.ts'

/**
 * True if no other entry is another release in the same cluster. Another release may need the same
 * policy with other permissions.
 */
export function isAloneInCluster(name: string, { clusters }: RunContext['settings']): boolean {
  const own = clusters.find((one) => one.name === name)?.access
  if (own?.kind !== 'ack') return true
  return clusters.filter(({ access }) => access.kind === 'ack' && access.clusterId === own.clusterId).length === 1
}

/**
 * Widens RAM before the deploy. `note` is called for each change as it is made, so that a later
 * failure hides no change.
 */
export async function widenPolicies(
  { cluster, context, run, signal }: ClusterWork,
  targets: readonly SharedTarget[],
  note: (line: string) => void,
): Promise<readonly PolicyPlan[]> {
  if (targets.length === 0) return []
  const ram = context.cloud.ram(cluster.settings)
  const plans: PolicyPlan[] = []
  const onStep = (step: PolicyStep): void => {
    run.ramChanged = true
    run.ramSteps = [...(run.ramSteps ?? []), step]
    note(describeChange(step))
  }
  const options = { signal, pause: context.pause, onStep }
  for (const shared of targets) {
    const done = await context.ramLock(lockKeys(shared), () => applyPolicy(ram, shared.target, options))
    describeKept(done).forEach(note)
    plans.push(done)
  }
  if (plans.every(({ steps, kept }) => steps.length + kept.length === 0)) note(NOTHING_IN_RAM)
  return plans
}

/**
 * Returns the changes that an apply would make to RAM. Only reads. `shared` is the reason why
 * another acr-nopass in the cluster may need more.
 */
export async function planPolicies(
  { cluster, context, signal }: ClusterWork,
  targets: readonly SharedTarget[],
  former: readonly SharedTarget[],
  shared: string | undefined,
): Promise<readonly PolicyPlan[]> {
  if (targets.length === 0) return []
  const { settings } = context
  const ram = context.cloud.ram(cluster.settings)
  const selected = new Set(settings.selected.map(({ name }) => name))
  const others = settings.clusters.flatMap(({ name }) => (selected.has(name) ? [] : [name]))
  const reason =
    shared ?? (others.length > 0 ? `${others.join(', ')} not part of this run` : await unknownRoles(context, signal))
  const leftovers = reason === undefined ? 'detach' : { keep: reason }
  const alone = isAloneInCluster(cluster.name, settings)
  return Promise.all([
    ...targets.map(({ target, clusters }) => {
      // If a cluster is not part of this run, its needs are unknown, so its permissions stay.
      const narrows = shared === undefined && clusters.every((name) => selected.has(name))
      const phase = narrows ? 'narrow' : 'widen'
      return planPolicy(ram, { ...target, phase, ...(alone && mayLeave(target) && { leftovers }) }, signal)
    }),
    ...(alone ? former : []).map(({ target }) => planPolicy(ram, { ...target, leftovers }, signal)),
  ])
}

/**
 * True if the policy may be on roles that no longer need it. A cluster's own policy may be on roles
 * of an earlier identity. A shared policy is named after the only role that it is for.
 */
export function mayLeave({ members, document }: PolicyTarget): boolean {
  return members === undefined || document === undefined
}

/** Explains why RAM keeps more than this run's releases need. */
export function maybeShared(clusters: readonly string[]): string {
  return `another acr-nopass may be installed in ${clusters.join(', ')} and need it`
}

/**
 * Returns a reason if the worker roles of some cluster are unknown, because such a cluster may use
 * any role.
 */
export async function unknownRoles(context: RunContext, signal: AbortSignal): Promise<string | undefined> {
  if (!context.prepared.some(({ ram }) => ram === 'worker-role')) return undefined
  const { unknown } = await context.ramList(signal)
  return unknown.size === 0 ? undefined : `the worker roles of ${[...unknown.keys()].join(', ')} are unknown`
}

export const describeChange = (step: PolicyStep): string => `RAM: ${describeStep(step)}`

export const NOTHING_IN_RAM = 'RAM: nothing to change'

export const describeKept = ({ kept }: PolicyPlan): readonly string[] => kept.map((one) => `RAM: kept ${one}`)
