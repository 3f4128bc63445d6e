import type { Ram } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError } from '../errors.ts'
import { decideSteps, foreignMembers } from './decide-steps.ts'
import { describeStep, planOf } from './describe-step.ts'
import { observePolicy } from './observe-policy.ts'
import { performStep } from './perform-step.ts'
import type { ObservedPolicy, PolicyPlan, PolicyStep, PolicyTarget } from './policy-target.ts'

/** How often RAM is read again after a write of ours, a write of another run, or a lost response. */
const ROUNDS = 6

/** What applying would change: reads only. Throws as decideSteps and the transport do. */
export async function planPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  const { steps, kept } = decideAll(target, await observePolicy(ram, target, signal))
  return planOf(steps, kept)
}

function decideAll(target: PolicyTarget, observed: ObservedPolicy) {
  const others = foreignMembers(target, observed)
  const kept = others.length === 0 ? [] : [`policy ${target.policyName} as wide as it is: ${ofOtherLists(others)}`]
  return { steps: decideSteps(target, observed), kept }
}

const ofOtherLists = (members: readonly string[]): string =>
  `the cluster ${members.join(', ')} of another list needs it too (its description records who does)`

/**
 * Makes RAM as wanted and returns what was changed. Without a difference nothing is written. RAM has no precondition for a
 * write, so another run may overwrite ours with what it read before: RAM is read again until nothing differs. Throws also
 * POLICY_UNSETTLED.
 */
export async function applyPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  return untilSettled(
    ram,
    target.purpose,
    async () => decideAll(target, await observePolicy(ram, target, signal)),
    signal,
  )
}

/** Decides and performs, round by round, until there is no step left. */
export async function untilSettled(
  ram: Ram,
  purpose: string,
  decide: () => Promise<{ steps: readonly PolicyStep[]; kept: readonly string[] }>,
  signal?: AbortSignal,
): Promise<PolicyPlan> {
  const done: PolicyStep[] = []
  const unverified: Unverified[] = []
  const denied: string[] = []
  let trouble: unknown
  for (let round = 1; round <= ROUNDS; round++) {
    const decided = await decide()
    const steps = decided.steps.filter(({ do: what }) => !(what === 'record-members' && denied.length > 0))
    if (steps.length === 0) return planOf(done, [...decided.kept, ...denied], unverified)
    for (const step of steps) {
      signal?.throwIfAborted()
      try {
        const note = await performStep(ram, step, purpose, signal)
        if (note) unverified.push(note)
        done.push(step)
      } catch (error) {
        if (step.do === 'record-members' && isDenied(error)) {
          // Nothing that works today depends on it; another list may narrow the policy without knowing of these clusters.
          denied.push(`policy ${step.policy} without a record of its clusters: ram:UpdatePolicyDescription is denied`)
          continue
        }
        if (!isUnsettled(error)) throw explained(error, step)
        trouble = error
        break
      }
    }
  }
  const last = done.at(-1)
  throw new NopassError('POLICY_UNSETTLED', `RAM is not as wanted after ${ROUNDS} tries for ${purpose}`, {
    cause: trouble,
    ...(trouble instanceof NopassError && trouble.reason !== undefined && { reason: trouble.reason }),
    ...(last && { hint: `Run again; the last step that was done: ${describeStep(last)}.` }),
  })
}

function isDenied(error: unknown): boolean {
  return error instanceof NopassError && error.code === 'CLOUD_DENIED'
}

/** Somebody was faster, something is still in use, or nobody knows whether the write was done. */
function isUnsettled(error: unknown): boolean {
  if (!(error instanceof NopassError)) return false
  if (error.code === 'CLOUD_UNREACHABLE' || error.code === 'CLOUD_UNAVAILABLE') return true
  return /^(EntityAlreadyExists|EntityNotExist|DeleteConflict|LimitExceeded\.Policy\.Version)/.test(error.reason ?? '')
}

/** RAM's quotas and lengths have codes of their own. */
function explained(error: unknown, step: PolicyStep): unknown {
  if (!(error instanceof NopassError)) return error
  const { reason = '', requestId } = error
  const ids = { reason, ...(requestId !== undefined && { requestId }) }
  if (reason.startsWith('LimitExceeded.')) {
    return new NopassError('POLICY_LIMIT', `cannot ${describeStep(step)}: a limit of RAM is reached`, ids)
  }
  // CreateRole and CreatePolicy, "Error codes"; UpdateRole names its parameter with New.
  if (/^InvalidParameter\.(New)?AssumeRolePolicyDocument\.Length$/.test(reason)) {
    return new NopassError('POLICY_TOO_LARGE', `cannot ${describeStep(step)}: RAM does not accept its length`, {
      ...ids,
      hint: 'Remove statements that nothing needs from the trust policy of the role, or use a role of its own for this cluster.',
    })
  }
  if (/^InvalidParameter\.PolicyDocument\.Length$/.test(reason)) {
    return new NopassError('POLICY_TOO_LARGE', `cannot ${describeStep(step)}: RAM does not accept its length`, ids)
  }
  return error
}
