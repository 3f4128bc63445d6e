import type { ServerResponse } from 'node:http'
import { decodePercent } from '../../src/lib/text.ts'
import { CR_ENDPOINT_OPERATIONS } from './cr/endpoints.ts'
import { CR_OPERATIONS } from './cr/instances.ts'
import { CR_PERSONAL_OPERATIONS } from './cr/personal.ts'
import { CS_OPERATIONS } from './cs/clusters.ts'
import { type Faults, injectFault } from './faults.ts'
import { authenticate } from './http/authenticate.ts'
import type { ApiRequest, CallRecord } from './http/request.ts'
import { errorBody, sendJson, successBody } from './http/response.ts'
import { checkParameters, findRoute, requestedAction, requestedVersion } from './http/route.ts'
import { newId } from './identifiers.ts'
import { ApiError, type Call, type Operation } from './operation.ts'
import { parseArn, principalArn } from './ram/arn.ts'
import { RAM_ATTACH_OPERATIONS } from './ram/attachments.ts'
import { decide, noPermission } from './ram/authorize.ts'
import { requestContext } from './ram/condition.ts'
import { RAM_POLICY_OPERATIONS } from './ram/policies.ts'
import { RAM_ROLE_OPERATIONS } from './ram/roles.ts'
import { asRead, keepForReads } from './ram/stale-reads.ts'
import { RAM_TAG_OPERATIONS } from './ram/tagging.ts'
import { RAM_USER_OPERATIONS } from './ram/users.ts'
import type { CloudState } from './state.ts'
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
  /** Refuses calls beyond the rates of an account. */
  readonly throttle: (product: string, accountId: string) => void
  readonly record: (call: CallRecord) => void
  readonly signal: AbortSignal
}

/** Serves one API request: route, fault, signature, parameters, RAM, handler, response, record. */
export async function dispatch(cloud: Dispatcher, request: ApiRequest, response: ServerResponse): Promise<void> {
  const { state } = cloud
  const requestId = newId.request()
  const version = requestedVersion(request)
  const at = state.now()
  let known = {
    product: 'unknown',
    action: requestedAction(request) ?? `${request.method} ${request.path}`,
    write: false,
  }
  let caller = '-'
  const record = (status: number, code = ''): void =>
    cloud.record({ at, ...known, requestId, principal: caller, status, code })
  try {
    const { operation, inPath } = findRoute(OPERATIONS, request)
    const { product, name: action, write, anonymous } = operation
    known = { product, action, write }
    const instanceId = request.parameters.get('InstanceId') ?? ''
    const fault = cloud.faults.take({ product, action, instanceId })
    if (fault !== undefined && (await injectFault(fault, response, cloud.signal))) {
      return record(response.headersSent ? response.statusCode : 0, `fault:${fault.kind}`)
    }
    const principal = anonymous ? undefined : authenticate(state, request)
    if (principal !== undefined) caller = principalArn(principal)
    const get = (name: string): string | undefined => {
      const value = inPath[name]
      return value === undefined ? request.parameters.get(name) : decodePercent(value)
    }
    // An unsigned call counts for the account of the role that the call names.
    const named = parseArn(get('RoleArn') ?? '', 'role')
    cloud.throttle(product, principal?.accountId ?? named?.accountId ?? '')
    checkParameters(operation, get)
    const account = state.accounts.get(principal?.accountId ?? '') ?? state.main
    const call: Call = { state, request, principal, account, get, need: (name) => get(name) ?? '' }
    authorize(operation, call)
    const isRam = product === 'Ram' || product === 'Ims'
    if (isRam && write) keepForReads(state, account)
    const body = await operation.handler(isRam && !write ? { ...call, account: asRead(state, account) } : call)
    if (fault?.kind === 'cut-after') {
      response.socket?.destroy()
      return record(0, 'fault:cut-after')
    }
    record(200)
    sendJson(response, 200, successBody(body, version, requestId), requestId, state.now())
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error))
    record(failure.status, failure.code)
    const body = errorBody(failure, version, known.product, requestId, request.headers.host ?? '')
    sendJson(response, failure.status, body, requestId, state.now())
  }
}

function authorize({ product, action, resources, context: ownKeys }: Operation, call: Call): void {
  const { principal, state } = call
  if (resources === undefined || principal === undefined) return
  const context = new Map([...requestContext(call, principal), ...(ownKeys?.(call) ?? [])])
  for (const resource of resources(call)) {
    const verdict = decide(state, principal, { action, resource, context })
    if (verdict.decision === 'allow') continue
    const denied = noPermission(state, principal, action, verdict)
    if (product !== 'CS') throw denied
    const who = principal.kind === 'role' ? 'STSToken' : 'RAM'
    throw new ApiError(403, 'StatusForbidden', `${who} policy Forbidden for action ${action}`, denied.extra)
  }
}
