import type { ResolvedRegistry } from '../values/generated/resolved-values.ts'
import { mergeRepositories } from '../values/repositories.ts'
import { normalForm, type PolicyDocument, policyOf, type Statement, unionDocuments } from './normal-form.ts'
import { roleTrustDocument } from './trust-document.ts'

/** The part of an entry in values' `registries` that determines the policy. */
export interface PolicyRegistry
  extends Readonly<Pick<ResolvedRegistry, 'edition' | 'instanceId' | 'region' | 'assumeRole'>> {
  readonly repositories: readonly string[]
}

export interface PolicyOptions {
  /**
   * `instance`: the instances and repositories in the values. `all`: every instance. Input
   * `ram-scope`.
   */
  readonly scope: 'instance' | 'all'
  /** The account that owns the registries; `*` if unknown. */
  readonly accountId?: string | undefined
  /** What the identity may do with a repository; default: pull. */
  readonly access?: RepositoryAccess | undefined
}

/** `create`: a push may also create its repository. */
export type RepositoryAccess = 'pull' | 'push' | 'create'

/**
 * A push of an image needs `cr:PushRepository`:
 * https://www.alibabacloud.com/help/en/acr/user-guide/configure-access-credentials. For a push to a
 * repository that does not exist, in a namespace that creates repositories automatically, the
 * vendor's page also grants `cr:CreateRepository` (and `cr:UpdateRepository`):
 * https://www.alibabacloud.com/help/doc-detail/146303.htm
 * The API CreateRepository is authorized on the namespace, not on a repository in it:
 * https://help.aliyun.com/document_detail/451336.htm
 * No page says which of both a push needs, so both are granted.
 */
const REPOSITORY_ACTIONS: Readonly<Record<RepositoryAccess, readonly string[]>> = {
  pull: ['cr:PullRepository'],
  push: ['cr:PullRepository', 'cr:PushRepository'],
  create: ['cr:PullRepository', 'cr:PushRepository', 'cr:CreateRepository'],
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
  const statements = uniteInstances(registries).flatMap((registry) => identityStatements(registry, options))
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
  for (const registry of uniteInstances(registries)) {
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

/**
 * Unites the entries of one instance and chain, so that a glob of one entry that another entry's
 * glob covers takes no room in the document.
 */
function uniteInstances(registries: readonly PolicyRegistry[]): readonly PolicyRegistry[] {
  const groups = Map.groupBy(registries, ({ edition, instanceId, region, assumeRole }) =>
    JSON.stringify([edition, instanceId, region, assumeRole]),
  ).values()
  return [...groups].flatMap((entries) =>
    entries.slice(0, 1).map((first) => ({ ...first, repositories: entries.flatMap((entry) => entry.repositories) })),
  )
}

function identityStatements(registry: PolicyRegistry, options: PolicyOptions): readonly Statement[] {
  if (registry.edition === 'static') return []
  const first = registry.assumeRole[0]
  return first === undefined ? pullStatements(registry, options) : [mayAssume(first.roleArn)]
}

const mayAssume = (roleArn: string): Statement => allow(['sts:AssumeRole'], [roleArn])

/**
 * Returns what a role or a session must allow so that the repositories can be pulled, and with
 * `access` pushed.
 */
export function pullStatements(
  registry: Omit<PolicyRegistry, 'assumeRole'>,
  options: PolicyOptions,
): readonly Statement[] {
  const enterprise = registry.edition === 'enterprise'
  const byName = enterprise && !registry.instanceId
  // A token has the rights of the caller that requested it. RAM cannot limit token requests to an
  // instance.
  const token = allow(['cr:GetAuthorizationToken', ...(byName ? ['cr:ListInstance'] : [])], ['*'])
  const actions = REPOSITORY_ACTIONS[options.access ?? 'pull']
  if (options.scope === 'all')
    return [token, allow([...(enterprise ? ['cr:ListInstanceEndpoint'] : []), ...actions], ['*'])]
  const scope = `acs:cr:${registry.region || '*'}:${options.accountId ?? '*'}`
  const instance = registry.instanceId || '*'
  const globs = mergeRepositories(registry.repositories)
  const resourcesOf = (paths: readonly string[]) =>
    paths.map((path) => `${scope}:repository/${enterprise ? `${instance}/` : ''}${path}`)
  const pull = allow(actions, resourcesOf(globs))
  if (!enterprise) return [token, pull]
  const namespaces = [...new Set(globs.map((glob) => glob.replace(/\/.*$/, '')))]
  const create = options.access === 'create' ? [allow(['cr:CreateRepository'], resourcesOf(namespaces))] : []
  return [token, pull, ...create, allow(['cr:ListInstanceEndpoint'], [`${scope}:instance/${instance}`])]
}

function allow(actions: readonly string[], resources: readonly string[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources }
}
