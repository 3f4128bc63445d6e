import { type ClusterDetail, findWorkerRoles } from '../../alibaba/cs.ts'
import { hasCode, NopassError } from '../../errors.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { readServedIssuer } from '../../kube/read/cluster-identity.ts'
import {
  leftoverTargets,
  type RamOptions,
  type RrsaDetails,
  roleNameOf,
  rrsaTarget,
  type SharedTarget,
  workerRoleTargets,
} from '../../policy/policy-targets.ts'
import { clusterKey, rrsaRoleName } from '../../policy/ram-names.ts'
import { chooseIssuer, parseIssuers } from '../../policy/trust-document.ts'
import type { ConnectedWork } from '../cluster/cluster-run.ts'
import { limitTargets, untouchedRoles } from './limit-targets.ts'
import { nodeTargets, untouchedNodeRoles } from './node-targets.ts'

/** Returns the desired state of RAM for one cluster, given the whole list. */
export async function policyTargets(
  work: ConnectedWork,
  serviceAccount: string,
  purpose: 'apply' | 'remove' = 'apply',
): Promise<readonly SharedTarget[]> {
  const { cluster, context } = work
  const { inputs } = context.settings
  const options = { scope: inputs['ram-scope'], adopt: inputs['adopt-policy'], phase: 'widen' } as const
  if (cluster.ram === 'none') return []
  const own = await identityTargets(work, serviceAccount, purpose, options)
  const key = clusterKeyOf(work)
  const limited = [...own, ...limitTargets(work, key, own, options)]
  return [...limited, ...(await nodeTargets(work, key, limited, purpose, options))]
}

/** Returns the desired state of the roles that the helper has itself. */
async function identityTargets(
  work: ConnectedWork,
  serviceAccount: string,
  purpose: 'apply' | 'remove',
  options: RamOptions,
): Promise<readonly SharedTarget[]> {
  const { cluster, context, signal } = work
  const { inputs } = context.settings
  const key = clusterKeyOf(work)
  if (cluster.ram === 'rrsa') {
    const { accountId } = await context.cloud.caller(cluster.settings, signal)
    const registries = cluster.values?.registries ?? []
    const own = { name: cluster.name, key, accountId, registries, workerRoles: [] }
    return [rrsaTarget(own, await rrsaDetails(work, serviceAccount, purpose), options)]
  }
  const { clusters, unknown } = await context.ramList(signal)
  const failure = unknown.get(cluster.name)
  if (failure) throw failure
  const list = clusters.map((other) => (other.name === cluster.name ? { ...other, key } : other))
  const own = list.find(({ name }) => name === cluster.name)
  if (!own || own.workerRoles.length === 0) {
    const isListed = inputs.clusters !== '' || inputs['clusters-file'] !== ''
    const missing = isListed ? 'its entry has no `workerRoles`' : '`worker-roles` is not set'
    throw new NopassError(
      'WORKER_ROLE_UNKNOWN',
      `the roles of the nodes are unknown: the cluster is not an ACK cluster, and ${missing}`,
    )
  }
  const targets = workerRoleTargets(own, list, options)
  const edge = { id: 'EDGE_NODES', subject: `cluster ${cluster.name}` } as const
  return work.detail?.kind === 'edge' ? targets.map((target) => ({ ...target, unverified: [edge] })) : targets
}

/**
 * Returns our policies that the cluster may have needed before and does not need any more. Roles of
 * nodes that are neither named nor readable are not checked; `unseen` reports this.
 */
export async function formerTargets(
  work: ConnectedWork,
  targets: readonly SharedTarget[],
): Promise<{ readonly former: readonly SharedTarget[]; readonly unseen: readonly string[] }> {
  const { cluster, context } = work
  const [first] = targets
  if (first === undefined) return { former: [], unseen: leftAlone(work) }
  const untouched = [...untouchedRoles(work, first.accountId), ...untouchedNodeRoles(work, first.accountId)]
  const { clusters } = context.settings
  const key = clusterKeyOf(work)
  const listed = clusters.flatMap(({ access }) => (access.kind === 'ack' ? [access.clusterId] : []))
  const members = [...new Set([...listed, key])].sort()
  const roles = clusters.length < 2 ? [] : await formerRoles(work)
  const user = { name: cluster.name, key, accountId: first.accountId, workerRoles: roles ?? [] }
  return {
    former: leftoverTargets(user, targets, members),
    unseen: [...untouched, ...(roles === undefined ? [UNSEEN] : [])],
  }
}

function leftAlone(work: ConnectedWork): readonly string[] {
  const { cluster, context } = work
  if (context.settings.inputs.ram !== 'auto') return []
  return [
    ...(cluster.values?.identity.type === 'rrsa' ? [THEIRS] : []),
    ...untouchedRoles(work, undefined),
    ...untouchedNodeRoles(work, undefined),
  ]
}

