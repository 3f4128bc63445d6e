import { describeClusterDetail, findWorkerRoles } from '../../alibaba/cs.ts'
import { getOidcProvider } from '../../alibaba/ram.ts'
import { getCallerIdentity } from '../../alibaba/sts.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import { policyName, rolePolicyName } from '../../policy/ram-names.ts'
import { parseIssuers } from '../../policy/trust-document.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { type CloudReader, type CloudSources, createCloudReader } from './cloud-reader.ts'
import { readInstance } from './read-instance.ts'
import type { ClusterPlace } from './read-place.ts'
import { readRole } from './read-role.ts'
import { partsOf, type RoleAccount, type WantedRole, wantedRoles } from './wanted-roles.ts'

/** What was read from Alibaba Cloud, or why nothing was read. */
export type CloudSnapshot = Awaited<ReturnType<typeof inspectCloud>>
export type CloudFacts = Extract<CloudSnapshot, { readonly state: 'looked' }>['facts']

/** Notes about what nobody can read: the user of a key, and the VPC of a cluster outside of ACK. */
export const KEY_USER = "the policies of the access key's user"
export const CLUSTER_VPC = "the cluster's VPC"

/** The release to inspect, with its place. */
interface Subject {
  readonly config: HelperConfig
  readonly place: ClusterPlace
  /** Names of the nodes' RAM roles from the user. If empty, the names are read from ACK. */
  readonly workerRoles: readonly string[]
  /** ServiceAccounts that pull with a role of their own on nodes. */
  readonly accounts: readonly RoleAccount[]
  /** True: the versions of our policies are counted. */
  readonly versions?: boolean
}

/**
 * Reads what a release's helper depends on in Alibaba Cloud: its RAM roles with their policies, and
 * its registry instances. Never writes. Records each read that is forbidden or gets no response.
 */
export async function inspectCloud(subject: Subject, sources: CloudSources, signal: AbortSignal) {
  const { config, place } = subject
  const reader = createCloudReader(sources, signal)
  const sts = reader.at('sts')
  const identity = await reader.attempt('who your credentials are', 'sts:GetCallerIdentity', () =>
    getCallerIdentity(sts, sources.credentials, sts.signal),
  )
  if (identity === undefined) return { state: 'not-inspected' as const, why: reader.notes[0]?.why ?? '' }
  const { accountId, arn } = identity
  const isOurs = (what: string, owner: string): boolean => {
    if (owner === accountId) return true
    const fix = 'run doctor with credentials of that account too'
    reader.note(what, `it belongs to account ${owner}, but your credentials belong to ${accountId}; ${fix}`)
    return false
  }
  const [ack, oidcProvider, instances] = await Promise.all([
    readAckCluster(reader, subject),
    readProvider(reader, config, isOurs),
    readInstances(reader, subject, accountId, isOurs),
  ])
  const { workerRoles, issuers, vpcId } = ack
  const { accounts } = subject
  const owner = place.accountId ?? accountId
  const roles = wantedRoles(config, { accountId: owner, issuer: undefined, workerRoles, accounts })
  const read = await Promise.all(
    roles
      .filter((role) => isOurs(`role ${role.name}`, role.accountId))
      .map(
        async (role) =>
          [role.arn.toLowerCase(), await readRole(reader, role.name, policyNamesOf(role, place), subject)] as const,
      ),
  )
  if (config.identity.type === 'access-key') {
    reader.note(KEY_USER, 'RAM does not report which user a key in a Secret belongs to')
  }
  const facts = {
    caller: arn,
    accountId,
    place: { ...place, vpcId },
    /**
     * The RAM roles of the nodes. Empty if the helper uses another identity, or the roles are
     * unknown.
     */
    workerRoles,
    /** The issuers of the cluster's tokens in ACK. Empty if they are not needed, or unknown. */
    issuers,
    /** By ARN in lower case. */
    roles: new Map(read),
    /** Undefined: not readable, or not needed; `null`: absent. */
    oidcProvider,
    /** By the name of the registry. */
    instances,
  }
  return { state: 'looked' as const, notes: reader.notes, facts }
}

