import { quoted, shell, shellWords } from '../../lib/shell-command.ts'
import { isLoopback } from '../../proxy-rules.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { InstanceFacts } from '../cloud/read-instance.ts'
import type { ClusterPlace } from '../cloud/read-place.ts'
import type { Found, Severity } from '../finding.ts'

/** An instance with all facts that the checks need. */
export interface KnownInstance {
  readonly registry: HelperConfig['registries'][number]
  readonly facts: InstanceFacts
  readonly found: NonNullable<InstanceFacts['found']>
  readonly place: ClusterPlace
  /** The registry hosts in the images of Pods. */
  readonly hosts: ReadonlySet<string>
}

/** Reports why an instance cannot be reached from the cluster through its VPC or the internet. */
export function reachFindings(known: KnownInstance): Found {
  return [vpcFindings(known), publicFindings(known)].flat()
}

function vpcFindings(known: KnownInstance): Found {
  const { registry, facts, found, place } = known
  const { vpcId, vswitchId } = place
  const severity = vpcSeverity(known)
  if (vpcId === undefined || facts.vpcs === undefined || registry.network === 'public') return []
  const link = facts.vpcs.find((one) => one.vpcId === vpcId)
  if (link !== undefined) return linkFindings(known, link)
  const subject = `registry ${registry.name}`
  const names = facts.vpcs.map((one) => one.vpcId)
  if (place.region !== '' && found.region !== '' && place.region !== found.region) {
    if (severity !== 'error') return []
    return {
      id: 'VPC_UNLINKED',
      severity,
      subject,
      message: `instance ${facts.instanceId} is in ${found.region}, and the cluster's VPC ${vpcId} in ${place.region}`,
      cause: 'A VPC of another region cannot be linked, so the VPC domain usually does not resolve in the cluster.',
      fix: "Pull through the public domain (`network: public`), or from an instance in the cluster's region. If you connected the VPCs and created the DNS record yourself, there is nothing to do.",
      command: shell`aliyun cr GetInstanceEndpoint ${instanceFlags(known)} --EndpointType internet`,
    }
  }
  return {
    id: 'VPC_UNLINKED',
    severity,
    subject,
    message: `instance ${facts.instanceId} is not linked to the cluster's VPC ${vpcId}`,
    cause: `Nodes in that VPC cannot resolve the VPC domain of the instance; it is linked to ${names.length === 0 ? 'no VPC' : names.join(', ')}.${severity === 'info' && allowedAddresses(known)?.length === 0 ? UNKNOWN_LIST : ''}`,
    fix: 'Link the VPC with one of its vSwitches (Access Control, VPC); the edition of the instance limits the number of links. The flag EnableCreateDNSRecordInPvzt needs the authorization of Container Registry for PrivateZone, which the console requests. Or pull through the public domain.',
    command: shell`aliyun cr CreateInstanceVpcEndpointLinkedVpc ${instanceFlags(known)} --VpcId ${quoted(vpcId)} --VswitchId ${quoted(vswitchId ?? '<vswitch id>')} --ModuleName Registry --EnableCreateDNSRecordInPvzt true`,
  }
}

type Link = NonNullable<InstanceFacts['vpcs']>[number]

/**
 * Reports what is wrong with an existing link. The fix never recreates the link, because a VPC can
 * be linked only once.
 */
