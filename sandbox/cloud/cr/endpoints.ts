import { type Call, operationsOf } from '../operation.ts'
import type { Endpoint } from '../state.ts'
import { crSuccess, findInstance, INSTANCE, instanceResource } from './lookup.ts'

function endpointView(endpoint: Endpoint, withComments: boolean): object {
  return {
    Enable: endpoint.enabled,
    // Live instances report true for a public endpoint, with and without entries.
    AclEnable: endpoint.type === 'internet' || endpoint.acl.length > 0,
    AclEntries: endpoint.acl.map((Entry) => (withComments ? { Entry, Comment: '' } : { Entry })),
    Status: 'RUNNING',
    Domains: endpoint.domains.map(({ domain, type }) => ({ Domain: domain, Type: type })),
  }
}

function listInstanceEndpoint(call: Call): object {
  const instance = findInstance(call)
  const endpoints = isRegistry(call) ? instance.endpoints : []
  const Endpoints = endpoints.map((endpoint) => ({
    EndpointType: endpoint.type,
    ...endpointView(endpoint, false),
    LinkedVpcs: endpoint.vpcs.map(({ id }) => ({ VpcId: id })),
  }))
  return crSuccess({ Endpoints })
}

function getInstanceEndpoint(call: Call): object {
  const endpoint = findInstance(call).endpoints.find((item) => item.type === call.need('EndpointType'))
  return crSuccess(
    endpoint === undefined ? { Enable: false, AclEnable: false, Domains: [] } : endpointView(endpoint, true),
  )
}

const isRegistry = (call: Call): boolean => call.get('ModuleName') !== 'Chart'

function getInstanceVpcEndpoint(call: Call): object {
  const endpoint = findInstance(call).endpoints.find(({ type }) => type === 'vpc' && isRegistry(call))
  const { enabled = false, domains = [], vpcs = [] } = endpoint ?? {}
  const LinkedVpcs = vpcs.map(({ id, vswitch, status = 'RUNNING', issue = '', defaultAccess }, index) => ({
    VpcId: id,
    VswitchId: vswitch,
    Ip: `192.168.10.${11 + index}`,
    DefaultAccess: defaultAccess ?? index === 0,
    Status: status,
    Issue: issue,
  }))
  // As in the vendor's API, domains are strings here but objects in ListInstanceEndpoint.
  return crSuccess({
    Enable: enabled,
    ModuleName: call.get('ModuleName') ?? 'Registry',
    Domains: domains.map(({ domain }) => domain),
    LinkedVpcs,
  })
}

function changeEndpoint(call: Call, type: Endpoint['type'], part: (endpoint: Endpoint) => Partial<Endpoint>): object {
  const instance = findInstance(call)
  instance.endpoints = instance.endpoints.map((endpoint) =>
    endpoint.type === type && isRegistry(call) ? { ...endpoint, ...part(endpoint) } : endpoint,
  )
  return crSuccess({})
}

function linkVpc(call: Call): object {
  const link = {
    id: call.need('VpcId'),
    vswitch: call.need('VswitchId'),
    // ACR was observed to report this issue for a link without a record in PrivateZone, although
    // the domain resolved.
    issue: call.get('EnableCreateDNSRecordInPvzt') === 'true' ? '' : 'NO_PRIVATE_ZONE_AUTHORIZED',
  }
  return changeEndpoint(call, 'vpc', ({ vpcs }) => ({ vpcs: [...vpcs.filter(({ id }) => id !== link.id), link] }))
}

const REGISTRY = { ...INSTANCE, ModuleName: { oneOf: ['Registry', 'Chart'] } }
const ENDPOINT = { ...REGISTRY, EndpointType: { required: true, oneOf: ['internet', 'vpc'] } }
const INTERNET = { ...REGISTRY, EndpointType: { required: true, oneOf: ['internet'] } }
const LINK = {
  ...REGISTRY,
  VpcId: { required: true },
  VswitchId: { required: true },
  EnableCreateDNSRecordInPvzt: { oneOf: ['true', 'false'] },
}

/** CR 2018-12-01: the endpoints of an instance, as on the vendor's pages about these operations. */
export const CR_ENDPOINT_OPERATIONS = operationsOf('cr', '2018-12-01', {
  ListInstanceEndpoint: [instanceResource, REGISTRY, listInstanceEndpoint],
  GetInstanceEndpoint: [instanceResource, ENDPOINT, getInstanceEndpoint],
  GetInstanceVpcEndpoint: [instanceResource, REGISTRY, getInstanceVpcEndpoint],
  CreateInstanceVpcEndpointLinkedVpc: [instanceResource, LINK, linkVpc],
  UpdateInstanceEndpointStatus: [
    instanceResource,
    { ...INTERNET, Enable: { required: true, oneOf: ['true', 'false'] } },
    (call) => changeEndpoint(call, 'internet', () => ({ enabled: call.need('Enable') === 'true' })),
  ],
  CreateInstanceEndpointAclPolicy: [
    instanceResource,
    { ...INTERNET, Entry: { required: true } },
    (call) => changeEndpoint(call, 'internet', ({ acl }) => ({ acl: [...acl, call.need('Entry')] })),
  ],
})