/**
 * True if an account is the caller's. The cloud returns only objects of the caller's own account.
 */
type IsOurs = (what: string, owner: string) => boolean

/**
 * Reads the cluster's VPC, its issuers and the RAM roles of its nodes from ACK. Each is read only
 * if the release needs it and no other source has it.
 */
async function readAckCluster(reader: CloudReader, subject: Subject) {
  const { identity, registries } = subject.config
  const { clusterId, region, vpcId } = subject.place
  const named = namedRoles(identity, subject.workerRoles)
  const needsRoles = identity.type === 'worker-role' && named.length === 0
  const needsVpc =
    vpcId === undefined && registries.some(({ edition, network }) => edition === 'enterprise' && network !== 'public')
  const needsIssuers = identity.type === 'rrsa'
  const known = { workerRoles: named, vpcId, issuers: [] }
  if (!needsRoles && !needsVpc && !needsIssuers) return known
  if (clusterId === undefined || region === '') {
    const why = "the cluster's objects do not show that it is an ACK cluster"
    if (needsVpc) reader.note(CLUSTER_VPC, `${why}; name it with --ack-cluster-id`)
    if (needsRoles)
      reader.note('the RAM roles of the nodes', `${why}; name them with --worker-role, or --ack-cluster-id`)
    return known
  }
  const cs = reader.at('cs', region)
  const what = `ACK cluster ${clusterId}`
  const detail = await reader.attempt(what, 'cs:DescribeClusterDetail', () => describeClusterDetail(cs, clusterId))
  if (detail === undefined) return known
  const { workerRole, rrsa } = detail
  const all = needsRoles
    ? await reader.attempt(`node pools of ${what}`, 'cs:DescribeClusterNodePools', () =>
        findWorkerRoles(cs, clusterId, detail),
      )
    : named
  return {
    vpcId: vpcId ?? (detail.vpcId || undefined),
    workerRoles: all ?? (workerRole === '' ? [] : [workerRole]),
    issuers: needsIssuers && rrsa.enabled ? parseIssuers(rrsa.issuers) : [],
  }
}

async function readProvider(reader: CloudReader, { identity: { type, rrsa } }: HelperConfig, isOurs: IsOurs) {
  const [, owner = '', name = ''] = /^acs:ram::(\d+):oidc-provider\/(.+)$/.exec(rrsa?.oidcProviderArn ?? '') ?? []
  const what = `OIDC provider ${name}`
  const ims = reader.at('ims')
  if (type !== 'rrsa' || name === '' || !isOurs(what, owner)) return undefined
  return reader.attempt(what, 'ram:GetOIDCProvider', async () => (await getOidcProvider(ims, name)) ?? null)
}

async function readInstances(reader: CloudReader, { config, place }: Subject, accountId: string, isOurs: IsOurs) {
  // A token is valid only in the account that requested it.
  const identity = config.identity.type === 'rrsa' ? partsOf(config.identity.rrsa?.roleArn ?? '').accountId : ''
  const enterprise = config.registries.filter(({ edition, assumeRole, name }) => {
    if (edition !== 'enterprise') return false
    const owner = partsOf(assumeRole.at(-1)?.roleArn ?? '').accountId || identity || place.accountId || accountId
    return isOurs(`instance of registry ${name}`, owner)
  })
  const found = enterprise.map(async (registry) => {
    return [registry.name, await readInstance(reader, registry, place.region)] as const
  })
  return new Map(await Promise.all(found))
}

/**
 * Returns the possible names of our policy of a role, the likely name first
 * (docs/en/decisions.md#policy-names).
 */
function policyNamesOf({ kind, name }: WantedRole, { key }: ClusterPlace): readonly string[] {
  if (kind === 'chain' || kind === 'node') return [rolePolicyName(name)]
  const cluster = key === '' ? [] : [policyName({ cluster: key })]
  return kind === 'rrsa' ? [...cluster, rolePolicyName(name)] : [...cluster, policyName({ sharedRole: name })]
}
