import { ApiError, type Call } from '../operation.ts'
import type { Instance } from '../state.ts'

/** The Enterprise Edition instances of the caller's account. */
export const enterprise = (call: Call): readonly Instance[] => {
  return call.account.instances.filter((instance) => instance.edition === 'enterprise')
}

/** The envelope of CR's successful responses. */
export const crSuccess = (body: object): object => ({ IsSuccess: true, Code: 'success', ...body })

/** CR reports an unknown instance with HTTP 200 and `IsSuccess: false`. */
export function findInstance(call: Call): Instance {
  const instance = enterprise(call).find((item) => item.id === call.need('InstanceId'))
  if (instance === undefined) {
    throw new ApiError(200, 'INSTANCE_NOT_EXIST', 'instance is not exist.', { IsSuccess: false })
  }
  return instance
}

/** The ARN of the instance named in a call. */
export const instanceResource = ({ account, need }: Call) => {
  const id = need('InstanceId')
  const region = account.instances.find((instance) => instance.id === id)?.region ?? '*'
  return [`acs:cr:${region}:${account.id}:instance/${id}`]
}

/**
 * The resource of operations without resource-level permissions, which only a policy for all
 * resources allows.
 */
export const allResources = (call: Call) => [`acs:cr:*:${call.account.id}:*`]

export const INSTANCE = { InstanceId: { required: true } }
