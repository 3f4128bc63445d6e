import type { InstanceFacts } from '../../src/doctor/cloud/read-instance.ts'
import { INTERNET, instance, link, observeCloud as observe, VPC, VPC_HOST } from './cloud-fixture.ts'
import { type Row, testFindings } from './finding-table.ts'
import { HOST, IMAGE, registry, stuckPod } from './fixture.ts'

const SUBJECT = 'registry demo'
const found = (change: Partial<NonNullable<InstanceFacts['found']>>) =>
  instance({ found: { instanceId: 'cri-abc123', region: 'cn-hangzhou', status: 'RUNNING', ...change } })
const place = (region: string) => ({
  place: { clusterId: 'c1', accountId: '1', region, vpcId: 'vpc-1', vswitchId: 'vsw-1', key: 'c1' },
})
const closed = { ...INTERNET, enabled: false }
/**
 * An endpoint with AclEnable and these AclEntries. Records of live instances (second audit of
 * fidelity) say that AclEnable is always true, and that a list without entries is open to all. No
 * page of the vendor says what such a list allows, so it is unknown and no finding.
 */
const listed = (...allowed: readonly string[]) => instance({ endpoints: [{ ...INTERNET, allowed: [...allowed] }, VPC] })
/** A Pod that runs, so that only its image's host counts. */
const pulling = (image: string) => {
  const pod = stuckPod({ image })
  return { pods: [{ ...pod, containers: [{ name: 'app', image, running: true as const }] }] }
}
const custom = (endpoint: typeof VPC) => ({
  ...endpoint,
  domains: endpoint.domains.map(({ domain }) => ({ domain, custom: true })),
})
const ofAnotherRegion = { instance: instance({ vpcs: [] }), facts: place('cn-beijing') }

const INSTANCES: readonly Row[] = [
  {
    title: 'an instance in another region than in the values',
    observed: observe({ instance: found({ region: 'cn-beijing' }) }),
    finds: [['error', 'INSTANCE_ELSEWHERE', SUBJECT]],
    says: 'instance cri-abc123 is in cn-beijing, but the values have cn-hangzhou',
    message: /region: cn-beijing[\s\S]*\naliyun cr GetInstance --region cn-beijing --InstanceId cri-abc123$/,
  },
  { title: 'an instance whose region is not known', observed: observe({ instance: found({ region: '' }) }), finds: [] },
  {
    title: 'an instance that is not running',
    observed: observe({ instance: found({ status: 'STOPPED' }) }),
    finds: [['error', 'INSTANCE_NOT_RUNNING', SUBJECT]],
    says: 'instance cri-abc123 is STOPPED',
    message: /its subscription has expired[\s\S]*\naliyun cr GetInstance /,
  },
  { title: 'an instance whose state is not known', observed: observe({ instance: found({ status: '' }) }), finds: [] },
  {
    title: 'an instance that the account does not have, by id',
    observed: observe({ instance: instance({ found: null }) }),
    finds: [['error', 'INSTANCE_NOT_FOUND', SUBJECT]],
    says: 'account 1 has no instance cri-abc123 in cn-hangzhou',
  },
  {
    title: 'an instance, given by name, that the account does not have',
    observed: observe({
      instance: instance({ found: null }),
      fixture: {
        config: {
          registries: [{ name: 'demo', edition: 'enterprise', instanceName: 'prod', region: 'cn-hangzhou' }],
        },
      },
    }),
    finds: [['error', 'INSTANCE_NOT_FOUND', SUBJECT]],
    says: 'account 1 has no instance named prod in cn-hangzhou',
  },
  {
    title: 'for one Pod, an instance that its images do not use is not mentioned',
    observed: observe({
      instance: instance({ found: null }),
      fixture: {
        focus: {
          ...pulling('nginx'),
          pod: pulling('nginx').pods[0] ?? stuckPod(),
          node: undefined,
          responses: new Map(),
        },
      },
    }),
    finds: [],
  },
]

