import { policyName } from '../../policy/names.ts'
import type { PolicyTarget } from '../../policy/policy-target.ts'
import { policyKey, type SharedTarget } from '../../policy/policy-targets.ts'

/** A cluster, to find our policies that it once needed. */
export interface FormerUser {
  readonly name: string
  readonly key: string
  readonly accountId: string
  /** The known roles of its nodes, after which shared policies are named. */
  readonly workerRoles: readonly string[]
}

/**
 * Our policies that this cluster may have needed before but no target names now: its own after all its roles became shared, and
 * those of roles that are no longer shared.
 */
export function leftoverTargets(
  cluster: FormerUser,
  targets: readonly SharedTarget[],
  /** Keys of all clusters of the list, the only ones that certainly do not need a shared policy any more. */
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
