import type { ResolvedValues } from '../values/generated/resolved-values.ts'
import type { Grant } from './grant.ts'
import { nodeGrants } from './node-grants.ts'
import { type PolicyDocument, policyOf } from './normal-form.ts'
import { chainRoles, type PolicyOptions, policyDocument } from './policy-document.ts'
import { roleNameOf } from './policy-targets.ts'
import { clusterKey, policyName, rolePolicyName, rrsaRoleName } from './ram-names.ts'
import { parseIssuers, rrsaStatement } from './trust-document.ts'

export interface GrantCluster {
  /** Text for the description: `cluster prod`, or `the helper` if no cluster is named. */
  readonly purpose: string
  readonly values: ResolvedValues
  /** Undefined if the cluster is not on ACK, or its ID is unknown. */
  readonly clusterId: string | undefined
  readonly kubeSystemUid: string | undefined
  readonly workerRoles: readonly string[]
  readonly namespace: string
  readonly release: string
}

export interface GrantOptions {
  readonly ramScope?: 'instance' | 'all'
  readonly accountId?: string
  readonly roleArn?: string
  readonly issuer?: string
  readonly oidcProviderArn?: string
  /**
   * The helper's ServiceAccount, if its name cannot be derived from the values, as under an alias
   * of an umbrella chart.
   */
  readonly serviceAccount?: string
}

/** Placeholder in a trust policy if the caller is unknown. */
const UNKNOWN_CALLER = 'unknown'

export type Grants = ReturnType<typeof helperGrants>

/**
 * Returns what the helper of each cluster must be allowed to do, and who can assume its roles.
 * `notes` names what is unknown, and why.
 */
export function helperGrants(clusters: readonly GrantCluster[], flags: GrantOptions) {
  const notes = new Set<string>()
  const grants = clusters.flatMap((cluster): readonly Grant[] => {
    const options = { scope: flags.ramScope ?? 'instance', accountId: flags.accountId } as const
    const { registries, identity } = cluster.values
    const document = policyDocument(registries, options)
    if (document === undefined) {
      notes.add(`${cluster.purpose} has only static registries, which need no permission`)
      return []
    }
    const key = clusterKey(cluster)
    const callerArn = flags.roleArn ?? (identity.type === 'rrsa' ? identity.rrsa?.roleArn : undefined)
    const home = flags.accountId ?? accountOf(callerArn ?? '')
    const chain = chainGrants(cluster, { ...options, callerArn: callerArn || UNKNOWN_CALLER }, home, notes)
    const policy = { name: key === '' ? 'acr-nopass' : policyName({ cluster: key }), document }
    const more = [...chain, ...accountGrants(cluster, flags, options, notes)]
    const { purpose } = cluster
    if (identity.type !== 'rrsa') return [{ purpose, policy, attachTo: cluster.workerRoles }, ...more]
    const role = callerArn ? roleNameOf(callerArn) : rrsaRoleName(key || 'cluster')
    const trust = rrsaTrust(cluster, flags)
    if (trust === undefined) {
      notes.add("the trust of the helper's role needs --issuer (and --oidc-provider-arn, unless values have it)")
      return [{ purpose, policy, attachTo: [role] }, ...more]
    }
    return [{ purpose, policy, role: { name: role, trust }, attachTo: [] }, ...more]
  })
  // Clusters with the same values have the same grants for their chain of roles.
  const distinct = new Map(grants.map((grant) => [JSON.stringify(grant), grant]))
  return { grants: [...distinct.values()], notes: [...notes] }
}

function rrsaTrust(
  cluster: GrantCluster,
  { issuer: given, oidcProviderArn, serviceAccount: named }: GrantOptions,
): PolicyDocument | undefined {
  const provider = oidcProviderArn ?? cluster.values.identity.rrsa?.oidcProviderArn
  if (!provider) return undefined
  const [issuer] = parseIssuers(given ?? '')
  if (issuer === undefined) return undefined
  const { namespace, release, values } = cluster
  const serviceAccount = named ?? serviceAccountOf(release, values)
  return policyOf([rrsaStatement({ oidcProviderArn: provider, issuer, namespace, serviceAccount })])
}

function accountGrants(
  { values }: GrantCluster,
  flags: GrantOptions,
  options: PolicyOptions,
  notes: Set<string>,
): readonly Grant[] {
  const given = flags.oidcProviderArn ?? values.node.serviceAccount.oidcProviderArn
  const oidcProviderArn = given ?? values.identity.rrsa?.oidcProviderArn
  const [issuer] = parseIssuers(flags.issuer ?? '')
  const grants = nodeGrants(values, { issuer, oidcProviderArn }, options)
  if (grants.some(({ role }) => role === undefined)) {
    notes.add(
      'the trust of roles in node.serviceAccounts needs --issuer (and --oidc-provider-arn, unless values have it)',
    )
  }
  return grants
}

function chainGrants(
  cluster: GrantCluster,
  options: Parameters<typeof chainRoles>[1],
  home: string | undefined,
  notes: Set<string>,
): readonly Grant[] {
  return chainRoles(cluster.values.registries, options).map(({ roleArn, document, trust }) => {
    const name = roleNameOf(roleArn)
    const purpose = `the registries behind ${roleArn}`
    const policy = { name: rolePolicyName(name), document }
    const account = accountOf(roleArn)
    const where = account === undefined || account === home ? {} : { otherAccount: account }
    if (!JSON.stringify(trust).includes(`["${UNKNOWN_CALLER}"]`))
      return { purpose, policy, role: { name, trust }, attachTo: [], ...where }
    notes.add(`the trust of ${roleArn} needs --role-arn: the role with which the helper assumes it`)
    return { purpose, policy, attachTo: [name], ...where }
  })
}

/** Returns the account of a role's ARN. */
export function accountOf(arn: string): string | undefined {
  return /^acs:ram::(\d+):/.exec(arn)?.[1]
}

export type NameValues = Pick<ResolvedValues, 'nameOverride' | 'fullnameOverride'>

/**
 * Returns the name of the chart's objects in the release's namespace, by the rules of
 * chart/templates/_names.tpl (`acr-nopass.fullname`).
 */
export function fullNameOf(release: string, { nameOverride, fullnameOverride }: NameValues): string {
  if (fullnameOverride) return fullnameOverride
  const base = release.replaceAll('.', '-')
  const name = nameOverride || 'acr-nopass'
  return base.includes(name) ? base : `${base.slice(0, 42).replace(/-$/, '')}-${name}`
}

/** Returns the name of the helper's ServiceAccount. */
export function serviceAccountOf(release: string, values: NameValues & Pick<ResolvedValues, 'serviceAccount'>): string {
  return values.serviceAccount.name || fullNameOf(release, values)
}
