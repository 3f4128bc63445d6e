import { type Call, isoDate } from './operation.ts'
import type { RequestContext } from './ram/condition.ts'
import { principalArn } from './ram/views.ts'

/** The condition keys of every request. Source: RAM, "Policy elements", common condition keys. */
export function requestContext(call: Call): RequestContext {
  const { request, principal } = call
  return new Map([
    ['acs:SourceIp', [request.remoteAddress]],
    ['acs:SecureTransport', [String(request.secure)]],
    ['acs:CurrentTime', [isoDate(call.state.now())]],
    ['acs:MFAPresent', ['false']],
    ...(principal === undefined ? [] : ([['acs:PrincipalARN', [principalArn(principal)]]] as const)),
  ])
}
