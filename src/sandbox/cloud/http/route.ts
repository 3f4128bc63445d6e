import { decodePercent } from '../../../lib/text.ts'
import { ApiError, type Operation, type ParameterRule } from '../operation.ts'
import type { ApiRequest } from './request.ts'

export interface Route {
  readonly operation: Operation
  /** Parameters from the path, such as the cluster id. */
  readonly pathParameters: ReadonlyMap<string, string>
}

/** The API version of a request, from a header or parameter. */
export function requestedVersion(request: ApiRequest): string | undefined {
  return request.headers['x-acs-version'] ?? request.parameters.get('Version')
}

export function requestedAction(request: ApiRequest): string | undefined {
  return request.headers['x-acs-action'] ?? request.parameters.get('Action')
}

/** Finds the operation of a request. @throws InvalidVersion (400) or InvalidAction.NotFound (404) */
export function findRoute(operations: readonly Operation[], request: ApiRequest): Route {
  const version = requestedVersion(request)
  const sameVersion = operations.filter((operation) => operation.version === version)
  if (sameVersion.length === 0) throw new ApiError(400, 'InvalidVersion', 'Specified parameter Version is not valid.')
  for (const operation of sameVersion) {
    const pathParameters = match(operation, request)
    if (pathParameters !== undefined) return { operation, pathParameters }
  }
  throw new ApiError(404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.')
}

function match(operation: Operation, request: ApiRequest): ReadonlyMap<string, string> | undefined {
  if (operation.roa === undefined) {
    const isRpc = request.path === '/' && ['POST', 'GET'].includes(request.method)
    return isRpc && operation.name === requestedAction(request) ? new Map() : undefined
  }
  if (operation.roa.method !== request.method) return undefined
  const [expected, given] = [operation.roa.path.split('/'), request.path.split('/')]
  if (expected.length !== given.length) return undefined
  const found = new Map<string, string>()
  for (const [index, part] of expected.entries()) {
    const value = decodePercent(given[index] ?? '')
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined ? part !== value : value === '') return undefined
    if (name !== undefined) found.set(name, value)
  }
  return found
}

/** Checks parameters against the operation's rules. @throws Missing<Name> or the rule's own code (400) */
export function checkParameters(operation: Operation, get: (name: string) => string | undefined): void {
  for (const [name, rule] of Object.entries(operation.parameters ?? {})) {
    const value = get(name)
    if (value === undefined || value === '') {
      if (rule.required) throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`)
    } else checkValue(name, value, rule)
  }
}

function checkValue(name: string, value: string, rule: ParameterRule): void {
  const wrong = (code: string): ApiError => new ApiError(400, code, `The specified parameter ${name} is not valid.`)
  const code = rule.code ?? `Invalid${name}`
  if (rule.maxBytes !== undefined && Buffer.byteLength(value) > rule.maxBytes) throw wrong(rule.lengthCode ?? code)
  if (rule.pattern !== undefined && !rule.pattern.test(value)) throw wrong(code)
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) throw wrong(code)
  if (rule.integer === undefined) return
  const [least, most] = rule.integer
  const number = Number(value)
  if (!Number.isInteger(number) || number < least || number > most) throw wrong(code)
}
