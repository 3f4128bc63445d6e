import type { Ram } from '../alibaba/ram.ts'
import { NopassError } from '../errors.ts'
import { hasMark, OWNER_TAG } from './names.ts'
import type { ObservedPolicy, PolicyTarget } from './policy-target.ts'

/** What RAM has of a target now: reads only, at the same time. */
export async function observePolicy(
  ram: Ram,
  target: Pick<PolicyTarget, 'policyName' | 'roles' | 'trust'>,
  signal?: AbortSignal,
): Promise<ObservedPolicy> {
  const [policy, attached, trustRole] = await Promise.all([
    observeOwned(ram, 'policy', target.policyName, ram.getPolicy(target.policyName, signal), signal),
    Promise.all(rolesOf(target).map(async (role) => [role, await ram.listRolePolicies(role, signal)] as const)),
    target.trust && observeOwned(ram, 'role', target.trust.role, ram.getRole(target.trust.role, signal), signal),
  ])
  return { policy, attached: new Map(attached), trustRole }
}

/** Every role that the policy is to be attached to. */
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
  // A description may have been edited by hand; the tag then still says whose it is.
  const ours = hasMark(entity.description) || (await isTagged(ram, kind, name, signal))
  return { ...entity, ours }
}

async function isTagged(ram: Ram, kind: 'policy' | 'role', name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const tags = await ram.listTags(kind, name, signal)
    return tags.some(({ key, value }) => key === OWNER_TAG.key && value === OWNER_TAG.value)
  } catch (error) {
    // Who may not read tags sees no mark: then it is not ours, which refuses rather than overwrites.
    if (error instanceof NopassError && error.code === 'CLOUD_DENIED') return false
    throw error
  }
}
