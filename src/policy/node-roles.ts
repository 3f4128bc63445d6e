import type { ResolvedRegistry } from '../values/generated/resolved-values.ts'
import { isForNamespace } from '../values/own-targets.ts'
import { accountOf } from './helper-grants.ts'
import { type NodeAccount, nodeRoles } from './node-grants.ts'
import { unionDocuments } from './normal-form.ts'
import { policyDocument } from './policy-document.ts'
import { type RamOptions, requireSeparate, roleNameOf, type SharedTarget } from './policy-targets.ts'
import { rolePolicyName } from './ram-names.ts'
import { type ClusterIssuer, rrsaStatement } from './trust-document.ts'

/** A cluster of the run, with the ServiceAccounts that pull on its nodes. */
export interface NodeUser {
  readonly name: string
  /** Undefined if another run, or nobody, manages its RAM in this account. */
  readonly key: string | undefined
  readonly registries: readonly ResolvedRegistry[]
  readonly accounts: readonly NodeAccount[]
}

/** The cluster whose roles are decided. */
export interface NodeOwner extends NodeUser {
  readonly key: string
  readonly accountId: string
  readonly issuer: ClusterIssuer
  readonly oidcProviderArn: string
}

/**
 * Returns the roles of ServiceAccounts that pull on nodes, in the account of the cluster. A role
 * may pull what the entries name whose own targets include one of its namespaces.
 * @param run all clusters of the run. Another cluster may name the same role.
 * @param own the cluster's other targets, which must not be for the same role or policy
 * @throws POLICY_INPUT_INVALID
 */
export function nodeRoleTargets(
  owner: NodeOwner,
  run: readonly NodeUser[],
  own: readonly SharedTarget[],
  options: RamOptions,
): readonly SharedTarget[] {
  return nodeRoles(owner.accounts)
    .filter((arn) => accountOf(arn) === owner.accountId)
    .flatMap((arn) => {
      const shared = targetOf(arn, owner, run, options)
      if (shared === undefined) return []
      requireSeparate(shared, own, 'the role of a ServiceAccount on nodes', '`node.serviceAccounts`')
      return [shared]
    })
}

/** Undefined if no entry that a cloud role can pull from is for these namespaces. */
function targetOf(
  arn: string,
  owner: NodeOwner,
  run: readonly NodeUser[],
  options: RamOptions,
): SharedTarget | undefined {
  const { accountId, issuer, oidcProviderArn } = owner
  const accountsOf = ({ accounts }: NodeUser): readonly NodeAccount[] =>
    accounts.filter(({ role }) => role.toLowerCase() === arn.toLowerCase())
  const users = run.filter((user) => accountsOf(user).length > 0)
  const documents = users.flatMap((user) => {
    const accounts = accountsOf(user)
    const registries = user.registries.filter((one) => accounts.some(({ namespace }) => isForNamespace(one, namespace)))
    return policyDocument(registries, { scope: options.scope, accountId }) ?? []
  })
  if (documents.length === 0) return undefined
  const statementsFor = (iss: string) =>
    accountsOf(owner).map(({ namespace, name }) =>
      rrsaStatement({ oidcProviderArn, issuer: iss, namespace, serviceAccount: name }),
    )
  const names = users.map(({ name }) => name)
  const others = issuer.verified ? [] : issuer.others.flatMap(statementsFor)
  return {
    clusters: names,
    accountId,
    target: {
      policyName: rolePolicyName(roleNameOf(arn)),
      document: unionDocuments(...documents),
      purpose: `nodes of cluster${names.length === 1 ? '' : 's'} ${names.join(', ')}`,
      members: users.flatMap(({ key }) => (key ? [key] : [])),
      roles: [],
      trust: {
        role: roleNameOf(arn),
        statements: statementsFor(issuer.issuer),
        create: true,
        // The other clusters add their ServiceAccounts themselves.
        alternatives: issuer.verified && users.length === 1 ? undefined : others,
      },
      adopt: options.adopt,
      phase: options.phase,
    },
  }
}
