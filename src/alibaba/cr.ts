import { NopassError } from '../errors.ts'
import { type JsonObject, numberOf, recordsOf, textOf } from '../lib/json.ts'
import type { AbortableTarget } from './transport/cloud-transport.ts'
import type { Parameters } from './transport/signature.ts'
import { wholeList } from './transport/whole-list.ts'

const enterprise = (target: AbortableTarget, action: string, query: Parameters): Promise<JsonObject> =>
  target.transport.call({ ...target, product: 'cr', version: '2018-12-01', action, query }, target.signal)

/**
 * Enterprise Edition. `expiresInHours` (1 to 24) is new in 2026-08. Older endpoints refuse or
 * ignore it.
 */
export async function getAuthorizationToken(
  target: AbortableTarget,
  request: { readonly instanceId: string; readonly expiresInHours?: number | undefined },
) {
  const query = { InstanceId: request.instanceId, ExpiresInHours: request.expiresInHours }
  const response = await enterprise(target, 'GetAuthorizationToken', query)
  return tokenOf(response.TempUsername, response.AuthorizationToken, response.ExpireTime)
}

export type InstanceEndpoint = Awaited<ReturnType<typeof listInstanceEndpoint>>[number]

/** Returns all addresses of an instance's image registry: public, VPC, custom. */
export async function listInstanceEndpoint(target: AbortableTarget, instanceId: string) {
  const query = { InstanceId: instanceId, ModuleName: 'Registry' }
  const response = await enterprise(target, 'ListInstanceEndpoint', query)
  return wholeList(response.Endpoints, 'cr ListInstanceEndpoint').map((endpoint) => ({
    /** `internet`, `vpc`, …: Alibaba may add kinds. */
    type: textOf(endpoint.EndpointType),
    enabled: endpoint.Enable !== false,
    domains: recordsOf(endpoint.Domains)
      .filter((entry) => typeof entry.Domain === 'string' && entry.Domain !== '')
      .map((entry) => ({ domain: textOf(entry.Domain).toLowerCase(), custom: entry.Type === 'USER' })),
    /** The VPCs that are linked with the endpoint; undefined if there are none. */
    ...(recordsOf(endpoint.LinkedVpcs).length > 0 && {
      vpcIds: recordsOf(endpoint.LinkedVpcs).map((link) => textOf(link.VpcId)),
    }),
    /**
     * The allowed addresses. Undefined: all are allowed. Empty: it is unknown which are allowed.
     */
    ...(endpoint.AclEnable === true && { allowed: recordsOf(endpoint.AclEntries).map(({ Entry }) => textOf(Entry)) }),
  }))
}

/** Returns the VPCs from which an instance's image registry can be reached by its VPC domain. */
export async function listLinkedVpcs(target: AbortableTarget, instanceId: string) {
  const query = { InstanceId: instanceId, ModuleName: 'Registry' }
  const response = await enterprise(target, 'GetInstanceVpcEndpoint', query)
  return recordsOf(response.LinkedVpcs).map((link) => ({
    vpcId: textOf(link.VpcId),
    /** `CREATING` or `RUNNING`. */
    status: textOf(link.Status),
    /**
     * True for the VPC in which ACR itself resolves the VPC domain, usually the VPC that was linked
     * first.
     */
    defaultAccess: link.DefaultAccess === true,
    /**
     * A problem that ACR found, such as `PRIVATE_ZONE_CONFLICT_AT_<zone id>` or
     * `NO_PRIVATE_ZONE_AUTHORIZED`; often empty.
     */
    issue: textOf(link.Issue),
  }))
}

/**
 * Returns an Enterprise instance of the target's region, with its state such as `RUNNING`.
 * @throws CLOUD_NOT_FOUND
 */
export async function getInstance(target: AbortableTarget, instanceId: string) {
  const response = await enterprise(target, 'GetInstance', { InstanceId: instanceId })
  return { instanceId: textOf(response.InstanceId) || instanceId, status: textOf(response.InstanceStatus) }
}

/** ACR's default. Its largest page size is undocumented. */
const PAGE = 30
/** No account has so many instances, so an endpoint with more pages is broken. */
const PAGES = 100

export interface InstanceSummary {
  readonly instanceId: string
  readonly name: string
  readonly region: string
  /** Such as `RUNNING`. */
  readonly status: string
}

/**
 * Lists the Enterprise instances of the region, page by page.
 * @throws CLOUD_UNAVAILABLE if there is no last page
 */
export async function* instancePages(target: AbortableTarget): AsyncGenerator<readonly InstanceSummary[]> {
  let count = 0
  for (let page = 1; page <= PAGES; page++) {
    const response = await enterprise(target, 'ListInstance', { PageNo: page, PageSize: PAGE })
    const instances = recordsOf(response.Instances)
    if (instances.length > PAGE) {
      throw new NopassError('CLOUD_UNAVAILABLE', `a page of instances has more than ${PAGE} entries`)
    }
    count += instances.length
    yield instances.map((instance) => ({
      instanceId: textOf(instance.InstanceId),
      name: textOf(instance.InstanceName),
      region: textOf(instance.RegionId),
      status: textOf(instance.InstanceStatus),
    }))
    if (instances.length === 0 || !(count < numberOf(response.TotalCount))) return
  }
  throw new NopassError('CLOUD_UNAVAILABLE', `the list of instances continues after ${PAGES} pages`)
}

/** Lists all Enterprise instances of the region. */
export async function listInstances(target: AbortableTarget): Promise<readonly InstanceSummary[]> {
  const found: InstanceSummary[] = []
  for await (const page of instancePages(target)) found.push(...page)
  return found
}

/** Personal Edition (instances made before 2024-09-09), through the API version of 2016. */
export async function getPersonalToken(target: AbortableTarget) {
  const call = { product: 'cr', version: '2016-06-07', action: 'GetAuthorizationToken', method: 'GET', path: '/tokens' }
  const response = await target.transport.call({ ...target, ...call }, target.signal)
  const data = (response.data ?? {}) as JsonObject
  return tokenOf(data.tempUserName, data.authorizationToken, data.expireDate)
}

/** Real user names have about 20 characters, real passwords about 2,000. */
const LONGEST_USERNAME = 256
const LONGEST_PASSWORD = 32_768
const LATEST_EXPIRY = Date.UTC(2200)

/**
 * Reads a temporary login to a registry. `expiresAt` is epoch milliseconds on the cloud's clock.
 */
function tokenOf(username: unknown, password: unknown, expiresAt: unknown) {
  const expiry = numberOf(expiresAt)
  if (typeof username !== 'string' || typeof password !== 'string' || !username || !password || !isTime(expiry)) {
    throw new NopassError('CLOUD_UNAVAILABLE', 'the token in the response has no user name, password or valid expiry')
  }
  // The login becomes `user:password` in base64 in a pull Secret, and the expiry becomes a Date.
  const fits = username.length <= LONGEST_USERNAME && password.length <= LONGEST_PASSWORD && expiry < LATEST_EXPIRY
  if (!fits || !/^[^:\p{Cc}]+$/u.test(username) || /\p{Cc}/u.test(password)) {
    throw new NopassError('CLOUD_UNAVAILABLE', 'a token cannot be written into a pull secret')
  }
  return { username, password, expiresAt: expiry }
}

/** True for epoch milliseconds that a Date can hold. Nanoseconds are too large. */
function isTime(value: number): boolean {
  return value > 0 && value <= 8.64e15
}
