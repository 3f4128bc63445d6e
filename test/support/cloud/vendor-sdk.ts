import csSdk from '@alicloud/cs20151215'
import coreSdk, { $OpenApiUtil } from '@alicloud/openapi-core'
import ramSdk from '@alicloud/ram20150501'
import stsSdk from '@alicloud/sts20150401'

export interface Keys {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
}

export interface GenericCall {
  readonly action: string
  readonly version: string
  /** The path of a ROA call. If undefined, it is an RPC call. */
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  /** The JSON body of a call with a path. It makes the call a POST. */
  readonly body?: unknown
}

export interface VendorClients {
  readonly ram: InstanceType<typeof ramSdk.default>
  readonly sts: InstanceType<typeof stsSdk.default>
  readonly cs: InstanceType<typeof csSdk.default>
  /** Calls products whose client is not on npm (CR, IMS); returns the raw body. */
  call(request: GenericCall): Promise<Record<string, unknown>>
}

export interface ClientOptions {
  /** `host:port` to call instead of the emulator. */
  readonly endpoint?: string
  /** `v2` makes the SDKs sign with HMAC-SHA1. */
  readonly signatureAlgorithm?: string
}

/** Creates clients of the vendor's own SDKs that call the emulator. */
export function vendorClients(
  cloud: { readonly endpoints: { readonly ram: string }; readonly administrator?: Keys },
  keys: Keys | undefined = cloud.administrator,
  options: ClientOptions = {},
): VendorClients {
  const endpoint = options.endpoint ?? new URL(cloud.endpoints.ram).host
  const { signatureAlgorithm } = options
  // The SDKs would give up a connection after three seconds, which a busy machine may need.
  const limits = { connectTimeout: 60_000, readTimeout: 60_000 }
  const settings = { ...keys, endpoint, protocol: 'http', regionId: 'cn-hangzhou', ...limits }
  const config = new $OpenApiUtil.Config({ ...settings, ...(signatureAlgorithm && { signatureAlgorithm }) })
  const core = new coreSdk.default(config)
  return {
    ram: new ramSdk.default(config),
    sts: new stsSdk.default(config),
    cs: new csSdk.default(config),
    call: async ({ action, version, path, query = {}, body }) => {
      const params = new $OpenApiUtil.Params({
        action,
        version,
        protocol: 'HTTP',
        authType: 'AK',
        method: path === undefined || body !== undefined ? 'POST' : 'GET',
        style: path === undefined ? 'RPC' : 'ROA',
        pathname: path ?? '/',
        reqBodyType: 'json',
        bodyType: 'json',
      })
      const response = await core.callApi(params, new $OpenApiUtil.OpenApiRequest({ query, body }), {} as never)
      return (response as { readonly body: Record<string, unknown> }).body
    },
  }
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Returns the SDK's error for a call; throws if the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    const {
      statusCode = 0,
      code = '',
      data = {},
    } = error as {
      statusCode?: number
      code?: string
      data?: Record<string, unknown>
    }
    return { status: statusCode, code, message: String(data.Message ?? data.message ?? error), body: data }
  }
  throw new Error('the call was not refused')
}

/** Returns the error as `404 EntityNotExist.Role`, to compare many of them. */
export async function refused(call: Promise<unknown>): Promise<string> {
  const { status, code } = await refusal(call)
  return `${status} ${code}`
}

/** Returns a policy document that allows these actions. */
export function allow(actions: readonly string[], resource: string | readonly string[] = '*'): string {
  return JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: actions, Resource: resource }] })
}
