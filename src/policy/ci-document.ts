import { normalForm, type PolicyDocument, policyOf, type Statement } from './normal-form.ts'
import { nextPolicyName, rolePolicyName } from './ram-names.ts'

/** What a workflow does in one account; there is one document per account. */
export interface CiPolicyInput {
  /** `*` if the account is unknown. */
  readonly accountId?: string | undefined
  /** ACK clusters whose kubeconfig the workflow requests from the CS API. */
  readonly ackClusters: readonly string[]
  /** What the action manages in RAM: the input `ram` with `auto` resolved. */
  readonly ram: 'worker-role' | 'rrsa' | 'none'
  /** Names of the policies that the action creates: see ram-names.ts. */
  readonly policies: readonly string[]
  /** Worker roles, or the roles for RRSA. */
  readonly roles: readonly string[]
  /** Roles that limited entries and `node.serviceAccounts` name, in this account. */
  readonly pullRoles?: readonly string[] | undefined
  /** The inputs `adopt-policy` and `ram-cleanup`. */
  readonly adopt?: boolean | undefined
  readonly cleanup?: boolean | undefined
  /**
   * The `deployRole`s of clusters. The workflow's role then needs only the right to assume these
   * roles, and each of them needs the other rights.
   */
  readonly deployRoles?: readonly string[] | undefined
}

/**
 * Returns the minimal RAM policy for the workflow's role (`policy --ci`,
 * docs/en/decisions.md#ci-policy), in normal form.
 */
export function ciPolicyDocument(input: CiPolicyInput): PolicyDocument {
  const account = input.accountId ?? '*'
  const clusters = input.ackClusters.map((id) => `acs:cs:*:${account}:cluster/${id}`)
  const policyArn = (name: string): string => `acs:ram:*:${account}:policy/${name}`
  // While a policy has no room for both the old and the new document, a second policy has the new
  // document.
  const next = input.policies.length === 0 ? [] : [policyArn(nextPolicyName('acr-nopass-*'))]
  const pullRoles = input.pullRoles ?? []
  const policies = [...[...input.policies, ...pullRoles.map(rolePolicyName)].map(policyArn), ...next]
  const roleArn = (name: string): string => `acs:ram:*:${account}:role/${name}`
  const roles = [...input.roles, ...pullRoles].map(roleArn)
  /** Roles that may be created. */
  const own = [...(input.ram === 'rrsa' ? input.roles : []), ...pullRoles].map(roleArn)
  const both = [...policies, ...roles]
  const ram = input.ram !== 'none'
  const rrsa = input.ram === 'rrsa'
  return normalForm(
    policyOf([
      ...allow(['cs:DescribeClusterDetail', 'cs:DescribeClusterUserKubeconfig'], clusters),
      ...allow(ram && !rrsa ? ['cs:DescribeClusterNodePools'] : [], clusters),
      ...allow(ram ? POLICY_ACTIONS : [], policies),
      ...allow(ram ? ['ram:ListPoliciesForRole'] : [], roles),
      ...allow(ram ? ['ram:AttachPolicyToRole'] : [], both),
      // Detaching also needs a right on the role. The roles of an earlier identity are unknown
      // here, so every role is allowed.
      ...allow(ram ? ['ram:DetachPolicyFromRole'] : [], [...policies, `acs:ram:*:${account}:role/*`]),
      ...allow(ram ? ['ram:DeletePolicy'] : [], next),
      ...allow(ram ? ['ram:GetRole', 'ram:CreateRole', 'ram:UpdateRole'] : [], own),
      ...allow(ram && input.adopt ? ['ram:TagResources'] : [], ['*']),
      ...allow(ram && input.cleanup ? ['ram:DeletePolicy'] : [], policies),
      ...allow(ram && input.cleanup ? ['ram:DeleteRole'] : [], own),
      ...allow(['sts:AssumeRole'], input.deployRoles ?? []),
    ]),
  )
}

const POLICY_ACTIONS = [
  'ram:GetPolicy',
  'ram:CreatePolicy',
  'ram:CreatePolicyVersion',
  'ram:UpdatePolicyDescription',
  'ram:ListEntitiesForPolicy',
] as const

const allow = (actions: readonly string[], resources: readonly string[]): Statement[] =>
  actions.length === 0 || resources.length === 0 ? [] : [{ Effect: 'Allow', Action: actions, Resource: resources }]
