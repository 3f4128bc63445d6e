import { type ClusterDetail, findWorkerRoles } from '../../alibaba/cs.ts'
import type { Unverified } from '../../alibaba/unverified.ts'
import { NopassError } from '../../errors.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { applyPolicy, planPolicy } from '../../policy/apply-policy.ts'
import { clusterKey, rrsaRoleName } from '../../policy/names.ts'
import type { PolicyPlan, PolicyTarget } from '../../policy/policy-target.ts'
import {
  leftoverTargets,
  lockKeys,
  type RrsaDetails,
  roleNameOf,
  rrsaTarget,
  type SharedTarget,
  workerRoleTargets,
} from '../../policy/policy-targets.ts'
import { describeStep } from '../../policy/steps.ts'
import { chooseIssuer, parseIssuers } from '../../policy/trust-document.ts'
import { readServedIssuer } from '../../release/cluster-reads.ts'
import type { ClusterWork, RunContext } from '../cluster-run.ts'
import type { ConnectedCluster } from '../connect/connect-cluster.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'

/** RAM is read and written for one cluster of a run. */
export type RamWork = Omit<ClusterWork, 'run'>

/** The desired state of RAM for one cluster, given the whole list. */
export async function policyTargets(
  { cluster, context, signal }: RamWork,
  connected: ConnectedCluster,
  serviceAccount: string,
  purpose: 'apply' | 'remove' = 'apply',
): Promise<readonly SharedTarget[]> {
  const { inputs } = context.settings
  const options = { scope: inputs['ram-scope'], adopt: inputs['adopt-policy'], phase: 'widen' } as const
  const key = keyOf(cluster, connected)
  if (cluster.ram === 'none') return []
  if (cluster.ram === 'rrsa') {
    const caller = await context.cloud.caller(cluster.settings, signal)
    const own = {
      name: cluster.name,
      key,
      accountId: caller.accountId,
      registries: cluster.values?.registries ?? [],
      workerRoles: [],
    }
    return [rrsaTarget(own, await rrsaDetails(cluster, connected, serviceAccount, purpose, signal), options)]
  }
  const { clusters, unknown } = await context.ramList.get(signal)
  const failure = unknown.get(cluster.name)
  if (failure) throw failure
  const list = clusters.map((other) => (other.name === cluster.name ? { ...other, key } : other))
  const own = list.find(({ name }) => name === cluster.name)
  if (!own || own.workerRoles.length === 0) {
    throw new NopassError('WORKER_ROLE_UNKNOWN', 'a cluster outside of ACK names no `workerRoles`')
  }
  const targets = workerRoleTargets(own, list, options)
  const edge = { id: 'EDGE_NODES', subject: `cluster ${cluster.name}` } as const
  return connected.detail?.kind === 'edge' ? targets.map((target) => ({ ...target, unverified: [edge] })) : targets
}

export interface FormerTargets {
  readonly former: readonly SharedTarget[]
  /** What could not be verified. */
  readonly unseen: readonly string[]
}

/**
 * Policies of ours that the cluster may have needed before, and needs no more. Roles of nodes that are not named and may not be
 * read are not checked.
 */
export async function formerTargets(
  work: RamWork,
  connected: ConnectedCluster,
  targets: readonly SharedTarget[],
): Promise<FormerTargets> {
  const { cluster, context } = work
  const [first] = targets
  if (first === undefined) return { former: [], unseen: [] }
  const { clusters } = context.settings
  const key = keyOf(cluster, connected)
  const listed = clusters.flatMap(({ access }) => (access.kind === 'ack' ? [access.clusterId] : []))
  const members = [...new Set([...listed, key])].sort()
  const { roles, unseen } = clusters.length < 2 ? NO_ROLES : await formerRoles(work, connected)
  const user = { name: cluster.name, key, accountId: first.accountId, workerRoles: roles }
  return { former: leftoverTargets(user, targets, members), unseen }
}

interface FormerRoles {
  readonly roles: readonly string[]
  readonly unseen: readonly string[]
}

const NO_ROLES: FormerRoles = { roles: [], unseen: [] }

