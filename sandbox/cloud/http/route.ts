import { ApiError, type Operation, type ParameterRule } from '../operation.ts'
import type { ApiRequest } from './request.ts'

/** The API version of a request, from a header or parameter. */
export function requestedVersion(request: ApiRequest): string | undefined {
  return request.headers['x-acs-version'] ?? request.parameters.get('Version')
}

export function requestedAction(request: ApiRequest): string | undefined {
  return request.headers['x-acs-action'] ?? request.parameters.get('Action')
}

/**
 * Finds the operation of a request, and the parameters in its path, such as the cluster id.
 * @throws InvalidVersion (400) or InvalidAction.NotFound (404)
 */
export function findRoute(operations: readonly Operation[], request: ApiRequest) {
  const version = requestedVersion(request)
  const sameVersion = operations.filter((operation) => operation.version === version)
  if (sameVersion.length === 0) throw new ApiError(400, 'InvalidVersion', 'Specified parameter Version is not valid.')
  for (const operation of sameVersion) {
    const inPath = match(operation, request)
    if (inPath !== undefined) return { operation, inPath }
  }
  throw new ApiError(404, 'InvalidAction.NotFound', 'Specified api is not found, please check your url and method.')
}

function match(
  { path, method = 'GET', name }: Operation,
  request: ApiRequest,
): Readonly<Record<string, string | undefined>> | undefined {
  if (path !== undefined) {
    const found = request.method === method && new URLPattern({ pathname: path }).exec({ pathname: request.path })
    return found ? found.pathname.groups : undefined
  }
  const isRpc = request.path === '/' && ['POST', 'GET'].includes(request.method)
  return isRpc && name === requestedAction(request) ? {} : undefined
}

/**
 * Checks parameters against the operation's rules.
 * @throws Missing<Name> or the code of an invalid value (400)
 */
export function checkParameters({ product, parameters }: Operation, get: (name: string) => string | undefined): void {
  for (const [name, rule] of Object.entries(parameters)) {
    const value = get(name)
    if (value) checkValue(product, name, value, rule)
    else if (rule.required) throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`)
  }
}

function checkValue(product: Operation['product'], name: string, value: string, rule: ParameterRule): void {
  const check = (isValid: boolean, suffix = ''): void => {
    const message = `The specified parameter ${name} is not valid.`
    if (!isValid) throw new ApiError(400, invalidCode(product, name, suffix), message)
  }
  const { maxBytes = Number.POSITIVE_INFINITY, pattern, oneOf, integer } = rule
  check(Buffer.byteLength(value) <= maxBytes, '.Length')
  check(pattern?.test(value) ?? true, '.InvalidChars')
  check(oneOf?.includes(value) ?? true)
  if (integer === undefined) return
  const number = Number(value)
  check(Number.isInteger(number) && integer[0] <= number && number <= integer[1])
}

/** The vendor's code for an invalid value; only RAM has suffixes. */
function invalidCode(product: Operation['product'], name: string, suffix: string): string {
  if (product === 'CS') return 'InvalidParameter'
  if (product === 'cr') return `Invalid${name}`
  return `InvalidParameter.${name.replace(/^New/, '')}${product === 'Ram' ? suffix : ''}`
}
