import { NopassError } from '../errors.ts'
import {
  addStatements,
  documentText,
  fitsPolicy,
  includesDocument,
  normalForm,
  type PolicyDocument,
  parseDocument,
  policyOf,
  sameDocument,
  unionDocuments,
  withoutGrants,
} from './normal-form.ts'
import { type ObservedPolicy, rolesOf } from './observe-policy.ts'
import type { PolicyStep, PolicyTarget } from './policy-target.ts'
import { MORE_MEMBERS, membersOf, nextPolicyName } from './ram-names.ts'

/**
 * Returns the steps from RAM's state to the desired state. Throws before anything is written.
 * @throws POLICY_NOT_OURS, POLICY_TOO_LARGE, POLICY_ROLE_MISSING, POLICY_UNREADABLE
 */
export function decideSteps(target: PolicyTarget, observed: ObservedPolicy): readonly PolicyStep[] {
  const trust = trustSteps(target, observed)
  const permission =
    target.document === undefined
      ? []
      : [...documentSteps(target, target.document, observed), ...attachSteps(target, observed)]
  return [...trust, ...permission, ...nextSteps(target, observed), ...leftoverSteps(target, observed)]
}

function documentSteps(target: PolicyTarget, desired: PolicyDocument, observed: ObservedPolicy): PolicyStep[] {
  const { policy } = observed
  const name = target.policyName
  const { members } = target
  if (policy === undefined) {
    documentText(normalForm(desired), `policy ${name}`)
    return [{ do: 'create-policy', policy: name, document: normalForm(desired), ...(members && { members }) }]
  }
  if (!policy.ours && !target.adopt) throw notOurs(name)
  const adopt: PolicyStep[] = [
    ...(policy.ours ? [] : [{ do: 'adopt-policy', policy: name } as const]),
    ...memberSteps(target, policy),
  ]
  const before = parseDocument(policy.document, `policy ${name}`)
  const widens = target.phase === 'widen' || foreignMembers(target, observed).length > 0
  const after = widens ? unionDocuments(before, desired) : normalForm(desired)
  if (sameDocument(before, after)) return adopt
  if (widens && !fitsPolicy(after)) return [...adopt, ...nextPolicySteps(target, desired, before, observed)]
  documentText(after, `policy ${name}`)
  return [...adopt, { do: 'update-policy', policy: name, version: policy.defaultVersion, before, after }]
}

/**
 * Writes statements that do not fit into the first policy to a second policy. A helper with the old
 * values then keeps its rights, and a helper with the new values has all its rights. Narrowing
 * merges the two policies.
 */
function nextPolicySteps(
  target: PolicyTarget,
  desired: PolicyDocument,
  before: PolicyDocument,
  observed: ObservedPolicy,
): PolicyStep[] {
  documentText(normalForm(desired), `policy ${target.policyName}`)
  const name = nextPolicyName(target.policyName)
  const lacking = withoutGrants(desired, before)
  const { next } = observed
  const steps: PolicyStep[] = []
  if (next === undefined) {
    steps.push({ do: 'create-policy', policy: name, document: lacking })
  } else {
    if (!next.ours) throw notOurs(name)
    const own = parseDocument(next.document, `policy ${name}`)
    const after = unionDocuments(own, lacking)
    if (!fitsPolicy(after)) {
      const message = `neither ${target.policyName} nor ${name} has room for the desired statements`
      throw new NopassError('POLICY_TOO_LARGE', message, { hint: NO_ROOM })
    }
    const { defaultVersion: version } = next
    if (!sameDocument(own, after)) steps.push({ do: 'update-policy', policy: name, version, before: own, after })
  }
  return [...steps, ...attachSteps({ ...target, policyName: name }, observed)]
}

const NO_ROOM =
  'Deploy the former values again with verification, which narrows both policies to what is used; then deploy the new values.'

/** The second policy is removed when the first one is narrowed to what is needed. */
function nextSteps(target: PolicyTarget, observed: ObservedPolicy): PolicyStep[] {
  const { next, nextEntities } = observed
  if (target.phase === 'widen' || !next?.ours || keepsLeftovers(target, observed) !== undefined) return []
  if (foreignMembers(target, observed).length > 0) return []
  const policy = next.name
  const roles =
    nextEntities?.roles ??
    rolesOf(target).filter((role) => observed.attached.get(role)?.some(({ name, custom }) => custom && name === policy))
  const detach = roles.map((role): PolicyStep => ({ do: 'detach', policy, role }))
  if (nextEntities === undefined || nextEntities.users.length + nextEntities.groups.length > 0) return detach
  return [...detach, { do: 'delete-policy', policy, before: parseDocument(next.document, `policy ${policy}`) }]
}