async function formerRoles({ cluster, context, signal }: RamWork, { detail }: ConnectedCluster): Promise<FormerRoles> {
  const { name, ram, settings } = cluster
  if (ram === 'worker-role') {
    const { clusters } = await context.ramList.get(signal)
    return { ...NO_ROLES, roles: clusters.find((one) => one.name === name)?.workerRoles ?? [] }
  }
  if (settings.workerRoles.length > 0 || settings.access.kind !== 'ack') {
    return { ...NO_ROLES, roles: settings.workerRoles }
  }
  const { access } = settings
  try {
    const roles = await findWorkerRoles(context.cloud.cs(settings, access.region), access.clusterId, detail, signal)
    return { ...NO_ROLES, roles }
  } catch (error) {
    if (!(error instanceof NopassError)) throw error
    // A cluster by RRSA may have no worker role at all.
    if (error.code === 'WORKER_ROLE_UNKNOWN') return NO_ROLES
    if (error.code !== 'CLOUD_DENIED') throw error
    const unseen =
      'RAM: not checked whether a policy that clusters shared is still on the roles of its nodes: they may not be read ' +
      '(cs:DescribeClusterNodePools); name them in `workerRoles`'
    return { ...NO_ROLES, unseen: [unseen] }
  }
}

/** Whether other entries are other releases in the same cluster, which may need the same policy differently. */
export function isAloneInCluster(name: string, { clusters }: RunContext['settings']): boolean {
  const own = clusters.find((one) => one.name === name)?.access
  if (own?.kind !== 'ack') return true
  return clusters.filter(({ access }) => access.kind === 'ack' && access.clusterId === own.clusterId).length === 1
}

export function keyOf(cluster: PreparedCluster, connected: ConnectedCluster): string {
  const { access } = cluster.settings
  return clusterKey(
    access.kind === 'ack' ? { clusterId: access.clusterId } : { kubeSystemUid: connected.identity.kubeSystemUid },
  )
}

/** Widens RAM before the deploy; `note` gets one line for each change, also of the targets before one that fails. */
export async function widenPolicies(
  { cluster, context, signal }: RamWork,
  targets: readonly SharedTarget[],
  note: (line: string) => void,
): Promise<WidenedPolicies> {
  if (targets.length === 0) return { changed: false, unverified: [] }
  const ram = context.cloud.ram(cluster.settings)
  const unverified: Unverified[] = []
  let changed = false
  let noted = false
  for (const shared of targets) {
    const done = await context.ramLock(lockKeys(shared), () => applyPolicy(ram, shared.target, signal))
    const lines = describe(done)
    lines.forEach(note)
    noted ||= lines.length > 0
    changed ||= done.steps.length > 0
    unverified.push(...(done.unverified ?? []))
  }
  if (!noted) note('RAM: nothing to change')
  return { changed, unverified }
}

export interface WidenedPolicies {
  readonly changed: boolean
  readonly unverified: readonly Unverified[]
}

export interface PlannedTargets {
  readonly targets: readonly SharedTarget[]
  readonly former: readonly SharedTarget[]
  /** Why another acr-nopass in the cluster may need more. */
  readonly shared: string | undefined
}

/** The changes that an apply would make to RAM; only reads. */
export async function planPolicies(
  { cluster, context, signal }: RamWork,
  { targets, former, shared }: PlannedTargets,
): Promise<readonly PolicyPlan[]> {
  if (targets.length === 0) return []
  const { settings } = context
  const ram = context.cloud.ram(cluster.settings)
  const selected = new Set(settings.selected.map(({ name }) => name))
  const others = settings.clusters.flatMap(({ name }) => (selected.has(name) ? [] : [name]))
  const reason =
    shared ?? (others.length > 0 ? `${others.join(', ')} not part of this run` : await unknownRoles(context, signal))
  const leftovers = reason === undefined ? 'detach' : { keep: reason }
  const alone = isAloneInCluster(cluster.name, settings)
  return Promise.all([
    ...targets.map(({ target, clusters }) => {
      // What a cluster needs that is not part of this run is not known here, and stays.
      const narrows = shared === undefined && clusters.every((name) => selected.has(name))
      const phase = narrows ? 'narrow' : 'widen'
      return planPolicy(ram, { ...target, phase, ...(alone && mayLeave(target) && { leftovers }) }, signal)
    }),
    ...(alone ? former : []).map(({ target }) => planPolicy(ram, { ...target, leftovers }, signal)),
  ])
}

