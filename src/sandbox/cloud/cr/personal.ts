import { ApiError } from '../api-error.ts'
import { type Call, type Operation, operationsOf } from '../operation.ts'
import type { Instance } from '../state.ts'
import { allResources } from './lookup.ts'
import { issueRegistryCredential } from './registry-auth.ts'

const personal = (call: Call): readonly Instance[] => {
  return call.account.instances.filter((instance) => instance.edition === 'personal')
}

/** The Personal Edition reports accounts that never activated it as unknown users. */
function required(call: Call): readonly Instance[] {
  const instances = personal(call)
  if (instances.length === 0) throw new ApiError(404, 'USER_NOT_EXIST', 'user is not exist.')
  return instances
}

function tokens(call: Call): object {
  required(call)
  const credential = issueRegistryCredential(call, undefined)
  return {
    data: {
      authorizationToken: credential.password,
      tempUserName: credential.username,
      expireDate: credential.expiresAt,
    },
  }
}

function repositories(call: Call): object {
  const repos = required(call).flatMap((instance) => {
    return [...instance.namespaces].flatMap(([repoNamespace, names]) => {
      return [...names].map((repoName) => ({ repoNamespace, repoName, regionId: instance.region, repoType: 'PRIVATE' }))
    })
  })
  return { data: { repos, total: repos.length, page: 1, pageSize: Math.max(30, repos.length) } }
}

function namespaces(call: Call): object {
  const names = required(call).flatMap((instance) => [...instance.namespaces.keys()])
  return { data: { namespaces: names.map((namespace) => ({ namespace, namespaceStatus: 'NORMAL' })) } }
}

const repository = (call: Call): readonly string[] => [`acs:cr:*:${call.account.id}:repository/*`]

/** CR 2016-06-07: Container Registry, Personal Edition. */
export const CR_PERSONAL_OPERATIONS: readonly Operation[] = operationsOf('cr', '2016-06-07', [
  {
    name: 'GetAuthorizationToken',
    roa: { method: 'GET', path: '/tokens' },
    action: 'cr:GetAuthorizationToken',
    resources: allResources,
    handler: tokens,
  },
  {
    name: 'GetRepoList',
    roa: { method: 'GET', path: '/repos' },
    action: 'cr:ListRepository',
    resources: repository,
    handler: repositories,
  },
  {
    name: 'GetNamespaceList',
    roa: { method: 'GET', path: '/namespace' },
    action: 'cr:ListNamespace',
    resources: allResources,
    handler: namespaces,
  },
])