/** Returns the roles that have our policy although no target names these roles any more. */
export function leftoverRoles(target: PolicyTarget, { policy, entities }: ObservedPolicy): readonly string[] {
  if (target.phase === 'widen' || target.leftovers === undefined || !policy?.ours) return []
  // RAM may show a name in other letter cases than the user writes it, for example as in an ARN.
  const desired = (target.document === undefined ? [] : rolesOf(target)).map((role) => role.toLowerCase())
  return (entities?.roles ?? []).filter((role) => !desired.includes(role.toLowerCase()))
}

function leftoverSteps(target: PolicyTarget, observed: ObservedPolicy): PolicyStep[] {
  if (keepsLeftovers(target, observed) !== undefined) return []
  return leftoverRoles(target, observed).map((role) => ({ do: 'detach', policy: target.policyName, role }))
}

/** The reason to keep a shared policy whose description was edited: another list may need it. */
export const UNRECORDED: string = 'its description does not record which clusters need it'

/**
 * Returns why our policy stays on roles that nothing in this list needs it for. If undefined, the
 * policy is detached from these roles.
 */
export function keepsLeftovers(target: PolicyTarget, observed: ObservedPolicy): string | undefined {
  const { leftovers, members } = target
  if (typeof leftovers === 'object') return leftovers.keep
  if (leftovers === undefined || members === undefined || observed.policy === undefined) return undefined
  if (membersOf(observed.policy.description).length === 0) return UNRECORDED
  const others = foreignMembers(target, observed)
  return others.length === 0 ? undefined : `the cluster ${others.join(', ')} of another list may need it`
}

/**
 * Returns the recorded members of a shared policy that are not in this list. Another list needs the
 * policy for them. What that list needs is unknown here, so nothing is narrowed.
 */
export function foreignMembers({ phase, members, adopt }: PolicyTarget, { policy }: ObservedPolicy): readonly string[] {
  if (phase === 'widen' || members === undefined || policy === undefined) return []
  return recordedMembers({ adopt }, policy).filter((member) => !members.includes(member))
}

/**
 * A shared policy of acr-nopass is created with its members in its description. If the description
 * names none, somebody edited it. This list is not recorded then: as the only member, it would look
 * as if nobody else needed the policy.
 */
function recordedMembers(
  { adopt }: Pick<PolicyTarget, 'adopt'>,
  { description, ours }: NonNullable<ObservedPolicy['policy']>,
): readonly string[] {
  const known = membersOf(description)
  return known.length === 0 && ours && !adopt ? [MORE_MEMBERS] : known
}

function memberSteps(
  { policyName, members = [], adopt }: PolicyTarget,
  policy: NonNullable<ObservedPolicy['policy']>,
): PolicyStep[] {
  const known = recordedMembers({ adopt }, policy)
  const missing = members.filter((member) => !known.includes(member))
  if (missing.length === 0 || known.includes(MORE_MEMBERS)) return []
  return [{ do: 'record-members', policy: policyName, members: [...new Set([...known, ...members])].sort() }]
}

function attachSteps(target: PolicyTarget, observed: ObservedPolicy): PolicyStep[] {
  return rolesOf(target).flatMap((role): PolicyStep[] => {
    const attached = observed.attached.get(role)
    const toBeMade = target.trust?.create === true && role === target.trust.role
    if (attached === undefined && !toBeMade) throw missingRole(role)
    const there = attached?.some(({ name, custom }) => custom && name === target.policyName)
    return there ? [] : [{ do: 'attach', policy: target.policyName, role }]
  })
}

function trustSteps(target: PolicyTarget, observed: ObservedPolicy): PolicyStep[] {
  if (target.trust === undefined) return []
  const { role, statements, create, alternatives } = target.trust
  const own = policyOf(statements)
  const found = observed.trustRole
  if (found === undefined) {
    if (!create) throw missingRole(role)
    return [{ do: 'create-role', role, trust: normalForm(own) }]
  }
  const before = parseDocument(found.trust, `role ${role}`)
  if (alternatives?.some((one) => includesDocument(before, policyOf([one])))) return []
  const widens = target.phase === 'widen' || alternatives !== undefined || foreignMembers(target, observed).length > 0
  const ours = widens ? unionDocuments(before, own) : normalForm(own)
  // Other clusters may also use a role that has another owner or that the user named.
  const after = found.ours && create ? ours : addStatements(before, own)
  if (sameDocument(before, after)) return []
  return [{ do: 'update-trust', role, before, after }]
}

function notOurs(name: string): NopassError {
  return new NopassError('POLICY_NOT_OURS', `policy ${name} exists and was not made by acr-nopass`)
}

function missingRole(role: string): NopassError {
  return new NopassError('POLICY_ROLE_MISSING', `role ${role} does not exist in this account`)
}