/** A cluster's own policy may be on roles of an earlier identity; a shared one is named after the only role that it is for. */
export function mayLeave({ members, document }: PolicyTarget): boolean {
  return members === undefined || document === undefined
}

/** Why RAM keeps more than this run's releases need. */
export function maybeShared(clusters: readonly string[]): string {
  return `the deployer may not list Deployments in ${clusters.join(', ')}, so another acr-nopass may need it`
}

/** Of clusters by worker role: while it is unknown which roles one has, it may be any. */
export async function unknownRoles(context: RunContext, signal: AbortSignal): Promise<string | undefined> {
  if (!context.prepared.some(({ ram }) => ram === 'worker-role')) return undefined
  const { unknown } = await context.ramList.get(signal)
  return unknown.size === 0 ? undefined : `the worker roles of ${[...unknown.keys()].join(', ')} are unknown`
}

export function describe(plan: PolicyPlan): readonly string[] {
  return [...plan.steps.map((step) => `RAM: ${describeStep(step)}`), ...plan.kept.map((kept) => `RAM: kept ${kept}`)]
}

/** The ARNs that the values of an RRSA cluster need; undefined if all are set. */
export async function computeRrsa(
  { cluster, context, signal }: RamWork,
  connected: ConnectedCluster,
): Promise<{ readonly roleArn: string; readonly oidcProviderArn: string } | undefined> {
  const given = cluster.values?.identity.type === 'rrsa' ? cluster.values.identity.rrsa : undefined
  if (cluster.ram !== 'rrsa' || connected.detail === undefined) return undefined
  if (given?.roleArn && given.oidcProviderArn) return undefined
  const { rrsa } = requireRrsa(connected)
  const { accountId } = await context.cloud.caller(cluster.settings, signal)
  return {
    roleArn: given?.roleArn || `acs:ram::${accountId}:role/${rrsaRoleName(keyOf(cluster, connected)).toLowerCase()}`,
    oidcProviderArn: given?.oidcProviderArn || rrsa.oidcProviderArn,
  }
}

async function rrsaDetails(
  cluster: PreparedCluster,
  connected: ConnectedCluster,
  serviceAccount: string,
  purpose: 'apply' | 'remove',
  signal: AbortSignal,
): Promise<RrsaDetails> {
  const { clusterId, rrsa } = requireRrsa(connected)
  const given = cluster.values?.identity.rrsa
  const served = await unlessStatus(readServedIssuer(connected.client, signal), 401, 403)
  // Removal takes what an apply wrote, also where ACK's list has changed since.
  const listed = purpose === 'remove' && served !== undefined ? [served] : parseIssuers(rrsa.issuers)
  return {
    ...chooseIssuer(listed, served, clusterId),
    oidcProviderArn: given?.oidcProviderArn || rrsa.oidcProviderArn,
    namespace: cluster.settings.namespace,
    serviceAccount,
    givenRole: given?.roleArn ? roleNameOf(given.roleArn) : undefined,
  }
}

function requireRrsa({ detail }: ConnectedCluster): ClusterDetail {
  if (detail === undefined) {
    throw new NopassError(
      'RRSA_NOT_ENABLED',
      'ram: rrsa needs a cluster that is given by `ack`, which names its issuer',
      {
        hint: 'Use `ack` for this entry, or `ram: none` and apply `acr-nopass policy` yourself.',
      },
    )
  }
  if (detail.kind === 'dedicated' || detail.kind === 'registered') {
    throw new NopassError(
      'RRSA_NOT_ENABLED',
      `ACK offers no RRSA on ${detail.kind} clusters such as ${detail.clusterId}`,
      {
        hint: `Use \`identity.type: ${detail.kind === 'dedicated' ? 'worker-role' : 'access-key'}\`.`,
      },
    )
  }
  if (!detail.rrsa.enabled) throw new NopassError('RRSA_NOT_ENABLED', `RRSA is not enabled on ${detail.clusterId}`)
  return detail
}
