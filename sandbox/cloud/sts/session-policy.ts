import { ApiError, type Call } from '../operation.ts'
import { MalformedDocument, readPolicy } from '../ram/document.ts'

/**
 * "The value must be 1 to 2,048 characters in length" (AssumeRole, AssumeRoleWithOIDC), but the
 * error's message and the change of 2022-09-27 count bytes
 * (https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-changeset). The emulator
 * counts bytes, which is the stricter of the two.
 */
const MAX_BYTES = 2048

/**
 * Returns the session policy of a call, which all AssumeRole operations take as `Policy`; undefined
 * if the call has none. Codes and messages are those of AssumeRole
 * (https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole).
 * AssumeRoleWithSAML documents the same codes. The code for an empty policy is not documented: it
 * is refused as malformed, because a session without a policy has more rights than any other.
 * @throws InvalidParameter.PolicySize, InvalidParameter.PolicyGrammar (400)
 */
export function readSessionPolicy(call: Call): string | undefined {
  const policy = call.get('Policy')
  if (policy === undefined) return undefined
  if (Buffer.byteLength(policy) > MAX_BYTES) {
    throw new ApiError(
      400,
      'InvalidParameter.PolicySize',
      `The size of Policy must be smaller than ${MAX_BYTES} bytes.`,
    )
  }
  try {
    readPolicy(policy)
  } catch (error) {
    if (!(error instanceof MalformedDocument)) throw error
    throw new ApiError(400, 'InvalidParameter.PolicyGrammar', 'The parameter Policy has not passed grammar check.')
  }
  return policy
}