const THEIRS =
  'RAM: not changed, because the cluster is not given by `ack`: you manage the role that the values name, and its policy'

const UNSEEN =
  'RAM: not checked: whether a policy that clusters shared is still on the roles of its nodes, because they could not be read ' +
  '(cs:DescribeClusterNodePools); name them in `workerRoles`'

/** Returns undefined if the roles could not be read. */
async function formerRoles({
  cluster,
  context,
  detail,
  signal,
}: ConnectedWork): Promise<readonly string[] | undefined> {
  const { name, ram, settings } = cluster
  if (ram === 'worker-role') {
    const { clusters } = await context.ramList(signal)
    return clusters.find((one) => one.name === name)?.workerRoles ?? []
  }
  const { access, workerRoles } = settings
  if (workerRoles.length > 0 || access.kind !== 'ack') return workerRoles
  try {
    return await findWorkerRoles(context.cloud.cs(settings, access.region, signal), access.clusterId, detail)
  } catch (error) {
    // A cluster with RRSA may have no worker role at all.
    if (hasCode(error, 'WORKER_ROLE_UNKNOWN')) return []
    if (hasCode(error, 'CLOUD_DENIED')) return undefined
    throw error
  }
}

interface KeyedCluster extends Pick<ConnectedWork, 'identity'> {
  readonly cluster: Pick<ConnectedWork['cluster'], 'settings'>
}

/** Returns the cluster's name in RAM: its ID in ACK, or the UID of its namespace kube-system. */
export function clusterKeyOf({ cluster, identity: { kubeSystemUid } }: KeyedCluster): string {
  const { access } = cluster.settings
  return clusterKey(access.kind === 'ack' ? { clusterId: access.clusterId } : { kubeSystemUid })
}

/** What the ARNs of a cluster depend on. */
export interface RrsaSources extends Pick<ConnectedWork, 'identity' | 'detail' | 'signal'> {
  readonly cluster: Pick<ConnectedWork['cluster'], 'settings' | 'values' | 'ram'>
  readonly context: Pick<ConnectedWork['context'], 'cloud'>
}

/** Returns the ARNs that the values of an RRSA cluster need. Undefined if all are set. */
export async function computeRrsa(
  work: RrsaSources,
): Promise<{ readonly roleArn: string; readonly oidcProviderArn: string } | undefined> {
  const { cluster, context, signal } = work
  const given = cluster.values?.identity.type === 'rrsa' ? cluster.values.identity.rrsa : undefined
  if (cluster.ram !== 'rrsa' || work.detail === undefined) return undefined
  if (given?.roleArn && given.oidcProviderArn) return undefined
  const { rrsa } = requireRrsa(work)
  const { accountId } = await context.cloud.caller(cluster.settings, signal)
  return {
    roleArn: given?.roleArn || `acs:ram::${accountId}:role/${rrsaRoleName(clusterKeyOf(work)).toLowerCase()}`,
    oidcProviderArn: given?.oidcProviderArn || rrsa.oidcProviderArn,
  }
}

async function rrsaDetails(
  work: ConnectedWork,
  serviceAccount: string,
  purpose: 'apply' | 'remove',
): Promise<RrsaDetails> {
  const { cluster, release } = work
  const { clusterId, rrsa } = requireRrsa(work)
  const given = cluster.values?.identity.rrsa
  const served = await unlessStatus(readServedIssuer(release), 401, 403)
  // A removal uses the issuer that an apply wrote, even if ACK's list has changed since.
  const listed = purpose === 'remove' && served !== undefined ? [served] : parseIssuers(rrsa.issuers)
  return {
    ...chooseIssuer(listed, served, clusterId),
    oidcProviderArn: given?.oidcProviderArn || rrsa.oidcProviderArn,
    namespace: cluster.settings.namespace,
    serviceAccount,
    givenRole: given?.roleArn ? roleNameOf(given.roleArn) : undefined,
  }
}

function requireRrsa({ detail }: Pick<ConnectedWork, 'detail'>): ClusterDetail {
  const notEnabled = (message: string, hint?: string): NopassError =>
    new NopassError('RRSA_NOT_ENABLED', message, { hint })
  if (detail === undefined) {
    throw notEnabled(
      'ram: rrsa needs a cluster that is given by `ack`, which names its issuer',
      'Use `ack` for this entry, or `ram: none` and apply `acr-nopass policy` yourself.',
    )
  }
  const { kind, clusterId, rrsa } = detail
  if (kind === 'dedicated' || kind === 'registered') {
    const type = kind === 'dedicated' ? 'worker-role' : 'access-key'
    throw notEnabled(`ACK offers no RRSA on ${kind} clusters such as ${clusterId}`, `Use \`identity.type: ${type}\`.`)
  }
  if (!rrsa.enabled) throw notEnabled(`RRSA is not enabled on ${clusterId}`)
  return detail
}
