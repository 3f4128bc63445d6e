import type { ApiRequest } from './http/request.ts'
import type { Account, CloudState, Principal } from './state.ts'

export type Product = 'Ram' | 'Ims' | 'Sts' | 'CS' | 'cr'

/** The rule for a parameter. `code` is the vendor's error for an invalid one; default `Invalid<Name>`. */
export interface ParameterRule {
  readonly required?: boolean
  readonly pattern?: RegExp
  readonly oneOf?: readonly string[]
  readonly maxBytes?: number
  readonly integer?: readonly [least: number, most: number]
  readonly code?: string
  /** The code if it is longer than `maxBytes`; default `code`. */
  readonly lengthCode?: string
}

/** An authenticated call, for its handler. */
export interface Call {
  readonly state: CloudState
  readonly request: ApiRequest
  /** The caller; an anonymous operation gets none. */
  readonly principal: Principal | undefined
  /** The caller's account. */
  readonly account: Account
  /** A path, query or form parameter; undefined: not sent. */
  readonly get: (name: string) => string | undefined
  /** For parameters that the table marks as required. */
  readonly need: (name: string) => string
}

/** One row of the table: everything about an operation. */
export interface Operation {
  readonly product: Product
  readonly version: string
  readonly name: string
  /** RPC operations are all `POST|GET /`; ROA operations have a method and a path with `{names}`. */
  readonly roa?: { readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly path: string }
  readonly write?: boolean
  /** Not signed: the caller is authenticated by parameters. */
  readonly anonymous?: boolean
  readonly parameters?: Readonly<Record<string, ParameterRule>>
  /** RAM's name of the action; without it every authenticated caller is allowed. */
  readonly action?: string
  /** The ARNs that RAM must allow, all of them. */
  readonly resources?: (call: Call) => readonly string[]
  readonly handler: (call: Call) => object | Promise<object>
}

/** Every operation of a product shares product and version. */
export function operationsOf(
  product: Product,
  version: string,
  rows: readonly Omit<Operation, 'product' | 'version'>[],
): readonly Operation[] {
  return rows.map((row) => ({ product, version, ...row }))
}

/** The vendor's date format, without milliseconds. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
