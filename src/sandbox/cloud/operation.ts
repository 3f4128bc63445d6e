import type { ApiRequest } from './http/request.ts'
import type { Account, CloudState, Principal } from './state.ts'

type Product = 'Ram' | 'Ims' | 'Sts' | 'CS' | 'cr'

/** The rule for a parameter. `code` is the vendor's error code for an invalid value; default `Invalid<Name>`. */
export interface ParameterRule {
  readonly required?: boolean
  readonly pattern?: RegExp
  readonly oneOf?: readonly string[]
  readonly maxBytes?: number
  readonly integer?: readonly [least: number, most: number]
  readonly code?: string
  /** The error code for a value longer than `maxBytes`; default `code`. */
  readonly lengthCode?: string
}

/** An authenticated and authorized call, as its handler gets it. */
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
  /** ROA operations have a method and a path with `{names}`; RPC operations are all `POST|GET /`. */
  readonly roa?: { readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly path: string }
  readonly write: boolean
  /** The call is not signed; its handler authenticates the caller from the parameters. */
  readonly anonymous?: boolean
  readonly parameters?: Readonly<Record<string, ParameterRule>>
  /** The RAM action; without one every authenticated caller is allowed. */
  readonly action: string | undefined
  /** The ARNs on which RAM must allow the action; all must be allowed. */
  readonly resources?: (call: Call) => readonly string[]
  readonly handler: (call: Call) => object | Promise<object>
}

type Row = Omit<Operation, 'product' | 'version' | 'write' | 'action'> & { readonly action?: undefined }

/** Adds to each row what follows from the product and the operation's name. */
export function operationsOf(product: Product, version: string, rows: readonly Row[]): readonly Operation[] {
  const code = product === 'Ims' ? 'ram' : product.toLowerCase()
  return rows.map((row) => {
    const write = !/^(Get|List|Describe|AssumeRole)/.test(row.name)
    return { product, version, write, action: `${code}:${row.name}`, ...row }
  })
}

type RpcRow = readonly [
  resources: Operation['resources'] & {},
  parameters: Operation['parameters'] & {},
  handler: Operation['handler'],
]

/** RPC operations by their names. */
export function rpcOperations(product: Product, version: string, rows: Readonly<Record<string, RpcRow>>) {
  const list = Object.entries(rows)
  return operationsOf(
    product,
    version,
    list.map(([name, [resources, parameters, handler]]) => ({ name, resources, parameters, handler })),
  )
}

/** The vendor's date format, without milliseconds. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** An error response of the emulated cloud: HTTP status, the vendor's code and message, and further body fields. */
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
