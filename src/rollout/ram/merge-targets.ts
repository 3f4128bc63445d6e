import { policyOf, unionDocuments } from '../../policy/normal-form.ts'
import type { PolicyTarget } from '../../policy/policy-target.ts'
import { policyKey, type SharedTarget } from '../../policy/policy-targets.ts'

/**
 * Returns a shared target with what each cluster of the run contributes: its key, which a
 * self-built cluster has only after connecting, and its callers of a role.
 * @param targets the targets of each cluster that was reached
 */
export function mergeTargets(
  shared: SharedTarget,
  targets: ReadonlyMap<string, readonly SharedTarget[]>,
): Partial<Pick<PolicyTarget, 'members' | 'trust'>> {
  const { members, trust } = shared.target
  if (members === undefined) return {}
  const same = [...targets].flatMap(([cluster, own]) =>
    own.filter((one) => policyKey(one) === policyKey(shared)).map(({ target }) => ({ cluster, target })),
  )
  const all = [...new Set(same.flatMap(({ target }) => target.members ?? []))].sort()
  if (trust === undefined) return { members: all }
  const statements = unionDocuments(...same.map(({ target }) => policyOf(target.trust?.statements ?? []))).Statement
  const isComplete = shared.clusters.every((name) => same.some(({ cluster }) => cluster === name))
  return { members: all, trust: { ...trust, statements, alternatives: isComplete ? undefined : [] } }
}
