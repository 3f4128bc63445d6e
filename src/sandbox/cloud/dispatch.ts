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
  const requestId = newId.request()
  const version = requestedVersion(request)
  const seen = {
    operation: orElse(() => findRoute(OPERATIONS, request).operation, undefined),
    principal: undefined as Principal | undefined,
  }
  const action = seen.operation?.name ?? requestedAction(request) ?? `${request.method} ${request.path}`
  const product = seen.operation?.product ?? 'unknown'
  const at = cloud.state.now()
  let status = 200
  let code = ''
  try {
    const instanceId = request.parameters.get('InstanceId') ?? ''
    const fault = cloud.faults.take({ product, action, path: request.path, instanceId })
    if (fault !== undefined && (await injectFault(fault, response, cloud.signal))) {
      status = response.headersSent ? response.statusCode : 0
      code = `fault:${fault.kind}`
      return
    }
    const body = await perform(cloud.state, request, seen)
    if (fault?.kind === 'cut-after') {
      status = 0
      code = 'fault:cut-after'
      response.socket?.destroy()
      return
    }
    sendJson(response, 200, successBody(body, version, requestId), requestId, cloud.state.now())
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error))
    status = failure.status
    code = failure.code
    const body = errorBody(failure, bodyStyle(version), product, requestId, request.headers.host ?? '')
    sendJson(response, status, body, requestId, cloud.state.now())
  } finally {
    const principal = seen.principal === undefined ? '-' : principalArn(seen.principal)
    const write = seen.operation?.write ?? false
    cloud.record({ at, product, action, principal, status, code, requestId, write })
  }
}

async function perform(
  state: CloudState,
  request: ApiRequest,
  seen: { principal: Principal | undefined },
): Promise<object> {
  const { operation, pathParameters } = findRoute(OPERATIONS, request)
  const principal = operation.anonymous ? undefined : authenticate(state, request)
  seen.principal = principal
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
