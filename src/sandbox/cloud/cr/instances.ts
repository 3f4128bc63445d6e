import { ApiError } from '../api-error.ts'
import { numberedPage } from '../http/paging.ts'
import { type Call, type Operation, operationsOf, type ParameterRule } from '../operation.ts'
import type { Instance } from '../state.ts'
import { allResources, crSuccess, enterprise, findInstance, INSTANCE, instanceResource } from './lookup.ts'
import { issueRegistryCredential } from './registry-auth.ts'

const RESOURCE_GROUP = 'rg-acfmv2nomuaaaaa'

function findNamespace(call: Call, instance: Instance): ReadonlySet<string> {
  const namespace = instance.namespaces.get(call.get('NamespaceName') ?? call.get('RepoNamespaceName') ?? '')
  if (namespace === undefined) {
    throw new ApiError(200, 'NAMESPACE_NOT_EXIST', 'namespace is not exist.', { IsSuccess: false })
  }
  return namespace
}

function summary(instance: Instance): object {
  return {
    InstanceId: instance.id,
    InstanceName: instance.name,
    InstanceStatus: instance.status,
    InstanceSpecification: instance.specification,
    RegionId: instance.region,
    ResourceGroupId: RESOURCE_GROUP,
  }
}

const pageOf = (call: Call): readonly [number, number] => [
  Number(call.get('PageNo') ?? 1),
  Number(call.get('PageSize') ?? 30),
]

function listInstance(call: Call): object {
  const [name, status] = [call.get('InstanceName'), call.get('InstanceStatus')]
  const all = enterprise(call).filter((instance) => {
    return (!name || instance.name === name) && (!status || instance.status === status)
  })
  const [PageNo, PageSize] = pageOf(call)
  // As in the vendor's API, times are strings here but numbers in GetInstance.
  const Instances = numberedPage(all, PageNo, PageSize).map((instance) => {
    return { ...summary(instance), CreateTime: String(instance.created), ModifiedTime: String(instance.created) }
  })
  return crSuccess({ PageNo, PageSize, TotalCount: all.length, Instances })
}

function getInstance(call: Call): object {
  const instance = findInstance(call)
  return crSuccess({ ...summary(instance), CreateTime: instance.created, ModifiedTime: instance.created })
}

function getAuthorizationToken(call: Call): object {
  const hours = call.get('ExpiresInHours')
  const credential = issueRegistryCredential(
    call,
    findInstance(call).id,
    hours === undefined ? undefined : Number(hours),
  )
  return crSuccess({
    TempUsername: credential.username,
    AuthorizationToken: credential.password,
    ExpireTime: credential.expiresAt,
  })
}

function listNamespace(call: Call): object {
  const { id, namespaces } = findInstance(call)
  const [PageNo, PageSize] = pageOf(call)
  const rows = [...namespaces.keys()].map((name) => {
    const settings = { AutoCreateRepo: true, DefaultRepoType: 'PRIVATE', NamespaceStatus: 'NORMAL' }
    return { InstanceId: id, NamespaceName: name, NamespaceId: `crn-${name}`, ...settings }
  })
  return crSuccess({
    PageNo,
    PageSize,
    TotalCount: String(rows.length),
    Namespaces: numberedPage(rows, PageNo, PageSize),
  })
}

function listRepository(call: Call): object {
  const instance = findInstance(call)
  const filter = call.get('RepoNamespaceName')
  if (filter !== undefined) findNamespace(call, instance)
  const [PageNo, PageSize] = pageOf(call)
  const rows = [...instance.namespaces].flatMap(([namespace, repositories]) => {
    if (filter !== undefined && filter !== namespace) return []
    return [...repositories].map((repository) => ({
      InstanceId: instance.id,
      RepoId: `crr-${namespace}-${repository}`,
      RepoName: repository,
      RepoNamespaceName: namespace,
      RepoType: 'PRIVATE',
      RepoStatus: 'NORMAL',
    }))
  })
  return crSuccess({
    PageNo,
    PageSize,
    TotalCount: String(rows.length),
    Repositories: numberedPage(rows, PageNo, PageSize),
  })
}

const PAGES: Readonly<Record<string, ParameterRule>> = {
  PageNo: { integer: [1, 1_000_000] },
  PageSize: { integer: [1, 100] },
}

/** CR 2018-12-01: Container Registry, Enterprise Edition. */
export const CR_OPERATIONS: readonly Operation[] = operationsOf('cr', '2018-12-01', [
  {
    name: 'GetAuthorizationToken',
    action: 'cr:GetAuthorizationToken',
    resources: allResources,
    parameters: { InstanceId: INSTANCE, ExpiresInHours: { integer: [1, 24] } },
    handler: getAuthorizationToken,
  },
  {
    name: 'ListInstance',
    action: 'cr:ListInstance',
    resources: (call) => [`acs:cr:*:${call.account.id}:instance/*`],
    parameters: PAGES,
    handler: listInstance,
  },
  {
    name: 'GetInstance',
    action: 'cr:GetInstance',
    resources: instanceResource,
    parameters: { InstanceId: INSTANCE },
    handler: getInstance,
  },
  {
    name: 'ListNamespace',
    action: 'cr:ListNamespace',
    resources: instanceResource,
    parameters: { InstanceId: INSTANCE, ...PAGES },
    handler: listNamespace,
  },
  {
    name: 'ListRepository',
    action: 'cr:ListRepository',
    resources: instanceResource,
    parameters: { InstanceId: INSTANCE, ...PAGES },
    handler: listRepository,
  },
])