function linkFindings(known: KnownInstance, { vpcId, status, issue, defaultAccess }: Link): Found {
  const { instanceId } = known.facts
  const severity = vpcSeverity(known)
  const common = {
    id: 'VPC_LINK_ISSUE',
    subject: `registry ${known.registry.name}`,
    command: shell`aliyun cr GetInstanceVpcEndpoint ${instanceFlags(known)} --ModuleName Registry`,
  } as const
  const link = `the link of instance ${instanceId} to the cluster's VPC ${vpcId}`
  if (status !== '' && status !== 'RUNNING') {
    return {
      ...common,
      severity,
      message: `${link} is ${status}`,
      cause: 'Until a link is RUNNING, nodes cannot reach the VPC domain through it.',
      fix: 'Wait until the command shows RUNNING. If that takes longer than a few minutes, open a ticket with Alibaba Cloud.',
    }
  }
  const [, zone] = /^PRIVATE_ZONE_CONFLICT_AT_(.+)$/.exec(issue) ?? []
  if (zone !== undefined) {
    return {
      ...common,
      severity,
      message: `${link} conflicts with the private zone ${zone}`,
      cause: `This private zone resolves the VPC domain of the instance to another address (${issue}).`,
      fix: 'Remove that zone from the VPC, or set its record of the VPC domain to the address of the link (Access Control, VPC).',
      command: shell`aliyun pvtz DescribeZoneInfo --ZoneId ${quoted(zone)}`,
    }
  }
  // In the default VPC the domain was observed to resolve without a record in PrivateZone.
  if (issue === '' || (issue === 'NO_PRIVATE_ZONE_AUTHORIZED' && defaultAccess)) return []
  return {
    ...common,
    // No document says what these issues mean for a lookup, so the link may work.
    ...(severity === 'error' ? ({ severity: 'warning', health: 'unknown' } as const) : ({ severity: 'info' } as const)),
    message: `${link} is RUNNING, and Container Registry reports ${issue}`,
    cause:
      issue === 'NO_PRIVATE_ZONE_AUTHORIZED'
        ? 'Container Registry is not allowed to write to PrivateZone, so it created no DNS record for the VPC domain. This VPC is not the default VPC of the instance.'
        : 'Alibaba Cloud does not document what this means for pulls.',
    fix: 'Look up the VPC domain on a node (`getent hosts DOMAIN`). If the domain resolves to the address that the command shows, there is nothing to do. Otherwise authorize Container Registry for PrivateZone in the ACR console.',
  }
}

/**
 * An error if pulls need the link: the values or a Pod's image name the VPC domain, or no other
 * endpoint works.
 */
function vpcSeverity(known: KnownInstance): Severity {
  const { registry, facts } = known
  if (registry.network === 'vpc' || isUsed(known, 'vpc')) return 'error'
  return facts.endpoints !== undefined && publicEndpointProblem(known) !== undefined ? 'error' : 'info'
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
  const where = shellWords`${instanceFlags(known)} --EndpointType internet`
  const letIn = shell`aliyun cr CreateInstanceEndpointAclPolicy ${where} --ModuleName Registry --Entry '<public address of the nodes>/32'`
  const closed = publicEndpointProblem(known)
  if (closed !== undefined) {
    return {
      id: 'PUBLIC_CLOSED',
      subject,
      message: `the public endpoint of instance ${facts.instanceId} allows no address`,
      cause: closed === 'off' ? 'It is turned off.' : 'Its allow-list contains only a loopback address.',
      fix: 'Allow the public address of the nodes, usually that of their NAT gateway (Access Control, Internet), or pull through the VPC.',
      command:
        closed === 'off'
          ? shell`aliyun cr UpdateInstanceEndpointStatus ${where} --Enable true --ModuleName Registry`
          : letIn,
    }
  }
  const allowed = allowedAddresses(known) ?? []
  if (allowed.length === 0 || registry.network !== 'public') return []
  return {
    id: 'PUBLIC_RESTRICTED',
    severity: 'info',
    subject,
    message: `the public endpoint of instance ${facts.instanceId} allows only ${allowed.join(', ')}`,
    cause: 'Its allow-list is on; doctor does not know the public address of the nodes.',
    fix: "If the address of the nodes' NAT gateway is among them, there is nothing to do; otherwise add that address.",
    command: letIn,
  }
}

const UNKNOWN_LIST =
  ' The allow-list of the public endpoint has no entry, and doctor could not tell whether nodes can pull through it.'

/** Returns why the public endpoint does not work, or undefined if it works or may work. */
function publicEndpointProblem(known: KnownInstance): 'off' | 'list' | undefined {
  if (!publicEndpoint(known)?.enabled) return 'off'
  // Alibaba Cloud does not document what a list without entries allows.
  const allowed = allowedAddresses(known) ?? []
  const isClosed = allowed.length > 0 && allowed.every((entry) => isLoopback(entry.replace(/\/.*$/, '')))
  return isClosed ? 'list' : undefined
}

const publicEndpoint = ({ facts }: KnownInstance) => facts.endpoints?.find(({ type }) => type === 'internet')

const allowedAddresses = (known: KnownInstance): readonly string[] | undefined => publicEndpoint(known)?.allowed

function instanceFlags({ found, facts }: KnownInstance) {
  return shellWords`--region ${quoted(found.region)} --InstanceId ${quoted(facts.instanceId)}`
}
