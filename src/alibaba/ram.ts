import { NopassError } from '../errors.ts'
import { isRecord, type JsonObject, textOf } from '../lib/json.ts'
import { orElse } from '../lib/or-else.ts'
import type { Only, RamChanges, RamReads } from './sdk-types.ts'
import type { AbortableTarget } from './transport/cloud-transport.ts'
import type { Parameters } from './transport/signature.ts'

export interface Tag {
  readonly key: string
  readonly value: string
}

/** RAM refuses a sixth version of a policy, unless {@link ROTATE} is given. */
export const MOST_VERSIONS = 5

/** Without this parameter, RAM refuses a sixth version of a policy. */
export const ROTATE: string = 'DeleteOldestNonDefaultVersionWhenLimitExceeded'

export type Ram = ReturnType<typeof createRam>
type Read<Name extends keyof Ram> = NonNullable<Awaited<ReturnType<Ram[Name]>>>
export type RamPolicy = Read<'getPolicy'>
export type PolicyEntities = Read<'listPolicyEntities'>

/** A policy of a role. The description is part of the vendor's response. */
export interface AttachedPolicy {
  readonly name: string
  readonly custom: boolean
  readonly description?: string
}

/** A change: RAM's name of the operation, and its parameters by RAM's names. */
export type RamChange = readonly [action: keyof RamChanges, parameters: Parameters]

/** Creates a change. A parameter that the operation does not have is a compile error. */
export function ramChange<Action extends keyof RamChanges, Given extends RamChanges[Action] & Parameters>(
  action: Action,
  parameters: Only<RamChanges[Action], Given>,
): RamChange {
  return [action, parameters]
}

/**
 * The RAM operations that acr-nopass uses, on custom policies unless noted. All reject as the
 * transport does. The vendor's SDK is not used, because it does not support proxies and its errors
 * quote URLs.
 */
