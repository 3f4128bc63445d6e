import { type LimitUser, limitRoles, limitRoleTargets, rolesElsewhere } from '../../policy/limit-roles.ts'
import type { RamOptions, SharedTarget } from '../../policy/policy-targets.ts'
import type { ConnectedWork } from '../cluster/cluster-run.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'

/**
 * Returns the roles that limited entries of this cluster name as the last step of `assumeRole`.
 * @param own the cluster's other targets, with the helper's roles
 */
export function limitTargets(
  { cluster, context }: ConnectedWork,
  key: string,
  own: readonly SharedTarget[],
  options: RamOptions,
): readonly SharedTarget[] {
  const registries = cluster.values?.registries ?? []
  const accountId = own[0]?.accountId
  if (accountId === undefined || limitRoles(registries).length === 0) return []
  const callers = callersOf(cluster, own, accountId)
  const run = context.prepared.map((other) => userOf(other, other.name === cluster.name ? key : keyIn(other, cluster)))
  return limitRoleTargets({ name: cluster.name, key, registries, accountId, callers }, run, own, options)
}

const userOf = ({ name, values }: PreparedCluster, key: string | undefined): LimitUser => ({
  name,
  key,
  registries: values?.registries ?? [],
})

/**
 * Returns the key of a cluster whose RAM is managed in the same account. Other keys are added when
 * the clusters are known.
 */
export function keyIn({ ram, settings }: PreparedCluster, own: PreparedCluster): string | undefined {
  const { access, deployRole } = settings
  return ram !== 'none' && access.kind === 'ack' && deployRole === own.settings.deployRole
    ? access.clusterId
    : undefined
}

/** Returns the ARNs of the roles that the helper may have. */
function callersOf({ values }: PreparedCluster, own: readonly SharedTarget[], accountId: string): readonly string[] {
  const given = values?.identity.type === 'rrsa' ? values.identity.rrsa?.roleArn : undefined
  if (given) return [given]
  const roles = own.flatMap(({ target }) => [...target.roles, ...(target.trust ? [target.trust.role] : [])])
  return [...new Set(roles)].map((role) => `acs:ram::${accountId}:role/${role}`)
}

/** Explains which roles of limited entries this run does not change, and why. */
export function untouchedRoles({ cluster }: ConnectedWork, accountId: string | undefined): readonly string[] {
  const registries = cluster.values?.registries ?? []
  const elsewhere = accountId === undefined ? limitRoles(registries) : rolesElsewhere(registries, accountId)
  const why = accountId === undefined ? 'you manage it' : 'it belongs to another account'
  return elsewhere.map((arn) => `RAM: role ${arn} not changed, because ${why}: \`acr-nopass policy\` prints it`)
}
