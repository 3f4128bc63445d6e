import { normalForm, policyOf } from './normal-form.ts'
import { type PolicyRegistry, pullStatements, type RepositoryAccess } from './policy-document.ts'

/**
 * STS's limit for the parameter `Policy` of AssumeRole and AssumeRoleWithOIDC, in characters:
 * https://help.aliyun.com/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc
 */
export const MAX_SESSION_POLICY = 2048

/**
 * Returns the policy of a session that may pull these repositories of an instance, with `access`
 * also push them, and nothing else.
 * STS grants what both the role and this policy allow. Lists that match the same repositories give
 * the same text. The text can exceed `MAX_SESSION_POLICY`.
 */
export function sessionPolicy(
  registry: Pick<PolicyRegistry, 'edition' | 'instanceId' | 'region'>,
  repositories: readonly string[],
  access: RepositoryAccess = 'pull',
): string {
  const statements = pullStatements({ ...registry, repositories }, { scope: 'instance', access })
  return JSON.stringify(normalForm(policyOf(statements)))
}

/**
 * Returns the policy of a session that may only look up the instances of a region, and their
 * domains.
 */
export function lookupPolicy(region: string): string {
  const list = { Effect: 'Allow', Action: ['cr:ListInstance'], Resource: ['*'] } as const
  const endpoints = {
    Effect: 'Allow',
    Action: ['cr:ListInstanceEndpoint'],
    Resource: [`acs:cr:${region}:*:instance/*`],
  } as const
  return JSON.stringify(policyOf([list, endpoints]))
}
