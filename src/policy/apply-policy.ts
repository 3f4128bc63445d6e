import type { Ram } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError } from '../errors.ts'
import { decideSteps } from './decide-steps.ts'
import { describeStep, planOf } from './describe-step.ts'
import { observePolicy } from './observe-policy.ts'
import { performStep } from './perform-step.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from './policy-target.ts'

/** How often what RAM has is looked at anew after somebody else changed it, or after an answer was lost. */
const ROUNDS = 5

/** What applying would change: reads only. Throws as decideSteps and the transport do. */
export async function planPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  return planOf(decideSteps(target, await observePolicy(ram, target, signal)))
}

/**
 * Makes RAM as wanted and says what was changed. Without a difference nothing is written. After a race, or when the
 * answer to a write was lost, it looks again instead of guessing. Throws also POLICY_UNSETTLED.
 */
export async function applyPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  return untilSettled(
    ram,
    target.purpose,
    async () => ({ steps: decideSteps(target, await observePolicy(ram, target, signal)), kept: [] }),
    signal,
  )
}

/** Decides and performs, round by round, until every step went through. */
export async function untilSettled(
  ram: Ram,
  purpose: string,
  decide: () => Promise<{ steps: readonly PolicyStep[]; kept: readonly string[] }>,
  signal?: AbortSignal,
): Promise<PolicyPlan> {
  const done: PolicyStep[] = []
  const unverified: Unverified[] = []
  let trouble: unknown
  for (let round = 1; round <= ROUNDS; round++) {
    const { steps, kept } = await decide()
    let settled = true
    for (const step of steps) {
      signal?.throwIfAborted()
      try {
        const note = await performStep(ram, step, purpose, signal)
        if (note) unverified.push(note)
        done.push(step)
      } catch (error) {
        if (!isUnsettled(error)) throw explained(error, step)
        trouble = error
        settled = false
        break
      }
    }
    if (settled) return planOf(done, kept, unverified)
  }
  const last = done.at(-1)
  throw new NopassError('POLICY_UNSETTLED', `RAM is not as wanted after ${ROUNDS} tries for ${purpose}`, {
    cause: trouble,
    ...(trouble instanceof NopassError && trouble.reason !== undefined && { reason: trouble.reason }),
    ...(last && { hint: `Run again; the last step that was done: ${describeStep(last)}.` }),
  })
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
