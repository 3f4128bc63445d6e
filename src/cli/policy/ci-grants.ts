import { NopassError } from '../../errors.ts'
import { type CiPolicyInput, ciPolicyDocument } from '../../policy/ci-document.ts'
import type { Grant } from '../../policy/grant.ts'
import { accountOf as accountOfRole, type Grants } from '../../policy/helper-grants.ts'
import { limitRoles } from '../../policy/limit-roles.ts'
import { nodeAccounts, nodeRoles } from '../../policy/node-grants.ts'
import { type PolicyDocument, unionDocuments } from '../../policy/normal-form.ts'
import { roleNameOf } from '../../policy/policy-targets.ts'
import { clusterKey, policyName, rolePolicyName, rrsaRoleName } from '../../policy/ram-names.ts'
import type { RamMode } from '../../rollout/inputs/prepare-cluster.ts'
import type { PolicyCluster, PolicyFlags } from './policy-clusters.ts'

/**
 * ACK's default names of node roles: of one cluster, and of all managed clusters. Without a
 * connection it is unknown which role a cluster has, and node pools may have roles with any name.
 */
const USUAL_WORKER_ROLES = ['KubernetesWorkerRole-*', 'AliyunCSManagedDefaultWorkerRole'] as const
const WORKFLOW_POLICY = 'acr-nopass-workflow'

/**
 * Returns the minimal rights of the workflow's role and of each deploy role for these clusters
 * (docs/en/decisions.md#ci-policy).
 */
export function ciGrants(clusters: readonly PolicyCluster[], flags: PolicyFlags): Grants {
  const notes = new Set<string>()
  const deployRoles = [...new Set(clusters.flatMap(({ deployRole }) => (deployRole ? [deployRole] : [])))]
  const own = clusters.filter(({ deployRole }) => !deployRole)
  const workflow = unionDocuments(
    ...documentsOf(own, clusters.length, flags, notes),
    ...(deployRoles.length === 0 ? [] : [ciPolicyDocument({ ...NOTHING, deployRoles })]),
  )
  const grants: Grant[] = [
    { purpose: "the workflow's role", policy: { name: WORKFLOW_POLICY, document: workflow }, attachTo: [] },
    ...deployRoles.map((arn): Grant => {
      const members = clusters.filter(({ deployRole }) => deployRole === arn)
      const document = unionDocuments(...documentsOf(members, clusters.length, flags, notes))
      const name = roleNameOf(arn)
      return {
        purpose: `deploy role ${arn}`,
        policy: { name: rolePolicyName(name), document },
        attachTo: [name],
      }
    }),
  ]
  return { grants, notes: [...notes] }
}

const NOTHING: CiPolicyInput = { ackClusters: [], ram: 'none', policies: [], roles: [] }

/** Returns one document per pair of RAM mode and account. */
function documentsOf(
  clusters: readonly PolicyCluster[],
  listed: number,
  flags: PolicyFlags,
  notes: Set<string>,
): readonly PolicyDocument[] {
  const groups = Map.groupBy(clusters, (cluster) => `${cluster.ram} ${accountOf(cluster, flags) ?? ''}`)
  return [...groups.values()].map((members) => {
    const [first] = members
    const ram: RamMode = first?.ram ?? 'none'
    const roles = members.flatMap((cluster) => rolesOf(cluster, notes))
    // Clusters that share a worker role share a policy with the role's name.
    const shared = ram === 'worker-role' && listed > 1 ? roles.map((role) => `acr-nopass-${role}`) : []
    return ciPolicyDocument({
      accountId: first && accountOf(first, flags),
      ackClusters: members.flatMap(({ clusterId }) => (clusterId === undefined ? [] : [clusterId])),
      ram,
      policies: [...new Set([...members.map((cluster) => policyOfCluster(cluster, notes)), ...shared])],
      roles: [...new Set(roles)],
      pullRoles: [...new Set(members.flatMap((cluster) => pullRolesOf(cluster, accountOf(cluster, flags))))],
      adopt: flags.adoptPolicy,
      cleanup: flags.ramCleanup,
    })
  })
}

/** Returns the roles for pulls that an apply writes: all if the account is unknown. */
function pullRolesOf({ ram, values }: PolicyCluster, account: string | undefined): readonly string[] {
  const arns = ram === 'none' ? [] : [...limitRoles(values.registries), ...nodeRoles(nodeAccounts(values))]
  return arns.filter((arn) => account === undefined || accountOfRole(arn) === account).map(roleNameOf)
}

function accountOf({ account, deployRole }: PolicyCluster, { accountId }: PolicyFlags): string | undefined {
  return account ?? deployRole?.split(':')[3] ?? accountId
}

function rolesOf(cluster: PolicyCluster, notes: Set<string>): readonly string[] {
  if (cluster.ram === 'none') return []
  if (cluster.ram === 'rrsa') {
    const given = cluster.values.identity.rrsa?.roleArn
    if (given) return [roleNameOf(given)]
    const key = clusterKey(cluster)
    if (key !== '') return [rrsaRoleName(key)]
    throw new NopassError(
      'INPUT_MISSING',
      `the role of ${cluster.purpose} is named after its id in ACK, which is not known`,
      {
        hint: 'Name the cluster with --ack-cluster-id, list the clusters with --clusters-file, or write identity.rrsa.roleArn.',
      },
    )
  }
  if (cluster.workerRoles.length > 0) return cluster.workerRoles
  const usual = USUAL_WORKER_ROLES.join(' and ')
  notes.add(`worker roles are not named, so the policy allows ${usual}; name those of node pools with --worker-role`)
  return USUAL_WORKER_ROLES
}

function policyOfCluster(cluster: PolicyCluster, notes: Set<string>): string {
  const key = clusterKey(cluster)
  if (key !== '') return policyName({ cluster: key })
  if (cluster.ram !== 'none') {
    notes.add(`${cluster.purpose}: its policy is named after its kube-system UID; \`expect.kubeSystemUid\` narrows it`)
  }
  return 'acr-nopass-*'
}
