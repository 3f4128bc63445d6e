import { ApiError, type Call, type Operation, operationsOf } from '../operation.ts'
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

/** CR 2016-06-07: Container Registry, Personal Edition. */
export const CR_PERSONAL_OPERATIONS: readonly Operation[] = operationsOf('cr', '2016-06-07', [
  {
    name: 'GetAuthorizationToken',
    roa: { method: 'GET', path: '/tokens' },
    resources: allResources,
    handler: tokens,
  },
])
