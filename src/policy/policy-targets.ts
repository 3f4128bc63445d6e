import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError } from '../errors.ts'
import { type PolicyRegistry, policyDocument } from './policy-document.ts'
import type { PolicyTarget } from './policy-target.ts'
import { policyName, rrsaRoleName } from './ram-names.ts'
import { type ClusterIssuer, rrsaStatement } from './trust-document.ts'

/** A cluster of the list, as far as RAM is concerned. */
export interface RamCluster {
  readonly name: string
  /** ACK's cluster ID, or twelve digits of the kube-system UID. */
  readonly key: string
  /** The account of the roles and policies. */
  readonly accountId: string
  readonly registries: readonly PolicyRegistry[]
  readonly workerRoles: readonly string[]
}

export interface RamOptions {
  readonly scope: 'instance' | 'all'
  readonly adopt: boolean
  readonly phase: 'widen' | 'narrow'
}

/** A target with the clusters of the list that need it. */
export interface SharedTarget {
  readonly target: PolicyTarget
  readonly clusters: readonly string[]
  /** The account of the roles and the policy. */
  readonly accountId: string
  /** Facts that the target relies on without verification. */
  readonly unverified?: readonly Unverified[]
}

/**
 * Returns the policies for one cluster's worker roles. A role that no other listed cluster has gets
 * the cluster's own policy. Each role that listed clusters share gets a policy that is named after
 * the role and has what all these clusters need (docs/en/decisions.md#policy-names).
 */
export function workerRoleTargets(
  cluster: RamCluster,
  list: readonly RamCluster[],
  options: RamOptions,
): readonly SharedTarget[] {
  const sharers = (role: string): readonly RamCluster[] =>
    list.filter((other) => other.accountId === cluster.accountId && other.workerRoles.includes(role))
  const own = cluster.workerRoles.filter((role) => sharers(role).length < 2)
  const shared = cluster.workerRoles.filter((role) => sharers(role).length >= 2)
  return [
    ...(own.length === 0 ? [] : [targetOf([cluster], policyName({ cluster: cluster.key }), own, options)]),
    ...shared.map((role) => {
      const members = sharers(role).flatMap(({ key }) => (key === '' ? [] : [key]))
      const { target, ...rest } = targetOf(sharers(role), policyName({ sharedRole: role }), [role], options)
      return { ...rest, target: { ...target, members } }
    }),
  ]
}

function targetOf(
  clusters: readonly RamCluster[],
  name: string,
  roles: readonly string[],
  options: RamOptions,
): SharedTarget {
  const names = clusters.map((cluster) => cluster.name)
  const registries = clusters.flatMap((cluster) => cluster.registries)
  return {
    clusters: names,
    accountId: clusters[0]?.accountId ?? '',
    target: {
      policyName: name,
      document: policyDocument(registries, { scope: options.scope, accountId: clusters[0]?.accountId }),
      purpose: `cluster${names.length === 1 ? '' : 's'} ${names.join(', ')}`,
      roles,
      adopt: options.adopt,
      phase: options.phase,
    },
  }
}

export interface RrsaDetails extends ClusterIssuer {
  readonly oidcProviderArn: string
  readonly namespace: string
  readonly serviceAccount: string
  /** A role that the user named. If undefined, our own role is used, and created if absent. */
  readonly givenRole: string | undefined
}

/** Returns the policy and the trust of one cluster's RRSA role (docs/en/decisions.md#rrsa-role). */
export function rrsaTarget(cluster: RamCluster, rrsa: RrsaDetails, options: RamOptions): SharedTarget {
  const role = rrsa.givenRole ?? rrsaRoleName(cluster.key)
  const { target } = targetOf([cluster], policyName({ cluster: cluster.key }), [], options)
  const { issuer, verified, others } = rrsa
  const alternatives = verified ? undefined : others.map((other) => rrsaStatement({ ...rrsa, issuer: other }))
  const isOwn = role.toLowerCase() === rrsaRoleName(cluster.key).toLowerCase()
  const trust = { role, statements: [rrsaStatement(rrsa)], create: isOwn, alternatives }
  return {
    clusters: [cluster.name],
    accountId: cluster.accountId,
    target: { ...target, trust },
    ...(verified ? {} : { unverified: [{ id: 'ISSUER', subject: `cluster ${cluster.name}: ${issuer}` }] }),
  }
}

/** Names what a target reads and writes back in RAM. Work on the same key must not overlap. */
export function lockKeys({ accountId, target }: SharedTarget): readonly string[] {
  const role = target.trust === undefined ? [] : [`${accountId} role ${target.trust.role}`]
  return [policyKey({ accountId, target }), ...role]
}

/** Includes the account, because policies of the same name in two accounts are different. */
export function policyKey({ accountId, target }: Pick<SharedTarget, 'accountId' | 'target'>): string {
  return `${accountId} policy ${target.policyName}`
}

/**
 * Refuses a role that the values name as `use` if another target is for the same role or policy:
 * the two targets would replace each other's documents.
 * @throws POLICY_INPUT_INVALID
 */
export function requireSeparate(shared: SharedTarget, own: readonly SharedTarget[], use: string, key = use): void {
  const { policyName: name, trust } = shared.target
  const names = own.flatMap(({ target }) => [...target.roles, ...(target.trust ? [target.trust.role] : [])])
  const isOwnRole = names.some((one) => one.toLowerCase() === trust?.role.toLowerCase())
  if (!isOwnRole && own.every((one) => policyKey(one) !== policyKey(shared))) return
  const why = isOwnRole ? 'it is the role of the helper itself' : `policy ${name} belongs to the cluster's own role`
  throw new NopassError('POLICY_INPUT_INVALID', `role ${trust?.role} cannot be ${use}: ${why}`, {
    hint: `Name another role in ${key}, which need not exist yet.`,
  })
}

/** Returns `name` of `acs:ram::<account>:role/<name>`. */
export function roleNameOf(arn: string): string {
  return arn.slice(arn.indexOf('/') + 1)
}

/**
 * Returns our policies that this cluster may have needed before but no target names now. These are
 * the cluster's own policy, once all its roles are shared, and the policies of roles that are no
 * longer shared.
 */
export function leftoverTargets(
  /**
   * `workerRoles`: the known roles of the cluster's nodes. Shared policies are named after these
   * roles.
   */
  cluster: Omit<RamCluster, 'registries'>,
  targets: readonly SharedTarget[],
  /**
   * Keys of all clusters of the list. Only these clusters certainly do not need a shared policy any
   * more.
   */
  members: readonly string[],
): readonly SharedTarget[] {
  const { name, accountId } = cluster
  const nowhere = { document: undefined, purpose: `cluster ${name}`, roles: [], adopt: false, phase: 'narrow' } as const
  const shared = members.length < 2 ? [] : cluster.workerRoles
  const candidates: readonly PolicyTarget[] = [
    { ...nowhere, policyName: policyName({ cluster: cluster.key }) },
    ...shared.map((role) => ({ ...nowhere, policyName: policyName({ sharedRole: role }), members })),
  ]
  const named = new Set(targets.map(policyKey))
  return candidates
    .map((target) => ({ target, accountId, clusters: [name] }))
    .filter((candidate) => !named.has(policyKey(candidate)))
}
