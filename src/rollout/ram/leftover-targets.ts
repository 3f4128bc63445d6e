import { policyName } from '../../policy/names.ts'
import type { PolicyTarget } from '../../policy/policy-target.ts'
import { policyKey, type SharedTarget } from '../../policy/policy-targets.ts'

/** What has to be known of a cluster to find the policies of ours that it needed once. */
export interface FormerUser {
  readonly name: string
  readonly key: string
  readonly accountId: string
  /** Of its nodes, as far as they are known: a policy that clusters shared is named after one. */
  readonly workerRoles: readonly string[]
}

/**
 * Policies of ours that this cluster may have needed before and that none of its targets names: its own one after all its
 * roles became shared, and those of roles that are shared no more. They are wanted nowhere.
 */
export function leftoverTargets(
  cluster: FormerUser,
  targets: readonly SharedTarget[],
  /** Keys of all clusters of the list: only they are known to need a shared policy no more. */
  members: readonly string[],
): readonly SharedTarget[] {
  const { name, accountId } = cluster
  const nowhere = { document: undefined, purpose: `cluster ${name}`, roles: [], adopt: false, phase: 'narrow' } as const
  const shared = members.length < 2 ? [] : cluster.workerRoles
  const candidates: readonly PolicyTarget[] = [
    { ...nowhere, policyName: policyName({ cluster: cluster.key }) },
    ...shared.map((role) => ({ ...nowhere, policyName: policyName({ sharedRole: role }), members })),
  ]
  const named = new Set(targets.map(policyKey))
  return candidates
    .map((target) => ({ target, accountId, clusters: [name] }))
    .filter((candidate) => !named.has(policyKey(candidate)))
}
