import type { ResolvedValues } from '../values/generated/resolved-values.ts'
import { isForNamespace } from '../values/own-targets.ts'
import type { Grant } from './grant.ts'
import { policyOf } from './normal-form.ts'
import { type PolicyOptions, policyDocument } from './policy-document.ts'
import { roleNameOf } from './policy-targets.ts'
import { rolePolicyName } from './ram-names.ts'
import { rrsaStatement } from './trust-document.ts'

type NodeValues = Pick<ResolvedValues, 'registries' | 'node'>

export type NodeAccount = ResolvedValues['node']['serviceAccounts'][number]

/** Returns the ServiceAccounts that pull with a role of their own on nodes. */
export function nodeAccounts({ node }: Pick<ResolvedValues, 'node'>): readonly NodeAccount[] {
  return node.identity === 'service-account' ? node.serviceAccounts : []
}

/** Returns the ARN of each role. RAM ignores the case of a role's name. */
export function nodeRoles(accounts: readonly NodeAccount[]): readonly string[] {
  return [...new Map(accounts.map(({ role }) => [role.toLowerCase(), role])).values()]
}

interface NodeIssuer {
  /** The issuer of the cluster's tokens. Both are undefined if unknown. */
  readonly issuer: string | undefined
  readonly oidcProviderArn: string | undefined
}

/**
 * Returns the roles with which ServiceAccounts pull on nodes. A role may pull what the entries name
 * whose own targets include one of its namespaces. Undefined trust: issuer or provider is unknown.
 */
export function nodeGrants(
  { registries, node }: NodeValues,
  issuer: NodeIssuer,
  options: PolicyOptions,
): readonly Grant[] {
  const byRole = Map.groupBy(nodeAccounts({ node }), ({ role }) => role)
  return [...byRole].flatMap(([arn, accounts]): readonly Grant[] => {
    const own = registries.filter((registry) => accounts.some(({ namespace }) => isForNamespace(registry, namespace)))
    const document = policyDocument(own, options)
    if (document === undefined) return []
    const name = roleNameOf(arn)
    const names = accounts.map((account) => `${account.namespace}/${account.name}`).join(', ')
    const shared = { purpose: `nodes that pull for ${names}`, policy: { name: rolePolicyName(name), document } }
    const { issuer: iss, oidcProviderArn } = issuer
    if (iss === undefined || oidcProviderArn === undefined) return [{ ...shared, attachTo: [name] }]
    const statements = accounts.map((account) =>
      rrsaStatement({ oidcProviderArn, issuer: iss, namespace: account.namespace, serviceAccount: account.name }),
    )
    return [{ ...shared, role: { name, trust: policyOf(statements) }, attachTo: [] }]
  })
}
