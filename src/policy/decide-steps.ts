import { NopassError } from '../errors.ts'
import { documentText, type PolicyDocument, parseDocument, policyOf } from './document.ts'
import { MORE_MEMBERS, membersOf } from './names.ts'
import { includesDocument, normalForm, sameDocument, unionDocuments } from './normal-form.ts'
import { rolesOf } from './observe-policy.ts'
import type { ObservedPolicy, PolicyStep, PolicyTarget } from './policy-target.ts'

/**
 * The steps from what RAM has to what is wanted: none when nothing differs. Refuses, before anything is written, with
 * POLICY_NOT_OURS, POLICY_TOO_LARGE, POLICY_ROLE_MISSING, POLICY_UNREADABLE.
 */
export function decideSteps(target: PolicyTarget, observed: ObservedPolicy): readonly PolicyStep[] {
  const trust = trustSteps(target, observed)
  if (target.document === undefined) return trust
  return [...trust, ...documentSteps(target, target.document, observed), ...attachSteps(target, observed)]
}

function documentSteps(target: PolicyTarget, wanted: PolicyDocument, observed: ObservedPolicy): PolicyStep[] {
  const { policy } = observed
  const name = target.policyName
  const { members } = target
  if (policy === undefined) {
    documentText(normalForm(wanted), `policy ${name}`)
    return [{ do: 'create-policy', policy: name, document: normalForm(wanted), ...(members && { members }) }]
  }
  if (!policy.ours && !target.adopt) {
    throw new NopassError('POLICY_NOT_OURS', `policy ${name} exists and was not made by acr-nopass`)
  }
  const adopt: PolicyStep[] = [
    ...(policy.ours ? [] : [{ do: 'adopt-policy', policy: name } as const]),
    ...memberSteps(target, policy.description),
  ]
  const before = parseDocument(policy.document, `policy ${name}`)
  const widens = target.phase === 'widen' || foreignMembers(target, observed).length > 0
  const after = widens ? unionDocuments(before, wanted) : normalForm(wanted)
  if (sameDocument(before, after)) return adopt
  documentText(after, `policy ${name}`)
  return [...adopt, { do: 'update-policy', policy: name, before, after }]
}

/**
 * Recorded members of a shared policy that are not of this list: another list needs the policy too, and what it needs is not
 * known here, so nothing is narrowed.
 */
export function foreignMembers({ phase, members }: PolicyTarget, { policy }: ObservedPolicy): readonly string[] {
  if (phase === 'widen' || members === undefined || policy === undefined) return []
  return membersOf(policy.description).filter((member) => !members.includes(member))
}

function memberSteps({ policyName, members = [] }: PolicyTarget, description: string): PolicyStep[] {
  const known = membersOf(description)
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
  const { role, statement, create, alternatives } = target.trust
  const own = policyOf([statement])
  const found = observed.trustRole
  if (found === undefined) {
    if (!create) throw missingRole(role)
    return [{ do: 'create-role', role, trust: normalForm(own) }]
  }
  const before = parseDocument(found.trust, `role ${role}`)
  if (alternatives?.some((one) => includesDocument(before, policyOf([one])))) return []
  const phase = alternatives === undefined ? target.phase : 'widen'
  const after = found.ours ? ownTrust(phase, before, own) : foreignTrust(before, own)
  if (sameDocument(before, after)) return []
  return [{ do: 'update-trust', role, before, after }]
}

const ownTrust = (phase: PolicyTarget['phase'], before: PolicyDocument, own: PolicyDocument): PolicyDocument =>
  phase === 'widen' ? unionDocuments(before, own) : normalForm(own)

/** In a role of somebody else's only our statement comes, and every other one stays word for word. */
const foreignTrust = (before: PolicyDocument, own: PolicyDocument): PolicyDocument =>
  includesDocument(before, own) ? before : { ...before, Statement: [...before.Statement, ...own.Statement] }

function missingRole(role: string): NopassError {
  return new NopassError('POLICY_ROLE_MISSING', `role ${role} does not exist in this account`)
}
