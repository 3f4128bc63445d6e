import type { ApiRequest } from './http/request.ts'
import type { Account, CloudState, Principal } from './state.ts'

type Product = 'Ram' | 'Ims' | 'Sts' | 'CS' | 'cr'

/** The rule for a parameter; its error codes follow from the product (`http/route.ts`). */
export interface ParameterRule {
  readonly required?: boolean
  readonly pattern?: RegExp
  readonly oneOf?: readonly string[]
  readonly maxBytes?: number
  readonly integer?: readonly [least: number, most: number]
}

/** An authenticated and authorized call, the input of a handler. */
export interface Call {
  readonly state: CloudState
  readonly request: ApiRequest
  /** The caller; undefined for an anonymous operation. */
  readonly principal: Principal | undefined
  /** The caller's account. */
  readonly account: Account
  /** A path, query or form parameter; undefined if it was not sent. */
  readonly get: (name: string) => string | undefined
  /** A parameter that the operation requires. */
  readonly need: (name: string) => string
}

/** One row of the table of operations. */
export interface Operation {
  readonly product: Product
  readonly version: string
  readonly name: string
  /**
   * An ROA operation has a path, whose `:names` are parameters; RPC operations are all `POST|GET
   * /`.
   */
  readonly path?: string
  /** The method of an ROA operation; default: GET. */
  readonly method?: 'GET' | 'POST'
  readonly write: boolean
  /** The call is not signed. Its handler authenticates the caller from the parameters. */
  readonly anonymous?: boolean
  readonly parameters: Readonly<Record<string, ParameterRule>>
  /** The RAM action; by default the name of the operation. */
  readonly action: string
  /**
   * The ARNs on which RAM must allow the action. RAM must allow all of them. Undefined: every
   * caller is allowed.
   */
  readonly resources: ((call: Call) => readonly string[]) | undefined
  /** The values of the operation's own condition keys, in addition to the common condition keys. */
  readonly context?: (call: Call) => ReadonlyMap<string, readonly string[]>
  readonly handler: (call: Call) => object | Promise<object>
}

type Row = readonly [
  resources: Operation['resources'],
  parameters: Operation['parameters'],
  handler: Operation['handler'],
  more?: Pick<Operation, 'path' | 'method' | 'anonymous' | 'context'> & Partial<Pick<Operation, 'action'>>,
]

/** The operations of a product's API by their names. */
export function operationsOf(product: Product, version: string, rows: Readonly<Record<string, Row>>) {
  const code = product === 'Ims' ? 'ram' : product.toLowerCase()
  return Object.entries(rows).map(([name, [resources, parameters, handler, more]]): Operation => {
    const write = !/^(Get|List|Describe|AssumeRole)/.test(name)
    return { product, version, name, write, action: `${code}:${name}`, resources, parameters, handler, ...more }
  })
}

/** The vendor's date format, without milliseconds. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/**
 * An error response of the emulated cloud: HTTP status, the vendor's code and message, and further
 * body fields.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly extra: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.extra = extra
  }
}
