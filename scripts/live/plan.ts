import { policyOf } from '../../src/policy/normal-form.ts'
import { type CreatedObject, objectsOf, PREFIX } from './names.ts'
import type { LiveOptions } from './options.ts'
import { QUESTION_IDS } from './questions.ts'

const KINDS: Readonly<Record<CreatedObject['kind'], string>> = {
  role: 'RAM role',
  policy: 'RAM policy',
  'oidc-provider': 'OIDC provider',
}

/** Prints what a run will do. Nothing is called before this text is confirmed. */
export function renderPlan(options: LiveOptions, run: string, recordFile: string, out: string): string {
  const objects = objectsOf(run, createsProviders(options))
  return `npm run live: ${QUESTION_IDS.length} questions to the account of the credentials

run       ${run}
region    ${options.region}
instance  ${options.instanceId}

1. Creates in RAM, each name recorded in ${recordFile} before its creation:
${objects.map(({ kind, name, purpose }) => `   ${KINDS[kind].padEnd(13)} ${name}  (${purpose})`).join('\n')}
2. Lists the ACK clusters of the account. Assumes the role for 15 minutes to 4 hours, requests registry
   tokens and asks the registry for manifests. It pulls no image, and writes nothing to the instance.
${options.stoppedInstance === undefined ? '' : `   Requests a token and the addresses of ${options.stoppedInstance}.\n`}\
${
  options.cluster === undefined
    ? ''
    : `   Requests a kubeconfig of 15 minutes from ACK, and with it a token of one hour from the API server of
   ${options.cluster}, for the ServiceAccount default of the namespace default.\n`
}\
3. Detaches and deletes everything of step 1, also after Ctrl-C or an error. If this process is killed:
   npm run live -- --clean-up ${run}
4. Writes ${out}: answers, codes and request IDs; no names, no account, no secrets.

The credentials need this policy. Whoever has them can give a new role any right, so use an access key
that you delete afterwards:
${JSON.stringify(callerPolicy(options), null, 2)}
`
}

const createsProviders = ({ oidcTokenFile, oidcProvider }: LiveOptions): boolean =>
  oidcTokenFile !== undefined && oidcProvider === undefined

/** Returns what the credentials must be allowed to do, and nothing else. */
export function callerPolicy(options: LiveOptions) {
  const { region, instanceId, cluster, oidcProvider, stoppedInstance } = options
  const allow = (actions: readonly string[], resources: readonly string[]) => {
    return { Effect: 'Allow', Action: actions, Resource: resources }
  }
  const [role, policy, provider] = ['role', 'policy', 'oidc-provider'].map((kind) => `acs:ram:*:*:${kind}/${PREFIX}*`)
  const instances = [instanceId, ...(stoppedInstance === undefined ? [] : [stoppedInstance])]
  return policyOf([
    allow(['ram:CreateRole', 'ram:GetRole', 'ram:UpdateRole', 'ram:DeleteRole', 'sts:AssumeRole'], [`${role}`]),
    allow(['ram:CreatePolicy', 'ram:GetPolicy', 'ram:DeletePolicy'], [`${policy}`]),
    allow(['ram:AttachPolicyToRole', 'ram:DetachPolicyFromRole'], [`${role}`, `${policy}`]),
    ...(!createsProviders(options)
      ? []
      : [
          allow(['ram:CreateOIDCProvider'], ['*']),
          allow(['ram:GetOIDCProvider', 'ram:DeleteOIDCProvider'], [`${provider}`]),
        ]),
    allow(
      ['cr:GetInstance', 'cr:GetInstanceVpcEndpoint'],
      instances.map((id) => `acs:cr:${region}:*:instance/${id}`),
    ),
    allow(['cs:GetClusters'], ['*']),
    ...(cluster === undefined
      ? []
      : [
          allow(['cs:DescribeClusterDetail', 'cs:DescribeClusterUserKubeconfig'], [`acs:cs:*:*:cluster/${cluster}`]),
          allow(['ram:GetOIDCProvider'], [`acs:ram:*:*:oidc-provider/ack-rrsa-${cluster}`]),
        ]),
    ...(oidcProvider === undefined
      ? []
      : [allow(['ram:GetOIDCProvider'], [oidcProvider.replace(/^acs:ram::\d+:/, 'acs:ram:*:*:')])]),
    ...(stoppedInstance === undefined
      ? []
      : [
          allow(['cr:ListInstanceEndpoint'], [`acs:cr:${region}:*:instance/${stoppedInstance}`]),
          allow(['cr:GetAuthorizationToken'], ['*']),
        ]),
  ])
}
