import type { Ram } from '../alibaba/ram.ts'
import { decideSteps, foreignMembers, keepsLeftovers, leftoverRoles, UNRECORDED } from './decide-steps.ts'
import { type ObservedPolicy, observePolicy } from './observe-policy.ts'
import type { PolicyPlan, PolicyTarget } from './policy-target.ts'
import { MORE_MEMBERS } from './ram-names.ts'
import { type SettleOptions, untilSettled } from './settle-steps.ts'
import { planOf } from './steps.ts'

/**
 * Returns what applying would change. Only reads.
 * @throws the errors of `decideSteps` and of the transport
 */
export async function planPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  const { steps, kept } = decideAll(target, await observePolicy(ram, target, signal))
  return planOf(steps, kept)
}

function decideAll(target: PolicyTarget, observed: ObservedPolicy) {
  const others = target.document === undefined ? [] : foreignMembers(target, observed)
  const kept = others.length === 0 ? [] : [`policy ${target.policyName} as wide as it is: ${ofOtherLists(others)}`]
  return { steps: decideSteps(target, observed), kept: [...kept, ...keptLeftovers(target, observed)] }
}

function keptLeftovers(target: PolicyTarget, observed: ObservedPolicy): readonly string[] {
  const { policyName, leftovers } = target
  if (leftovers === 'detach' && observed.policy?.ours && observed.entities === undefined) {
    return [`policy ${policyName} on roles that may not need it any more: ram:ListEntitiesForPolicy is denied`]
  }
  const reason = keepsLeftovers(target, observed)
  const roles = reason === undefined ? [] : leftoverRoles(target, observed)
  return roles.map((role) => `policy ${policyName} on role ${role}, which nothing in this list needs there: ${reason}`)
}

const ofOtherLists = (members: readonly string[]): string =>
  members.every((member) => member === MORE_MEMBERS)
    ? UNRECORDED
    : `the cluster ${members.join(', ')} of another list needs it too (its description records who does)`

/**
 * Brings RAM to the desired state and returns what was changed. If there is a reason to keep
 * permissions, the run only adds what is needed. It does the same if another writer has changed a
 * document that this run wrote.
 * @throws POLICY_UNSETTLED, and the errors of `planPolicy`
 */
export async function applyPolicy(ram: Ram, target: PolicyTarget, options: SettleOptions = {}): Promise<PolicyPlan> {
  return untilSettled(
    ram,
    target.purpose,
    async ({ keep, overwritten }) => {
      const reason = keep ?? (overwritten ? 'another run changed it at the same time' : undefined)
      const widens = reason !== undefined && target.phase === 'narrow'
      const current: PolicyTarget = widens ? { ...target, phase: 'widen' } : target
      const { steps, kept } = decideAll(current, await observePolicy(ram, current, options.signal))
      return { steps, kept: widens ? [`policy ${target.policyName} as wide as it is: ${reason}`, ...kept] : kept }
    },
    options,
    // Nothing depends on these steps. If the right for such a step is missing, the step is skipped
    // and reported.
    ['record-members', 'detach', 'delete-policy'],
  )
}