export function createRam(target: AbortableTarget) {
  const call = (action: string, query: Parameters, signal = target.signal, write = false): Promise<JsonObject> =>
    target.transport.call({ ...target, product: 'ram', version: '2015-05-01', action, query, write }, signal)
  /**
   * `read` throws for a response of another shape, so a partial response is never used as a whole
   * one.
   */
  const query = async <Action extends keyof RamReads, Found>(
    action: Action,
    parameters: RamReads[Action][0],
    read: (response: RamReads[Action][1]) => Found,
    signal?: AbortSignal,
  ): Promise<Found> => {
    const response = await call(action, parameters, signal)
    try {
      return read(response as RamReads[Action][1])
    } catch {
      throw new NopassError('CLOUD_UNAVAILABLE', `ram ${action}: the response cannot be read`)
    }
  }
  const getPolicy = (name: string, PolicyType: string, signal?: AbortSignal) =>
    unlessMissing(() =>
      query(
        'GetPolicy',
        { PolicyName: name, PolicyType },
        ({ Policy, DefaultPolicyVersion }) => ({
          name,
          description: textOf(objectOf(Policy).Description),
          /** The default version's document: JSON in a string. */
          document: plainDocument(textOf(objectOf(DefaultPolicyVersion).PolicyDocument)),
          defaultVersion: textOf(objectOf(Policy).DefaultVersion),
        }),
        signal,
      ),
    )
  return {
    /** Undefined if the policy does not exist. */
    getPolicy: (name: string, signal?: AbortSignal) => getPolicy(name, 'Custom', signal),
    /** Returns a system policy of Alibaba Cloud, or undefined if the policy does not exist. */
    getSystemPolicy: (name: string, signal?: AbortSignal) => getPolicy(name, 'System', signal),
    /**
     * Returns the custom and system policies of a role, or undefined if the role does not exist.
     */
    listRolePolicies: (role: string, signal?: AbortSignal) =>
      unlessMissing(() =>
        query(
          'ListPoliciesForRole',
          { RoleName: role },
          ({ Policies }) =>
            listOf(objectOf(Policies).Policy).map(({ PolicyName, PolicyType, Description }): AttachedPolicy => {
              return { name: textOf(PolicyName), custom: PolicyType === 'Custom', description: textOf(Description) }
            }),
          signal,
        ),
      ),
    listPolicyEntities: (name: string, signal?: AbortSignal) =>
      query(
        'ListEntitiesForPolicy',
        { PolicyName: name, PolicyType: 'Custom' },
        ({ Roles, Users, Groups }) => ({
          roles: listOf(objectOf(Roles).Role).map(({ RoleName }) => textOf(RoleName)),
          users: listOf(objectOf(Users).User).map(({ UserName }) => textOf(UserName)),
          groups: listOf(objectOf(Groups).Group).map(({ GroupName }) => textOf(GroupName)),
        }),
        signal,
      ),
    /**
     * Returns how many versions a policy has, and its default version, or undefined if the policy
     * does not exist. RAM keeps at most {@link MOST_VERSIONS}. The documents are in the vendor's
     * page of 2026-01-28 and in its SDK, but not in an older example of that page, so the document
     * may be ''.
     */
    listPolicyVersions: (name: string, signal?: AbortSignal) =>
      unlessMissing(() =>
        query(
          'ListPolicyVersions',
          { PolicyName: name, PolicyType: 'Custom' },
          ({ PolicyVersions }) => {
            const versions = listOf(objectOf(PolicyVersions).PolicyVersion)
            const standard = versions.find(({ IsDefaultVersion }) => IsDefaultVersion === true)
            return {
              versions: versions.length,
              defaultVersion: textOf(standard?.VersionId),
              document: plainDocument(textOf(standard?.PolicyDocument)),
            }
          },
          signal,
        ),
      ),
    getRole: (name: string, signal?: AbortSignal) =>
      unlessMissing(() =>
        query(
          'GetRole',
          { RoleName: name },
          ({ Role }) => {
            const { Description, AssumeRolePolicyDocument } = objectOf(Role)
            // The trust policy is JSON in a string.
            return { name, description: textOf(Description), trust: textOf(AssumeRolePolicyDocument) }
          },
          signal,
        ),
      ),
    listTags: (kind: 'policy' | 'role', name: string, signal?: AbortSignal): Promise<readonly Tag[]> =>
      query(
        'ListTagResources',
        { ResourceType: kind, ResourceNames: JSON.stringify([name]), PageSize: 100 },
        ({ TagResources }) =>
          listOf(TagResources).map(({ TagKey, TagValue }) => ({ key: textOf(TagKey), value: textOf(TagValue) })),
        signal,
      ),
    /**
     * Performs a change of `ramChange`. A failed change is retried only if RAM certainly did not
     * perform it.
     */
    change: (action: RamChange[0], parameters: RamChange[1], signal?: AbortSignal): Promise<unknown> =>
      call(action, parameters, signal, true),
  }
}

/**
 * Returns an OIDC provider of the account, from RAM's newer API (IMS 2019-08-15), or undefined if
 * it does not exist.
 */
export function getOidcProvider(target: AbortableTarget, name: string) {
  const call = { product: 'ims', version: '2019-08-15', action: 'GetOIDCProvider', query: { OIDCProviderName: name } }
  return unlessMissing(async () => {
    const response = await target.transport.call({ ...target, ...call }, target.signal)
    const { IssuerUrl, ClientIds } = (response.OIDCProvider ?? {}) as JsonObject
    const clientIds = textOf(ClientIds).split(',')
    // The client IDs are the allowed audiences of the provider's tokens.
    return { issuer: textOf(IssuerUrl), clientIds: clientIds.filter((id) => id !== '') }
  })
}

/**
 * The vendor's SDKs and Terraform's provider read plain JSON. One public record of calls shows
 * URL-encoded JSON from GetPolicy. So a text that begins with an encoded `{` is decoded, once.
 */
function plainDocument(text: string): string {
  if (!/^%7B/i.test(text)) return text
  return orElse(() => decodeURIComponent(text), text)
}

/** Returns an object of a response, empty if the object is absent. */
function objectOf<Shape extends object>(value: Shape | undefined): Partial<Shape> {
  if (value === undefined || value === null) return {}
  if (isRecord(value)) return value
  throw new TypeError('not an object')
}

function listOf<Item extends object>(value: readonly Item[] | undefined): readonly Item[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && (value as readonly unknown[]).every(isRecord)) return value
  throw new TypeError('not a list of objects')
}

async function unlessMissing<Found>(find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof NopassError && error.reason?.startsWith('EntityNotExist.')) return undefined
    throw error
  }
}
