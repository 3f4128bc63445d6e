import { ApiError, type Call, operationsOf } from '../operation.ts'
import { allResources } from './lookup.ts'
import { issueRegistryCredential } from './registry-auth.ts'

function tokens(call: Call): object {
  // Accounts that never activated the Personal Edition are reported as unknown users.
  if (!call.account.instances.some(({ edition }) => edition === 'personal'))
    throw new ApiError(404, 'USER_NOT_EXIST', 'user is not exist.')
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
export const CR_PERSONAL_OPERATIONS = operationsOf('cr', '2016-06-07', {
  GetAuthorizationToken: [allResources, {}, tokens, { path: '/tokens' }],
})
