import type { ResolvedRegistry } from '../values/generated/resolved-values.ts'
import { normalForm, type PolicyDocument, policyOf, type Statement, unionDocuments } from './normal-form.ts'
import { roleTrustDocument } from './trust-document.ts'

/** The part of an entry in values' `registries` that determines the policy. */
export type PolicyRegistry = Readonly<
  Pick<ResolvedRegistry, 'edition' | 'instanceId' | 'region' | 'repositories' | 'assumeRole'>
>

export interface PolicyOptions {
  /**
   * `instance`: the instances and repositories in the values. `all`: every instance. Input
   * `ram-scope`.
   */
  readonly scope: 'instance' | 'all'
  /** The account that owns the registries; `*` if unknown. */
  readonly accountId?: string | undefined
}

/**
 * Returns the minimal policy of the helper's identity, for these registries of all clusters that
 * share the identity, in normal form (docs/en/decisions.md#ram-policy). Undefined if no permission
 * is needed (only static registries).
 */
export function policyDocument(
  registries: readonly PolicyRegistry[],
  options: PolicyOptions,
): PolicyDocument | undefined {
  const statements = registries.flatMap((registry) => identityStatements(registry, options))
  return statements.length === 0 ? undefined : normalForm(policyOf(statements))
}

/** A role in a chain, with the account that owns it. */
export interface ChainRole {
  readonly roleArn: string
  readonly document: PolicyDocument
  readonly trust: PolicyDocument
}

/**
 * Returns the roles of all `assumeRole` chains. The last role may pull, and each other role may
 * assume the next one (docs/en/decisions.md#ram-policy).
 */
export function chainRoles(
  registries: readonly PolicyRegistry[],
  options: PolicyOptions & { readonly callerArn: string },
): readonly ChainRole[] {
  const roles = new Map<string, ChainRole>()
  for (const registry of registries) {
    registry.assumeRole.forEach(({ roleArn, externalId }, index) => {
      const next = registry.assumeRole[index + 1]
      const document = policyOf(next === undefined ? pullStatements(registry, options) : [mayAssume(next.roleArn)])
      const trust = roleTrustDocument(registry.assumeRole[index - 1]?.roleArn ?? options.callerArn, externalId)
      const known = roles.get(roleArn)
      roles.set(roleArn, {
        roleArn,
        document: known ? unionDocuments(known.document, document) : normalForm(document),
        trust: known ? unionDocuments(known.trust, trust) : normalForm(trust),
      })
    })
  }
  return [...roles.values()]
}

function identityStatements(registry: PolicyRegistry, options: PolicyOptions): readonly Statement[] {
  if (registry.edition === 'static') return []
  const first = registry.assumeRole[0]
  return first === undefined ? pullStatements(registry, options) : [mayAssume(first.roleArn)]
}

const mayAssume = (roleArn: string): Statement => allow(['sts:AssumeRole'], [roleArn])

function pullStatements(registry: PolicyRegistry, options: PolicyOptions): readonly Statement[] {
  const enterprise = registry.edition === 'enterprise'
  const byName = enterprise && !registry.instanceId
  // A token has the rights of the caller that requested it. RAM cannot limit token requests to an
  // instance.
  const token = allow(['cr:GetAuthorizationToken', ...(byName ? ['cr:ListInstance'] : [])], ['*'])
  if (options.scope === 'all')
    return [token, allow([...(enterprise ? ['cr:ListInstanceEndpoint'] : []), 'cr:PullRepository'], ['*'])]
  const scope = `acs:cr:${registry.region || '*'}:${options.accountId ?? '*'}`
  const instance = registry.instanceId || '*'
  const repositories = registry.repositories.map((glob) => {
    const path = glob === '*' ? '*' : glob.includes('/') ? glob : `${glob}/*`
    return `${scope}:repository/${enterprise ? `${instance}/` : ''}${path}`
  })
  const pull = allow(['cr:PullRepository'], repositories)
  if (!enterprise) return [token, pull]
  return [token, pull, allow(['cr:ListInstanceEndpoint'], [`${scope}:instance/${instance}`])]
}

function allow(actions: readonly string[], resources: readonly string[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}