const LINKS: readonly Row[] = [
  {
    title: 'a VPC that is not linked, with pulls only through it',
    observed: observe({ network: 'vpc', instance: instance({ vpcs: [] }), facts: place('cn-hangzhou') }),
    finds: [['error', 'VPC_UNLINKED', SUBJECT]],
    says: "instance cri-abc123 is not linked to the cluster's VPC vpc-1",
    message:
      /it is linked to no VPC\.[\s\S]*\naliyun cr CreateInstanceVpcEndpointLinkedVpc --region cn-hangzhou --InstanceId cri-abc123 --VpcId vpc-1 --VswitchId vsw-1 /,
  },
  {
    title: 'an instance that is linked to two other VPCs names them',
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs: [link({ vpcId: 'vpc-8' }), link({ vpcId: 'vpc-9' })] }),
    }),
    finds: [['error', 'VPC_UNLINKED', SUBJECT]],
    message: /it is linked to vpc-8, vpc-9\./,
  },
  {
    title: "an instance that is linked to another VPC and to the cluster's",
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs: [link({ vpcId: 'vpc-9', status: 'CREATING' }), link()] }),
    }),
    finds: [],
  },
  {
    title: 'links that may not be read are not reported as missing',
    observed: observe({ network: 'vpc', instance: instance({ vpcs: undefined }) }),
    finds: [],
  },
  {
    title: 'a VPC that is not linked, and a Pod pulls by the VPC domain',
    observed: observe({ instance: instance({ vpcs: [] }), fixture: pulling(`${VPC_HOST}/team/app:1`) }),
    finds: [['error', 'VPC_UNLINKED', SUBJECT]],
  },
  {
    title: 'a VPC that is not linked, and a Pod pulls by a custom domain, whose address is not known',
    observed: observe({
      instance: instance({ vpcs: [], endpoints: [INTERNET, custom(VPC)] }),
      fixture: pulling(`${VPC_HOST}/team/app:1`),
    }),
    finds: [['info', 'VPC_UNLINKED', SUBJECT]],
  },
  {
    title: 'a VPC that is not linked, and endpoints that may not be read: whether pulls need the link is not known',
    observed: observe({ instance: instance({ vpcs: [], endpoints: undefined }) }),
    finds: [['info', 'VPC_UNLINKED', SUBJECT]],
  },
  {
    title: 'a VPC that is not linked, and the public endpoint allows only its own host: the registry is unreachable',
    observed: observe({ instance: { ...listed('127.0.0.1/32'), vpcs: [] } }),
    finds: [['error', 'VPC_UNLINKED', SUBJECT]],
  },
  {
    title: 'a VPC that is not linked, and the public endpoint lets some addresses in',
    observed: observe({ instance: { ...listed('127.0.0.1/32', '203.0.113.7/32'), vpcs: [] } }),
    finds: [['info', 'VPC_UNLINKED', SUBJECT]],
  },
  {
    title: 'a VPC that is not linked, and a public endpoint without entries: whether nodes can pull is not known',
    observed: observe({ instance: { ...listed(), vpcs: [] } }),
    finds: [['info', 'VPC_UNLINKED', SUBJECT]],
    message: /no VPC\. The allow-list of the public endpoint has no entry, and doctor could not tell whether nodes/,
  },
  {
    title: 'a VPC of another region, with pulls only through it: the fix is the public endpoint',
    observed: observe({ network: 'vpc', ...ofAnotherRegion }),
    finds: [['error', 'VPC_UNLINKED', SUBJECT]],
    says: "instance cri-abc123 is in cn-hangzhou, and the cluster's VPC vpc-1 in cn-beijing",
    message:
      /network: public[\s\S]*\naliyun cr GetInstanceEndpoint --region cn-hangzhou --InstanceId cri-abc123 --EndpointType internet$/,
  },
  ...['place', 'instance'].map(
    (what): Row => ({
      title: `a VPC that is not linked, where the region of the ${what} is not known, is not one of another region`,
      observed: observe({
        network: 'vpc',
        instance: { ...(what === 'place' ? instance() : found({ region: '' })), vpcs: [] },
        facts: place(what === 'place' ? '' : 'cn-hangzhou'),
      }),
      finds: [['error', 'VPC_UNLINKED', SUBJECT]],
      says: "instance cri-abc123 is not linked to the cluster's VPC vpc-1",
    }),
  ),
  {
    title: 'a link that is being created',
    observed: observe({ network: 'vpc', instance: instance({ vpcs: [link({ status: 'CREATING' })] }) }),
    finds: [['error', 'VPC_LINK_ISSUE', SUBJECT]],
    says: "the link of instance cri-abc123 to the cluster's VPC vpc-1 is CREATING",
    message: /\naliyun cr GetInstanceVpcEndpoint --region cn-hangzhou --InstanceId cri-abc123 --ModuleName Registry$/,
  },
  {
    title: 'a link that is being created, which pulls do not need',
    observed: observe({ instance: instance({ vpcs: [link({ status: 'CREATING' })] }) }),
    finds: [['info', 'VPC_LINK_ISSUE', SUBJECT]],
    healthy: true,
  },
  {
    title: 'a link whose state is not known',
    observed: observe({ network: 'vpc', instance: instance({ vpcs: [link({ status: '' })] }) }),
    finds: [],
  },
  {
    title: 'a finding about a link that a private zone blocks names the zone',
    observed: observe({ instance: instance({ vpcs: [link({ issue: 'PRIVATE_ZONE_CONFLICT_AT_z9' })] }) }),
    finds: [['info', 'VPC_LINK_ISSUE', SUBJECT]],
    says: "the link of instance cri-abc123 to the cluster's VPC vpc-1 conflicts with the private zone z9",
    message: /another address \(PRIVATE_ZONE_CONFLICT_AT_z9\)/,
  },
  ...['PRIVATE_ZONE_CONFLICT_AT_', 'NO_PRIVATE_ZONE_CONFLICT_AT_z9'].map(
    (issue): Row => ({
      title: `a link with the issue ${issue}, which is not documented: whether pulls work is not known`,
      observed: observe({ network: 'vpc', instance: instance({ vpcs: [link({ issue })] }) }),
      finds: [['warning', 'VPC_LINK_ISSUE', SUBJECT]],
      says: `the link of instance cri-abc123 to the cluster's VPC vpc-1 is RUNNING, and Container Registry reports ${issue}`,
      message: /does not document what this means for pulls/,
      healthy: null,
    }),
  ),
  {
    title: 'a link without authorization for PrivateZone that is not the default VPC',
    observed: observe({
      instance: instance({ vpcs: [link({ issue: 'NO_PRIVATE_ZONE_AUTHORIZED', defaultAccess: false })] }),
    }),
    finds: [['info', 'VPC_LINK_ISSUE', SUBJECT]],
    message: /it created no DNS record/,
    healthy: true,
  },
]

