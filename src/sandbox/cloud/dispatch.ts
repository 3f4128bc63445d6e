import type { ServerResponse } from 'node:http'
import { orElse } from '../../lib/or-else.ts'
import { CR_ENDPOINT_OPERATIONS } from './cr/endpoints.ts'
import { CR_OPERATIONS } from './cr/instances.ts'
import { CR_PERSONAL_OPERATIONS } from './cr/personal.ts'
import { CS_OPERATIONS } from './cs/clusters.ts'
import { type Faults, injectFault } from './faults.ts'
import { authenticate } from './http/authenticate.ts'
import type { ApiRequest, CallRecord } from './http/request.ts'
import { bodyStyle, errorBody, sendJson, successBody } from './http/response.ts'
import { checkParameters, findRoute, requestedAction, requestedVersion } from './http/route.ts'
import { newId } from './identifiers.ts'
import { ApiError, type Call, type Operation } from './operation.ts'
import { RAM_ATTACH_OPERATIONS } from './ram/attachments.ts'
import { accessDeniedDetail, decide, noPermission } from './ram/authorize.ts'
import { requestContext } from './ram/condition.ts'
import { RAM_POLICY_OPERATIONS } from './ram/policies.ts'
import { principalArn } from './ram/ram-views.ts'
import { RAM_ROLE_OPERATIONS } from './ram/roles.ts'
import { RAM_TAG_OPERATIONS } from './ram/tagging.ts'
import { RAM_USER_OPERATIONS } from './ram/users.ts'
import type { CloudState, Principal } from './state.ts'
import { IMS_OPERATIONS } from './sts/ims.ts'
import { STS_OPERATIONS } from './sts/operations.ts'

/** All operations. To add one, add a row to its product's file. */
export const OPERATIONS: readonly Operation[] = [
  ...RAM_POLICY_OPERATIONS,
  ...RAM_ATTACH_OPERATIONS,
  ...RAM_ROLE_OPERATIONS,
  ...RAM_USER_OPERATIONS,
  ...RAM_TAG_OPERATIONS,
  ...IMS_OPERATIONS,
  ...STS_OPERATIONS,
  ...CS_OPERATIONS,
  ...CR_OPERATIONS,
  ...CR_ENDPOINT_OPERATIONS,
  ...CR_PERSONAL_OPERATIONS,
]

export interface Dispatcher {
  readonly state: CloudState
  readonly faults: Faults
  readonly record: (call: CallRecord) => void
  readonly signal: AbortSignal
}

/** Serves one API request: fault, route, signature, parameters, RAM, handler, response, record. */
export async function dispatch(cloud: Dispatcher, request: ApiRequest, response: ServerResponse): Promise<void> {
  const { state } = cloud
  const requestId = newId.request()
  const version = requestedVersion(request)
  const operation = orElse(() => findRoute(OPERATIONS, request).operation, undefined)
  const { product = 'unknown', name = requestedAction(request), write = false } = operation ?? {}
  const action = name ?? `${request.method} ${request.path}`
  const call = { at: state.now(), product, action, requestId, write }
  const caller: { principal?: Principal } = {}
  const record = (status: number, code = ''): void => {
    const principal = caller.principal === undefined ? '-' : principalArn(caller.principal)
    cloud.record({ ...call, principal, status, code })
  }
  try {
    const instanceId = request.parameters.get('InstanceId') ?? ''
    const fault = cloud.faults.take({ product, action, path: request.path, instanceId })
    if (fault !== undefined && (await injectFault(fault, response, cloud.signal))) {
      return record(response.headersSent ? response.statusCode : 0, `fault:${fault.kind}`)
    }
    const body = await perform(state, request, caller)
    if (fault?.kind === 'cut-after') {
      response.socket?.destroy()
      return record(0, 'fault:cut-after')
    }
    record(200)
    sendJson(response, 200, successBody(body, version, requestId), requestId, state.now())
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error))
    record(failure.status, failure.code)
    const body = errorBody(failure, bodyStyle(version), product, requestId, request.headers.host ?? '')
    sendJson(response, failure.status, body, requestId, state.now())
  }
}

async function perform(state: CloudState, request: ApiRequest, caller: { principal?: Principal }): Promise<object> {
  const { operation, pathParameters } = findRoute(OPERATIONS, request)
  const principal = operation.anonymous ? undefined : authenticate(state, request)
  if (principal !== undefined) caller.principal = principal
  const get = (name: string): string | undefined => pathParameters.get(name) ?? request.parameters.get(name)
  checkParameters(operation, get)
  const account = state.accounts.get(principal?.accountId ?? '') ?? state.accounts.values().next().value
  if (account === undefined) throw new Error('the emulator has no account')
  const need = (name: string): string => get(name) ?? ''
  const call: Call = { state, request, principal, account, get, need }
  authorize(operation, call)
  return operation.handler(call)
}

function authorize(operation: Operation, call: Call): void {
  const { action } = operation
  if (action === undefined || call.principal === undefined) return
  const context = requestContext(call)
  for (const resource of operation.resources?.(call) ?? ['*']) {
    const decision = decide(call.state, call.principal, action, resource, context)
    if (decision === 'allow') continue
    if (operation.product !== 'CS') throw noPermission(call.principal, action, decision)
    const who = call.principal.kind === 'role' ? 'STSToken' : 'RAM'
    const detail = { AccessDeniedDetail: accessDeniedDetail(call.principal, action, decision) }
    throw new ApiError(403, 'StatusForbidden', `${who} policy Forbidden for action ${action}`, detail)
  }
}
