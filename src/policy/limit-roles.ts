import type { ResolvedRegistry } from '../values/generated/resolved-values.ts'
import { isLimited } from '../values/limited-entries.ts'
import { accountOf } from './helper-grants.ts'
import { unionDocuments } from './normal-form.ts'
import { chainRoles, type PolicyRegistry } from './policy-document.ts'
import { type RamOptions, requireSeparate, roleNameOf, type SharedTarget } from './policy-targets.ts'
import { rolePolicyName } from './ram-names.ts'

type LimitRegistry = PolicyRegistry & Readonly<Pick<ResolvedRegistry, 'name' | 'limit'>>

/** A cluster of the run, with what its values say about roles. */
export interface LimitUser {
  readonly name: string
  /** Undefined if another run, or nobody, manages its RAM in this account. */
  readonly key: string | undefined
  readonly registries: readonly LimitRegistry[]
}

/** The cluster whose roles are decided. */
export interface LimitOwner extends LimitUser {
  readonly key: string
  readonly accountId: string
  /** ARNs of the roles with which its helper assumes the first role of a chain. */
  readonly callers: readonly string[]
}

/**
 * Returns the roles that limited entries need: the last step of their `assumeRole`, in the
 * session's account. A session of this role can be limited (docs/en/decisions.md#limit-roles).
 * @param run all clusters of the run. Another cluster may name the same role.
 * @param own the cluster's other targets, which must not be for the same role or policy
 * @throws POLICY_INPUT_INVALID
 */
export function limitRoleTargets(
  owner: LimitOwner,
  run: readonly LimitUser[],
  own: readonly SharedTarget[],
  options: RamOptions,
): readonly SharedTarget[] {
  return limitRoles(owner.registries)
    .filter((arn) => accountOf(arn) === owner.accountId)
    .map((arn) => {
      const shared = targetOf(arn, owner, run, options)
      requireSeparate(shared, own, 'the last step of assumeRole', '`assumeRole`')
      return shared
    })
}

/** Returns the limited entries' roles that belong to another account. No run here changes them. */
export function rolesElsewhere(registries: readonly LimitRegistry[], accountId: string): readonly string[] {
  return limitRoles(registries).filter((arn) => accountOf(arn) !== accountId)
}

/** Returns the ARN of each role whose session is limited. RAM ignores the case of a role's name. */
export function limitRoles(registries: readonly LimitRegistry[]): readonly string[] {
  const arns = registries.filter(isLimited).flatMap(({ assumeRole }) => assumeRole.at(-1)?.roleArn ?? [])
  return [...new Map(arns.map((arn) => [arn.toLowerCase(), arn])).values()]
}

function targetOf(arn: string, owner: LimitOwner, run: readonly LimitUser[], options: RamOptions): SharedTarget {
  const { accountId, callers } = owner
  const isRole = ({ roleArn }: { readonly roleArn: string }): boolean => roleArn.toLowerCase() === arn.toLowerCase()
  const users = run.filter(({ registries }) => registries.some(({ assumeRole }) => assumeRole.some(isRole)))
  const rolesFor = (registries: readonly LimitRegistry[], callerArn: string) =>
    chainRoles(registries, { scope: options.scope, accountId, callerArn }).filter(isRole)
  const everyone = users.flatMap(({ registries }) => registries)
  const trust = callers.flatMap((caller) => rolesFor(owner.registries, caller)).map((role) => role.trust)
  const names = users.map(({ name }) => name)
  return {
    clusters: names,
    accountId,
    target: {
      policyName: rolePolicyName(roleNameOf(arn)),
      document: unionDocuments(...rolesFor(everyone, '').map(({ document }) => document)),
      purpose: `the limited registries of cluster${names.length === 1 ? '' : 's'} ${names.join(', ')}`,
      members: users.flatMap(({ key }) => (key ? [key] : [])),
      roles: [],
      trust: {
        role: roleNameOf(arn),
        statements: unionDocuments(...trust).Statement,
        create: true,
        // The other clusters add their callers themselves.
        alternatives: users.length > 1 ? [] : undefined,
      },
      adopt: options.adopt,
      phase: options.phase,
    },
  }
}
