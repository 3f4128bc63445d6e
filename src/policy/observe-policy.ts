import type { AttachedPolicy, PolicyEntities, Ram, RamPolicy } from '../alibaba/ram.ts'
import { hasCode } from '../errors.ts'
import { fitsPolicy, parseDocument, unionDocuments } from './normal-form.ts'
import type { PolicyTarget } from './policy-target.ts'
import { hasMark, nextPolicyName, OWNER_TAG } from './ram-names.ts'

type Observable = Pick<PolicyTarget, 'policyName' | 'roles' | 'trust'> &
  Partial<Pick<PolicyTarget, 'document' | 'leftovers'>>

/** RAM's current state of a target. */
export type ObservedPolicy = Awaited<ReturnType<typeof observePolicy>>

/** Reads RAM's current state of a target, with concurrent requests where possible. */
export async function observePolicy(ram: Ram, target: Observable, signal?: AbortSignal) {
  const { policyName } = target
  const [policy, attached, trustRole] = await Promise.all([
    observeOwned(ram, 'policy', policyName, ram.getPolicy(policyName, signal), signal),
    Promise.all(rolesOf(target).map(async (role) => [role, await ram.listRolePolicies(role, signal)] as const)),
    target.trust && observeOwned(ram, 'role', target.trust.role, ram.getRole(target.trust.role, signal), signal),
  ])
  const [entities, next] = await Promise.all([
    target.leftovers !== undefined && policy?.ours ? listEntities(ram, policyName, signal) : undefined,
    mayHaveNext(target, policy, attached) ? observeNext(ram, nextPolicyName(policyName), signal) : undefined,
  ])
  return {
    policy,
    /** The policies of each role; undefined if the role does not exist. */
    attached: new Map(attached),
    trustRole,
    /**
     * The roles that the policy is attached to, if leftovers are searched for. Undefined if RAM
     * denied the list.
     */
    ...(entities && { entities }),
    /**
     * The second policy, which holds what the first has no room for. Read only if it may exist or
     * is needed.
     */
    ...next,
  }
}

type OwnedPolicy = RamPolicy & { readonly ours: boolean }

/** True if the second policy exists, or if the first has no room for both documents. */
function mayHaveNext(
  target: Observable,
  policy: OwnedPolicy | undefined,
  attached: readonly (readonly [role: string, list: readonly AttachedPolicy[] | undefined])[],
): boolean {
  if (target.leftovers !== undefined) return policy?.ours === true
  const name = nextPolicyName(target.policyName)
  if (attached.some(([, list]) => list?.some((one) => one.custom && one.name === name))) return true
  if (target.document === undefined || !policy?.ours) return false
  return !fitsPolicy(unionDocuments(parseDocument(policy.document, `policy ${policy.name}`), target.document))
}

interface NextPolicy {
  readonly next?: OwnedPolicy | undefined
  readonly nextEntities?: PolicyEntities | undefined
}

async function observeNext(ram: Ram, name: string, signal?: AbortSignal): Promise<NextPolicy> {
  const next = await unlessDenied(observeOwned(ram, 'policy', name, ram.getPolicy(name, signal), signal))
  return { next, nextEntities: next?.ours ? await listEntities(ram, name, signal) : undefined }
}

const listEntities = (ram: Ram, name: string, signal?: AbortSignal): Promise<PolicyEntities | undefined> =>
  unlessDenied(ram.listPolicyEntities(name, signal))

/**
 * Returns undefined if the right is missing. Earlier versions did not need these rights, so a role
 * may lack them. The run then knows less, but does not fail.
 */
async function unlessDenied<Found>(read: Promise<Found>): Promise<Found | undefined> {
  try {
    return await read
  } catch (error) {
    if (hasCode(error, 'CLOUD_DENIED')) return undefined
    throw error
  }
}

/** Returns every role that needs the policy. */
export function rolesOf(target: Pick<PolicyTarget, 'roles' | 'trust'>): readonly string[] {
  return [...new Set([...target.roles, ...(target.trust ? [target.trust.role] : [])])]
}

async function observeOwned<Entity extends { readonly description: string }>(
  ram: Ram,
  kind: 'policy' | 'role',
  name: string,
  read: Promise<Entity | undefined>,
  signal?: AbortSignal,
): Promise<(Entity & { ours: boolean }) | undefined> {
  const entity = await read
  if (entity === undefined) return undefined
  // A description may have been edited by hand. The tag still identifies the owner then.
  const ours = hasMark(entity.description) || (await isTagged(ram, kind, name, signal))
  return { ...entity, ours }
}

async function isTagged(ram: Ram, kind: 'policy' | 'role', name: string, signal?: AbortSignal): Promise<boolean> {
  // Without the right to read tags, the entity is treated as another owner's, so that it is never
  // overwritten.
  const tags = (await unlessDenied(ram.listTags(kind, name, signal))) ?? []
  return tags.some(({ key, value }) => key === OWNER_TAG.key && value === OWNER_TAG.value)
}