const ENDPOINTS: readonly Row[] = [
  {
    title: 'a public endpoint that is turned off, with pulls only over the internet',
    observed: observe({ network: 'public', instance: instance({ endpoints: [closed, VPC] }) }),
    finds: [['error', 'PUBLIC_CLOSED', SUBJECT]],
    says: 'the public endpoint of instance cri-abc123 allows no address',
    message:
      /It is turned off\.[\s\S]*\naliyun cr UpdateInstanceEndpointStatus --region cn-hangzhou --InstanceId cri-abc123 --EndpointType internet --Enable true --ModuleName Registry$/,
  },
  {
    title: 'an instance without a public endpoint, with pulls only over the internet',
    observed: observe({ network: 'public', instance: instance({ endpoints: [VPC] }) }),
    finds: [['error', 'PUBLIC_CLOSED', SUBJECT]],
    message: /It is turned off/,
  },
  {
    title: 'a public endpoint that allows only its own host',
    observed: observe({ network: 'public', instance: listed('127.0.0.1/32') }),
    finds: [['error', 'PUBLIC_CLOSED', SUBJECT]],
    message:
      /only a loopback address[\s\S]*\naliyun cr CreateInstanceEndpointAclPolicy .*<public address of the nodes>\/32'$/,
  },
  {
    title: 'a public endpoint that allows some addresses: the addresses of the nodes are not known',
    observed: observe({ network: 'public', instance: listed('203.0.113.7/32', '203.0.113.8/32') }),
    finds: [['info', 'PUBLIC_RESTRICTED', SUBJECT]],
    says: 'the public endpoint of instance cri-abc123 allows only 203.0.113.7/32, 203.0.113.8/32',
    message: /\naliyun cr CreateInstanceEndpointAclPolicy /,
  },
  {
    title: 'a public endpoint that allows some addresses, in addition to the VPC',
    observed: observe({ instance: listed('203.0.113.7/32'), fixture: pulling(IMAGE) }),
    finds: [],
  },
  {
    title: 'an allow-list without entries: what it allows is not known',
    observed: observe({ network: 'public', instance: listed() }),
    finds: [],
  },
  {
    title: 'an allow-list without entries, and a registry that the helper cannot reach',
    observed: observe({
      network: 'public',
      instance: listed(),
      fixture: { registries: [registry({ verified: 'unreachable' })] },
    }),
    finds: [['warning', 'REGISTRY_UNVERIFIED', SUBJECT]],
    healthy: null,
  },
  {
    title: 'a public endpoint that is open, with pulls only over the internet',
    observed: observe({ network: 'public' }),
    finds: [],
  },
  {
    title: 'endpoints that may not be read are not reported as closed',
    observed: observe({ network: 'public', instance: instance({ endpoints: undefined }) }),
    finds: [],
  },
  {
    title: 'a public endpoint that is turned off, and a Pod that pulls through it',
    observed: observe({ instance: instance({ endpoints: [closed, VPC] }), fixture: pulling(IMAGE) }),
    finds: [['error', 'PUBLIC_CLOSED', SUBJECT]],
  },
  {
    title: 'a public endpoint that is turned off, and a Pod pulls by the VPC domain',
    observed: observe({
      instance: instance({ endpoints: [closed, VPC] }),
      fixture: pulling(`${VPC_HOST}/team/app:1`),
    }),
    finds: [],
  },
  {
    title: 'a public endpoint that is turned off, and a Pod pulls by a custom domain, whose address is not known',
    observed: observe({
      instance: instance({ endpoints: [{ ...custom(INTERNET), enabled: false }, VPC] }),
      fixture: pulling(`${HOST}/team/app:1`),
    }),
    finds: [],
  },
]

testFindings([...INSTANCES, ...LINKS, ...ENDPOINTS])
