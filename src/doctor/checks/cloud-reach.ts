import { shellWord } from '../../lib/text.ts'
import { isLoopback } from '../../proxy-rules.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { InstanceFacts } from '../cloud/read-instance.ts'
import type { ClusterPlace } from '../cloud/read-place.ts'
import type { Found, Severity } from '../finding.ts'

/** An instance with everything that is checked. */
export interface KnownInstance {
  readonly registry: HelperConfig['registries'][number]
  readonly facts: InstanceFacts
  readonly found: NonNullable<InstanceFacts['found']>
  readonly place: ClusterPlace
  /** Hosts of the images of Pods. */
  readonly hosts: ReadonlySet<string>
}

/** Whether an instance can be reached from the cluster, through its VPC or the internet. */
export function reachFindings(known: KnownInstance): Found {
  return [vpcFindings(known), publicFindings(known)].flat()
}

function vpcFindings(known: KnownInstance): Found {
  const { registry, facts, found, place } = known
  const { vpcId, vswitchId } = place
  const { network } = registry
  const severity = vpcSeverity(known)
  const link = facts.vpcs?.find((one) => one.vpcId === vpcId)
  const isWhole = link !== undefined && link.issue === ''
  if (vpcId === undefined || facts.vpcs === undefined || isWhole || network === 'public') return []
  const subject = `registry ${registry.name}`
  const names = facts.vpcs.map((one) => one.vpcId)
  if (place.region !== '' && found.region !== '' && place.region !== found.region) {
    if (severity !== 'error') return []
    return {
      id: 'VPC_UNLINKED',
      severity,
      subject,
      message: `instance ${facts.instanceId} is in ${found.region}, and the cluster's VPC ${vpcId} in ${place.region}`,
      cause: 'A VPC of another region cannot be linked, so the VPC domain is not known there.',
      fix: 'Pull by the public domain (`network: public`), or from an instance in the region of the cluster.',
      command: `aliyun cr GetInstanceEndpoint ${nameOf(known)} --EndpointType internet`,
    }
  }
  return {
    id: 'VPC_UNLINKED',
    severity,
    subject,
    message:
      link === undefined
        ? `instance ${facts.instanceId} is not linked to the cluster's VPC ${vpcId}`
        : `the link of instance ${facts.instanceId} to the cluster's VPC ${vpcId} does not work: ${link.issue}`,
    cause: `Nodes cannot look up its VPC domain there; it is linked to ${names.length === 0 ? 'no VPC' : names.join(', ')}.`,
    fix: 'Link the VPC with one of its vSwitches (Access Control, VPC); the edition of the instance limits how many there may be. Or pull by the public domain.',
    command: `aliyun cr CreateInstanceVpcEndpointLinkedVpc ${nameOf(known)} --VpcId ${shellWord(vpcId)} --VswitchId ${shellWord(vswitchId ?? '<vswitch id>')} --ModuleName Registry`,
  }
}

/** An error if pulls need the link: because of the values, a Pod's image, or the lack of another endpoint. */
function vpcSeverity(known: KnownInstance): Severity {
  const { registry, facts } = known
  if (registry.network === 'vpc' || isUsed(known, 'vpc')) return 'error'
  return facts.endpoints !== undefined && closedBy(known) !== undefined ? 'error' : 'info'
}

function isUsed({ facts, hosts }: KnownInstance, type: 'vpc' | 'internet'): boolean {
  const domains = facts.endpoints?.find((endpoint) => endpoint.type === type)?.domains ?? []
  return domains.some(({ domain, custom }) => !custom && hosts.has(domain))
}

function publicFindings(known: KnownInstance): Found {
  const { registry, facts } = known
  const isNeeded = registry.network === 'public' || (registry.network === 'all' && isUsed(known, 'internet'))
  if (facts.endpoints === undefined || !isNeeded) return []
  const subject = `registry ${registry.name}`
  const where = `${nameOf(known)} --EndpointType internet`
  const letIn = `aliyun cr CreateInstanceEndpointAclPolicy ${where} --ModuleName Registry --Entry '<public address of the nodes>/32'`
  const closed = closedBy(known)
  if (closed !== undefined) {
    return {
      id: 'PUBLIC_CLOSED',
      subject,
      message: `the public endpoint of instance ${facts.instanceId} allows no address`,
      cause: closed === 'off' ? 'It is turned off.' : 'Its allow-list has only its own host.',
      fix: 'Allow the public address of the nodes, usually that of their NAT gateway (Access Control, Internet), or pull through the VPC.',
      command:
        closed === 'off'
          ? `aliyun cr UpdateInstanceEndpointStatus ${where} --Enable true --ModuleName Registry`
          : letIn,
    }
  }
  const { allowed } = facts.endpoints.find(({ type }) => type === 'internet') ?? {}
  if (allowed === undefined || registry.network !== 'public') return []
  return {
    id: 'PUBLIC_RESTRICTED',
    severity: 'info',
    subject,
    message: `the public endpoint of instance ${facts.instanceId} allows only ${allowed.join(', ')}`,
    cause: 'Its allow-list is on; which public address the nodes have is not known here.',
    fix: 'Nothing if the address of their NAT gateway is among them; otherwise add it.',
    command: letIn,
  }
}

/** Why the public endpoint does not work; undefined: it does. */
function closedBy({ facts }: KnownInstance): 'off' | 'list' | undefined {
  const internet = facts.endpoints?.find(({ type }) => type === 'internet')
  if (!internet?.enabled) return 'off'
  return internet.allowed?.every((entry) => isLoopback(entry.replace(/\/.*$/, ''))) ? 'list' : undefined
}

function nameOf({ found, facts }: KnownInstance): string {
  return `--region ${shellWord(found.region)} --InstanceId ${shellWord(facts.instanceId)}`
}
