import type { ConditionContext } from '../../policy/ram-condition.ts'
import { principalArn } from './arn.ts'
import { type Call, isoDate } from './operation.ts'

/** The condition keys that every request carries, in lower case. */
export function requestContext(call: Call): ConditionContext {
  const { request, principal } = call
  return new Map([
    ['acs:sourceip', [request.remoteAddress]],
    ['acs:securetransport', [String(request.secure)]],
    ['acs:currenttime', [isoDate(call.state.now())]],
    ['acs:mfapresent', ['false']],
    ...(principal === undefined ? [] : ([['acs:principalarn', [principalArn(principal)]]] as const)),
  ])
}
