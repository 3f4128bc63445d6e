import type { ResolvedValues } from '../values/generated/resolved-values.ts'
import { normalForm, type PolicyDocument, policyOf, type Statement } from './normal-form.ts'

/** What a check of the fleet reads in one account. */
export interface CheckPolicyInput {
  /** `*` if the account is unknown. */
  readonly accountId?: string | undefined
  readonly ackClusters: readonly string[]
  readonly identity: ResolvedValues['identity']['type']
  /** The roles that the helpers use. `*` if they are only known to ACK. */
  readonly roles: readonly string[]
  /** IDs of Enterprise instances. */
  readonly instances: readonly string[]
  /** True if an instance is named by its name, so it has to be looked up. */
  readonly looksUp: boolean
  /** The `deployRole`s of clusters, which the job's role assumes. */
  readonly deployRoles?: readonly string[] | undefined
}

/**
 * Returns the minimal RAM policy for a job that checks the fleet (`policy --ci --read-only`), in
 * normal form. It has no action that writes.
 */
export function checkPolicyDocument(input: CheckPolicyInput): PolicyDocument {
  const { identity, looksUp, deployRoles = [] } = input
  const account = input.accountId ?? '*'
  const clusters = input.ackClusters.map((id) => `acs:cs:*:${account}:cluster/${id}`)
  const roles = input.roles.map((name) => `acs:ram:*:${account}:role/${name}`)
  // A role may have any policies, also those of Alibaba Cloud, and each may grant a right.
  const policies = roles.length === 0 ? [] : [`acs:ram:*:${account}:policy/*`, 'acs:ram:*:system:policy/*']
  // Which instance has a name is known only after the lookup.
  const instances = (looksUp ? ['*'] : input.instances).map((id) => `acs:cr:*:${account}:instance/${id}`)
  return normalForm(
    policyOf([
      ...allow(['cs:DescribeClusterDetail', 'cs:DescribeClusterUserKubeconfig'], clusters),
      ...allow(identity === 'worker-role' ? ['cs:DescribeClusterNodePools'] : [], clusters),
      ...allow(['ram:GetRole', 'ram:ListPoliciesForRole'], roles),
      ...allow(['ram:GetPolicy'], policies),
      // Our own policies are named so (ram-names.ts).
      ...allow(roles.length === 0 ? [] : ['ram:ListPolicyVersions'], [`acs:ram:*:${account}:policy/acr-nopass-*`]),
      ...allow(identity === 'rrsa' ? ['ram:GetOIDCProvider'] : [], [`acs:ram:*:${account}:oidc-provider/*`]),
      ...allow(INSTANCE_ACTIONS, instances),
      ...allow(looksUp ? ['cr:ListInstance'] : [], instances),
      ...allow(['sts:AssumeRole'], deployRoles),
    ]),
  )
}

const INSTANCE_ACTIONS = ['cr:GetInstance', 'cr:ListInstanceEndpoint', 'cr:GetInstanceVpcEndpoint'] as const

const allow = (actions: readonly string[], resources: readonly string[]): Statement[] =>
  actions.length === 0 || resources.length === 0 ? [] : [{ Effect: 'Allow', Action: actions, Resource: resources }]
