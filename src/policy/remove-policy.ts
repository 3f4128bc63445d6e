import type { PolicyEntities, Ram } from '../alibaba/ram.ts'
import { UNRECORDED } from './decide-steps.ts'
import {
  includesDocument,
  type PolicyDocument,
  parseDocument,
  policyOf,
  type Statement,
  sameDocument,
  withoutGrants,
} from './normal-form.ts'
import { type ObservedPolicy, observePolicy, rolesOf } from './observe-policy.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from './policy-target.ts'
import { membersOf, nextPolicyName } from './ram-names.ts'
import { type Restraint, type SettleOptions, untilSettled } from './settle-steps.ts'

/** What to remove (`ram-cleanup`). */
export type RemovalTarget = Pick<PolicyTarget, 'policyName' | 'roles' | 'trust' | 'purpose' | 'members'>

/**
 * Detaches and deletes what acr-nopass owns and no one else uses. `kept` lists everything else,
 * with the reason.
 */
export async function removePolicy(ram: Ram, target: RemovalTarget, options: SettleOptions = {}): Promise<PolicyPlan> {
  const { signal } = options
  const decide = async ({ keep }: Restraint): Promise<Removal> => {
    if (keep !== undefined) return { steps: [], kept: [`policy ${target.policyName}: ${keep}`] }
    const observed = await observePolicy(ram, target, signal)
    const entities = observed.policy?.ours ? await ram.listPolicyEntities(target.policyName, signal) : undefined
    return decideRemoval(target, observed, entities)
  }
  return untilSettled(ram, target.purpose, decide, options)
}

interface Removal {
  readonly steps: readonly PolicyStep[]
  readonly kept: readonly string[]
}

const NOTHING: Removal = { steps: [], kept: [] }

export function decideRemoval(
  target: RemovalTarget,
  observed: ObservedPolicy,
  entities: PolicyEntities | undefined,
): Removal {
  const policy = policyRemoval(target, observed, entities)
  const next = policyRemoval(
    { ...target, policyName: nextPolicyName(target.policyName), members: undefined },
    { ...observed, policy: policy.kept.length > 0 ? undefined : observed.next },
    observed.nextEntities,
  )
  // Another list may need the role of a shared policy, and the callers that the role trusts.
  const role = target.members && policy.kept.length > 0 ? keptRole(target, observed) : roleRemoval(target, observed)
  return { steps: [...next.steps, ...policy.steps, ...role.steps], kept: [...policy.kept, ...next.kept, ...role.kept] }
}

function policyRemoval(
  target: RemovalTarget,
  { policy }: ObservedPolicy,
  entities: PolicyEntities | undefined,
): Removal {
  const name = target.policyName
  if (policy === undefined) return NOTHING
  if (!policy.ours || entities === undefined) {
    return { steps: [], kept: [`policy ${name}: it was not made by acr-nopass`] }
  }
  const recorded = membersOf(policy.description)
  if (target.members !== undefined && recorded.length === 0)
    return { steps: [], kept: [`policy ${name}: ${UNRECORDED}`] }
  const members = target.members === undefined ? [] : recorded.filter((member) => !target.members?.includes(member))
  if (members.length > 0) {
    const steps: PolicyStep[] =
      members.length === recorded.length ? [] : [{ do: 'record-members', policy: name, members }]
    return { steps, kept: [`policy ${name}: the cluster ${members.join(', ')} of another list still needs it`] }
  }
  const ours = rolesOf(target)
  const detach = entities.roles
    .filter((role) => ours.includes(role))
    .map((role): PolicyStep => ({ do: 'detach', policy: name, role }))
  const others = [
    ...entities.roles.filter((role) => !ours.includes(role)).map((role) => `role ${role}`),
    ...entities.users.map((user) => `user ${user}`),
    ...entities.groups.map((group) => `group ${group}`),
  ]
  if (others.length > 0) return { steps: detach, kept: [`policy ${name}: still attached to ${others.join(', ')}`] }
  const before = parseDocument(policy.document, `policy ${name}`)
  return { steps: [...detach, { do: 'delete-policy', policy: name, before }], kept: [] }
}

function keptRole({ policyName, trust }: RemovalTarget, { trustRole }: ObservedPolicy): Removal {
  return trust && trustRole ? { steps: [], kept: [`role ${trust.role}: its policy ${policyName} stays`] } : NOTHING
}

function roleRemoval(target: RemovalTarget, observed: ObservedPolicy): Removal {
  const found = observed.trustRole
  if (target.trust === undefined || found === undefined) return NOTHING
  const { role, statements, create } = target.trust
  const before = parseDocument(found.trust, `role ${role}`)
  // Other clusters may also use a role that the user named.
  if (!found.ours || !create) {
    const own = policyOf(statements.filter((one) => includesDocument(before, policyOf([one]))))
    if (own.Statement.length === 0) return NOTHING
    const rest = before.Statement.filter((one) => !includesDocument(own, policyOf([one])))
    const after = { ...before, Statement: rest }
    // If our grant is part of a larger statement, the document is regrouped without the grant.
    const clean = includesDocument(after, own) ? withoutGrants(before, own) : after
    if (clean.Statement.length === 0)
      return { steps: [], kept: [`role ${role}: the statement of acr-nopass is the only one in its trust policy`] }
    return { steps: [{ do: 'update-trust', role, before, after: clean }], kept: [] }
  }
  const names = [target.policyName, nextPolicyName(target.policyName)]
  const others = (observed.attached.get(role) ?? []).filter(({ name, custom }) => !custom || !names.includes(name))
  if (others.length === 0 && before.Statement.every((one) => statements.some((own) => hasPrincipalOf(one, own)))) {
    return { steps: [{ do: 'delete-role', role }], kept: [] }
  }
  if (others.length === 0) return { steps: [], kept: [`role ${role}: its trust policy also allows other principals`] }
  return { steps: [], kept: [`role ${role}: it has other policies: ${others.map(({ name }) => name).join(', ')}`] }
}

/**
 * True if the two statements name the same principal. Other statements for the same cluster belong
 * to former ServiceAccounts of the helper.
 */
function hasPrincipalOf(one: Statement, other: Statement): boolean {
  const bare = ({ Principal }: Statement): PolicyDocument => policyOf([{ Effect: 'Allow', Principal }])
  return sameDocument(bare(one), bare(other))
}
