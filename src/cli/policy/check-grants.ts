import { checkPolicyDocument } from '../../policy/check-document.ts'
import type { Grant } from '../../policy/grant.ts'
import { accountOf as accountOfRole, type Grants } from '../../policy/helper-grants.ts'
import { nodeAccounts, nodeRoles } from '../../policy/node-grants.ts'
import { type PolicyDocument, unionDocuments } from '../../policy/normal-form.ts'
import { roleNameOf } from '../../policy/policy-targets.ts'
import { clusterKey, rrsaRoleName } from '../../policy/ram-names.ts'
import type { PolicyCluster, PolicyFlags } from './policy-clusters.ts'

/** The name of the policy, and of the role of a job that checks. A job that deploys has another. */
const CHECK_ROLE = 'acr-nopass-check'

/** Returns the minimal rights of a job that checks these clusters (`mode: check`): reads only. */
export function checkGrants(clusters: readonly PolicyCluster[], flags: PolicyFlags): Grants {
  const deployRoles = [...new Set(clusters.flatMap(({ deployRole }) => (deployRole ? [deployRole] : [])))]
  const own = clusters.filter(({ deployRole }) => !deployRole)
  const assume = { ackClusters: [], identity: 'access-key', roles: [], instances: [], looksUp: false } as const
  const document = unionDocuments(
    ...own.map((cluster) => documentOf(cluster, flags)),
    ...(deployRoles.length === 0 ? [] : [checkPolicyDocument({ ...assume, deployRoles })]),
  )
  const grants: Grant[] = [
    { purpose: 'jobs that check', policy: { name: CHECK_ROLE, document }, attachTo: [] },
    ...deployRoles.map((arn): Grant => {
      const members = clusters.filter(({ deployRole }) => deployRole === arn)
      const name = roleNameOf(arn)
      const documents = members.map((cluster) => documentOf(cluster, flags))
      // A name of its own, because the role may have the policy of a job that deploys too.
      const policy = { name: CHECK_ROLE, document: unionDocuments(...documents) }
      return { purpose: `deploy role ${arn}`, policy, attachTo: [name] }
    }),
  ]
  return { grants, notes: [RIGHTS_IN_CLUSTERS] }
}

/** RAM decides who gets a kubeconfig, and the cluster decides what may be read with it. */
const RIGHTS_IN_CLUSTERS =
  'in each cluster the job also needs rights that only read; docs/en/fleet.md lists them, and ACK grants them per cluster (Authorizations)'

function documentOf(cluster: PolicyCluster, flags: PolicyFlags): PolicyDocument {
  const { values, clusterId, account = flags.accountId, deployRole } = cluster
  const accountId = account ?? deployRole?.split(':')[3]
  const enterprise = values.registries.filter(({ edition }) => edition === 'enterprise')
  return checkPolicyDocument({
    accountId,
    ackClusters: clusterId === undefined ? [] : [clusterId],
    identity: values.identity.type,
    roles: [...rolesOf(cluster), ...chainedRoles(cluster, accountId)],
    instances: enterprise.flatMap(({ instanceId }) => (instanceId ? [instanceId] : [])),
    looksUp: enterprise.some(({ instanceId }) => !instanceId),
  })
}

/** Returns the roles of the helper's own identity. `*`: only ACK knows the roles of the nodes. */
function rolesOf(cluster: PolicyCluster): readonly string[] {
  const { identity } = cluster.values
  if (identity.type === 'access-key') return []
  if (identity.type === 'worker-role') return cluster.workerRoles.length > 0 ? cluster.workerRoles : ['*']
  const given = identity.rrsa?.roleArn
  const key = clusterKey(cluster)
  return [given ? roleNameOf(given) : key === '' ? '*' : rrsaRoleName(key)]
}

/** Returns the roles that the helper, or a node, assumes. */
function chainedRoles({ values }: PolicyCluster, accountId: string | undefined): readonly string[] {
  const arns = values.registries.flatMap(({ assumeRole }) => assumeRole.map(({ roleArn }) => roleArn))
  const all = [...arns, ...nodeRoles(nodeAccounts(values))]
  return all.filter((arn) => accountId === undefined || accountOfRole(arn) === accountId).map(roleNameOf)
}
