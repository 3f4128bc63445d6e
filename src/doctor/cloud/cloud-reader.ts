import { findInstanceId } from '../../acr/token-session.ts'
import { getInstance, listInstanceEndpoint, listLinkedVpcs } from '../../alibaba/cr.ts'
import { type ClusterDetail, describeClusterDetail, findWorkerRoles } from '../../alibaba/cs.ts'
import type { AttachedPolicy, Ram } from '../../alibaba/ram.ts'
import type { AbortableTarget } from '../../alibaba/transport/cloud-transport.ts'
import { NopassError } from '../../errors.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import { hasMark } from '../../policy/ram-names.ts'
import { parseIssuers } from '../../policy/trust-document.ts'
import type { Unread } from '../../release/reader.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { CloudFacts, ClusterPlace, InstanceFacts, RoleFacts } from './cloud-facts.ts'

export type CloudReader = ReturnType<typeof createCloudReader>

/**
 * Reads that may be denied or fail: what could not be read is recorded, and the rest continues. `deadline` ends all reads.
 * @throws errors that are not the cloud's, such as an interrupt
 */
export function createCloudReader(signal: AbortSignal, deadline: AbortSignal, onProgress: (what: string) => void) {
  const notes: Unread[] = []
  const note = (what: string, why: string): void => {
    if (!notes.some((one) => one.what === what && one.why === why)) notes.push({ what, why })
  }
  return {
    notes,
    note,
    /** `action` is RAM's name of the right that the read needs. Undefined: not readable. */
    async attempt<T>(what: string, action: string, work: () => Promise<T>): Promise<T | undefined> {
      onProgress(what)
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof NopassError) && !deadline.aborted) throw error
        note(what, error instanceof NopassError ? whyNot(error, action) : 'Alibaba Cloud did not respond in time')
        return undefined
      }
    },
  }
}

function whyNot({ code, message, reason }: NopassError, action: string): string {
  if (code === 'CLOUD_DENIED') return `your credentials lack the right ${action}`
  return `${message}${reason ? ` (${reason})` : ''}`
}

/** The cluster's VPC, issuers and the RAM roles of its nodes, as far as they are needed and only ACK has them. */
export async function readAckCluster(
  csIn: (region: string) => AbortableTarget,
  reader: CloudReader,
  given: { readonly config: HelperConfig; readonly place: ClusterPlace; readonly workerRoles: readonly string[] },
): Promise<Pick<CloudFacts, 'workerRoles' | 'issuers'> & Pick<ClusterPlace, 'vpcId'>> {
  const { config, place } = given
  const { clusterId, region, vpcId } = place
  const named = namedRoles(config.identity, given.workerRoles)
  const needsRoles = config.identity.type === 'worker-role' && named.length === 0
  const needsVpc = vpcId === undefined && config.registries.some(isReachedByVpc)
  const needsIssuers = config.identity.type === 'rrsa'
  const known = { workerRoles: named, vpcId, issuers: [] }
  if (!needsRoles && !needsVpc && !needsIssuers) return known
  if (clusterId === undefined || region === '') {
    const why = 'the cluster does not report that it is an ACK cluster'
    if (needsVpc) reader.note("the cluster's VPC", `${why}; name it with --ack-cluster-id`)
    if (needsRoles)
      reader.note('the RAM roles of the nodes', `${why}; name them with --worker-role, or --ack-cluster-id`)
    return known
  }
  const cs = csIn(region)
  const what = `ACK cluster ${clusterId}`
  const detail = await reader.attempt(what, 'cs:DescribeClusterDetail', () => describeClusterDetail(cs, clusterId))
  return {
    vpcId: vpcId ?? (detail?.vpcId || undefined),
    workerRoles: needsRoles && detail ? await readRoles(cs, reader, detail) : named,
    issuers: needsIssuers && detail?.rrsa.enabled ? parseIssuers(detail.rrsa.issuers) : [],
  }
}

async function readRoles(cs: AbortableTarget, reader: CloudReader, detail: ClusterDetail): Promise<readonly string[]> {
  const { clusterId, workerRole } = detail
  const find = () => findWorkerRoles(cs, clusterId, detail)
  const all = await reader.attempt(`node pools of ACK cluster ${clusterId}`, 'cs:DescribeClusterNodePools', find)
  return all ?? (workerRole === '' ? [] : [workerRole])
}

