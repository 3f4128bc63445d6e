import { ApiError, type Call, operationsOf, type ParameterRule } from '../operation.ts'
import type { Instance } from '../state.ts'
import { allResources, crSuccess, enterprise, findInstance, INSTANCE, instanceResource } from './lookup.ts'
import { issueRegistryCredential } from './registry-auth.ts'

const RESOURCE_GROUP = 'rg-acfmv2nomuaaaaa'

function instanceSummary(instance: Instance): object {
  return {
    InstanceId: instance.id,
    InstanceName: instance.name,
    InstanceStatus: instance.status,
    InstanceSpecification: 'Enterprise_Basic',
    ResourceGroupId: RESOURCE_GROUP,
  }
}

function listInstance(call: Call): object {
  const [name, status] = [call.get('InstanceName'), call.get('InstanceStatus')]
  const region = regionOfHost(call.request.headers.host)
  const all = enterprise(call).filter((instance) => {
    return (
      (!region || instance.region === region) &&
      (!name || instance.name === name) &&
      (!status || instance.status === status)
    )
  })
  const [PageNo, PageSize] = [Number(call.get('PageNo') ?? 1), Number(call.get('PageSize') ?? 30)]
  // As in the vendor's API, times are strings here but numbers in GetInstance, which returns no
  // region.
  const Instances = all.slice((PageNo - 1) * PageSize, PageNo * PageSize).map((instance) => {
    const [created, RegionId] = [String(instance.created), instance.region]
    return { ...instanceSummary(instance), RegionId, CreateTime: created, ModifiedTime: created }
  })
  return crSuccess({ PageNo, PageSize, TotalCount: all.length, Instances })
}

/**
 * The region of the vendor's endpoint that was called: ListInstance "queries instances in a
 * region", and has no parameter for it. Undefined under the emulator's own address, which serves
 * all regions.
 */
function regionOfHost(host = ''): string | undefined {
  return /^cr(?:-vpc)?\.([a-z0-9-]+)\.aliyuncs\.com$/.exec(host)?.[1]
}

function getInstance(call: Call): object {
  const instance = findInstance(call)
  return crSuccess({ ...instanceSummary(instance), CreateTime: instance.created, ModifiedTime: instance.created })
}

function getAuthorizationToken(call: Call): object {
  if (findInstance(call).status !== 'RUNNING' && !call.state.settings.stoppedInstancesServe) {
    // The states are documented (GetInstance), but not which calls an instance refuses in them.
    throw new ApiError(200, 'INSTANCE_STATUS_NOT_SUPPORT', 'instance status is not support.', { IsSuccess: false })
  }
  const hours = Number(call.get('ExpiresInHours') ?? 1)
  const credential = issueRegistryCredential(call, findInstance(call).id, hours)
  return crSuccess({
    TempUsername: credential.username,
    AuthorizationToken: credential.password,
    ExpireTime: credential.expiresAt,
  })
}

const PAGES: Readonly<Record<string, ParameterRule>> = {
  PageNo: { integer: [1, 1_000_000] },
  // The largest page is undocumented; the vendor's Terraform provider uses 50.
  PageSize: { integer: [1, 50] },
}

/** CR 2018-12-01: Container Registry, Enterprise Edition. */
export const CR_OPERATIONS = operationsOf('cr', '2018-12-01', {
  GetAuthorizationToken: [allResources, { ...INSTANCE, ExpiresInHours: { integer: [1, 24] } }, getAuthorizationToken],
  ListInstance: [(call) => [`acs:cr:*:${call.account.id}:instance/*`], PAGES, listInstance],
  GetInstance: [instanceResource, INSTANCE, getInstance],
})
