import type { Unverified } from '../alibaba/unverified.ts'
import type { ClusterIssuer } from './cluster-issuer.ts'
import { policyName, rrsaRoleName } from './names.ts'
import { type PolicyRegistry, policyDocument } from './policy-document.ts'
import type { PolicyTarget } from './policy-target.ts'
import { rrsaStatement } from './trust-document.ts'

/** What RAM has to know of one cluster of the list. */
export interface RamCluster {
  readonly name: string
  /** ACK's id, or twelve digits of the kube-system UID. */
  readonly key: string
  /** Of the roles and policies. */
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
  /** In which the roles and the policy are: the same names in another account are others. */
  readonly accountId: string
  /** What the target relies on and could not be verified. */
  readonly unverified?: readonly Unverified[]
}

/**
 * The policies of one cluster's worker roles: its own one for the roles that it has alone, and for each role that other
 * listed clusters have too one named after the role, for the union of what all of them need (docs/en/decisions.md#policy-names).
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
  /** A role that the user named; undefined: our own, made when absent. */
  readonly givenRole: string | undefined
}

/** The policy and the trust of one cluster's RRSA role (docs/en/decisions.md#rrsa-role). */
export function rrsaTarget(cluster: RamCluster, rrsa: RrsaDetails, options: RamOptions): SharedTarget {
  const role = rrsa.givenRole ?? rrsaRoleName(cluster.key)
  const { target } = targetOf([cluster], policyName({ cluster: cluster.key }), [], options)
  const { issuer, verified, others, givenRole } = rrsa
  const alternatives = verified ? undefined : others.map((other) => rrsaStatement({ ...rrsa, issuer: other }))
  const isOwn = role.toLowerCase() === rrsaRoleName(cluster.key).toLowerCase()
  const trust = { role, statement: rrsaStatement(rrsa), create: givenRole === undefined || isOwn, alternatives }
  return {
    clusters: [cluster.name],
    accountId: cluster.accountId,
    target: { ...target, trust },
    ...(verified ? {} : { unverified: [{ id: 'ISSUER', subject: `cluster ${cluster.name}: ${issuer}` }] }),
  }
}

/** What of RAM a target reads and writes again: work on the same thing must not overlap. */
export function lockKeys({ accountId, target }: SharedTarget): readonly string[] {
  const role = target.trust === undefined ? [] : [`${accountId} role ${target.trust.role}`]
  return [policyKey({ accountId, target }), ...role]
}

/** The same policy name in two accounts is two policies. */
export function policyKey({ accountId, target }: Pick<SharedTarget, 'accountId' | 'target'>): string {
  return `${accountId} policy ${target.policyName}`
}

/** `name` of `acs:ram::<account>:role/<name>`. */
export function roleNameOf(arn: string): string {
  return arn.slice(arn.indexOf('/') + 1)
}