type Registry = HelperConfig['registries'][number]

const isReachedByVpc = ({ edition, network }: Registry): boolean => edition === 'enterprise' && network !== 'public'

/** An Enterprise instance, searched in the values' region, then in the cluster's. */
export async function readInstance(
  crIn: (region: string) => AbortableTarget,
  reader: CloudReader,
  registry: Registry,
  clusterRegion: string,
): Promise<InstanceFacts> {
  const { name, instanceId, region = '' } = registry
  const what = `instance of registry ${name}`
  const regions = [...new Set([region, clusterRegion])].filter((one) => one !== '')
  let found: InstanceFacts['found'] = null
  let target = crIn(region)
  for (const [index, where] of regions.entries()) {
    const here = crIn(where)
    const [action, read] = instanceId
      ? ['cr:GetInstance', () => getInstance(here, instanceId)]
      : ['cr:ListInstance or cr:GetInstance', () => byName(here, { ...registry, region: where })]
    const response = await reader.attempt(what, String(action), () => orNull(read()))
    if (response === null) continue
    // Who may not read it there says nothing about the region of values.
    if (response === undefined && index > 0) continue
    found = response && { ...response, region: where }
    target = here
    break
  }
  const id = instanceId ?? found?.instanceId ?? ''
  if (found === null || id === '') return { instanceId: id, found, endpoints: undefined, vpcs: undefined }
  const [endpoints, vpcs] = await Promise.all([
    reader.attempt(`endpoints of the ${what}`, 'cr:ListInstanceEndpoint', () => listInstanceEndpoint(target, id)),
    reader.attempt(`VPCs linked to the ${what}`, 'cr:GetInstanceVpcEndpoint', () => listLinkedVpcs(target, id)),
  ])
  return { instanceId: id, found, endpoints, vpcs }
}

async function byName(target: AbortableTarget, registry: Registry): ReturnType<typeof getInstance> {
  return getInstance(target, await findInstanceId(target, registry))
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    const isAbsent = error instanceof NopassError && /^(CLOUD|REGISTRY)_NOT_FOUND$/.test(error.code)
    if (isAbsent) return null
    throw error
  }
}

/** A role with its trust policy and all policies that are attached; `names` are those that ours can have, the likely one first. */
export async function readRole(
  ram: Ram,
  reader: CloudReader,
  role: { readonly name: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<RoleFacts> {
  const { name, names } = role
  const what = `role ${name}`
  const [found, list] = await Promise.all([
    reader.attempt(what, 'ram:GetRole', async () => (await ram.getRole(name, signal)) ?? null),
    reader.attempt(`policies of ${what}`, 'ram:ListPoliciesForRole', () => ram.listRolePolicies(name, signal)),
  ])
  const policyName = names.find((one) => list?.some(isOf(one))) ?? names[0] ?? ''
  const [attached, unattached] = await Promise.all([
    Promise.all((list ?? []).map(async (one) => ({ ...one, policy: await readPolicy(ram, reader, one, signal) }))),
    // Whether a policy of our name is there decides what the command says; without the right it says to make one.
    list?.some(isOf(policyName)) ? undefined : readPolicy(ram, reader, { name: policyName, custom: true }, signal),
  ])
  const complete = attached.flatMap(({ policy, ...one }) => (policy ? [{ ...one, document: policy.document }] : []))
  return {
    role: found && { ...found, ours: hasMark(found.description) },
    attached: list !== undefined && complete.length === list.length ? complete : undefined,
    policyName,
    policy: attached.find(isOf(policyName))?.policy ?? unattached,
  }
}

const isOf =
  (policyName: string) =>
  ({ name, custom }: AttachedPolicy): boolean =>
    custom && name === policyName

async function readPolicy(
  ram: Ram,
  reader: CloudReader,
  { name, custom }: AttachedPolicy,
  signal: AbortSignal,
): Promise<RoleFacts['policy']> {
  const read = custom ? ram.getPolicy : ram.getSystemPolicy
  const found = await reader.attempt(`policy ${name}`, 'ram:GetPolicy', () => read(name, signal))
  return found && { ...found, ours: hasMark(found.description) }
}
