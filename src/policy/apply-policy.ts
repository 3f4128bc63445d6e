import { setTimeout as sleep } from 'node:timers/promises'
import type { Ram } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode, NopassError, reworded } from '../errors.ts'
import { decideSteps, foreignMembers, keepsLeftovers, leftoverRoles } from './decide-steps.ts'
import { type ObservedPolicy, observePolicy } from './observe-policy.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from './policy-target.ts'
import { describeStep, performStep, planOf } from './steps.ts'

/** How often RAM is read again, after our own write, another run's, or a lost response. */
const ROUNDS = 6

/** Before RAM is read again after it failed; longer each time, 4.5 s in all. */
const PAUSE_MS = 300

/** What applying would change; only reads. @throws as `decideSteps` and the transport do */
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
  `the cluster ${members.join(', ')} of another list needs it too (its description records who does)`

/**
 * Brings RAM to the desired state and returns what was changed. RAM's writes have no preconditions, so another run may
 * overwrite ours with what it read before: RAM is read again until nothing differs.
 * @throws POLICY_UNSETTLED, and as `planPolicy` does
 */
export async function applyPolicy(ram: Ram, target: PolicyTarget, signal?: AbortSignal): Promise<PolicyPlan> {
  return untilSettled(
    ram,
    target.purpose,
    async () => decideAll(target, await observePolicy(ram, target, signal)),
    signal,
    // Nothing depends on these: without the right they are skipped and reported.
    ['record-members', 'detach', 'delete-policy'],
  )
}

/** Decides and performs until there is no step left. */
export async function untilSettled(
  ram: Ram,
  purpose: string,
  decide: () => Promise<{ steps: readonly PolicyStep[]; kept: readonly string[] }>,
  signal?: AbortSignal,
  optional: readonly PolicyStep['do'][] = ['record-members'],
): Promise<PolicyPlan> {
  const done: PolicyStep[] = []
  const unverified: Unverified[] = []
  const denied = new Map<string, string>()
  let failure: unknown
  for (let round = 1; round <= ROUNDS; round++) {
    const decided = await decide()
    const isLeft = (step: PolicyStep): boolean => optional.includes(step.do) && denied.has(rightKey(step))
    const steps = decided.steps.filter((step) => !isLeft(step))
    if (steps.length === 0) return planOf(done, [...decided.kept, ...denied.values()], unverified)
    for (const step of steps) {
      signal?.throwIfAborted()
      if (isLeft(step)) continue
      try {
        const note = await performStep(ram, step, purpose, signal)
        if (note) unverified.push(note)
        done.push(step)
      } catch (error) {
        if (optional.includes(step.do) && hasCode(error, 'CLOUD_DENIED')) {
          denied.set(rightKey(step), withoutRight(step))
          continue
        }
        if (!isUnsettled(error)) throw withDone(withCode(error, step), done)
        failure = error
        if (isDown(error) && round < ROUNDS) await sleep(PAUSE_MS * round, undefined, { signal })
        break
      }
    }
  }
  const last = done.at(-1)
  const lastStep = last === undefined ? '' : `; the last step that was done: ${describeStep(last)}`
  throw new NopassError(
    'POLICY_UNSETTLED',
    `RAM does not have the desired state after ${ROUNDS} tries for ${purpose}`,
    {
      cause: failure,
      reason: failure instanceof NopassError ? failure.reason : undefined,
      hint: isDown(failure) ? `Wait, then run again${lastStep}.` : last && `Run again${lastStep}.`,
    },
  )
}

/** A denied step is not tried again; a policy that cannot be detached is not deleted either. */
function rightKey(step: PolicyStep): string {
  return `${step.do === 'record-members' ? 'record' : 'remove'} ${'policy' in step ? step.policy : ''}`
}

function withoutRight(step: PolicyStep): string {
  if (step.do === 'detach') return `policy ${step.policy} on role ${step.role}: ram:DetachPolicyFromRole is denied`
  if (step.do === 'delete-policy') return `policy ${step.policy}: ram:DeletePolicy is denied`
  // Without the record another list may narrow the policy below what these clusters need.
  return `policy ${'policy' in step ? step.policy : ''} without a record of its clusters: ram:UpdatePolicyDescription is denied`
}

/** Names the completed steps in an error, because RAM is already changed. */
function withDone(error: unknown, done: readonly PolicyStep[]): unknown {
  if (!(error instanceof NopassError) || done.length === 0) return error
  return reworded(error, `${error.message} (done before: ${done.map(describeStep).join('; ')})`)
}

function isDown(error: unknown): boolean {
  return hasCode(error, 'CLOUD_UNREACHABLE') || hasCode(error, 'CLOUD_UNAVAILABLE')
}

/** Another run was faster, something is still in use, or it is unknown whether the write was done. */
function isUnsettled(error: unknown): boolean {
  if (!(error instanceof NopassError)) return false
  if (isDown(error)) return true
  return /^(EntityAlreadyExists|EntityNotExist|DeleteConflict|LimitExceeded\.Policy\.Version)/.test(error.reason ?? '')
}

/** RAM's quotas and lengths have their own codes. */
function withCode(error: unknown, step: PolicyStep): unknown {
  if (!(error instanceof NopassError)) return error
  const { reason = '', requestId } = error
  const ids = { reason, requestId }
  if (reason.startsWith('LimitExceeded.')) {
    return new NopassError('POLICY_LIMIT', `cannot ${describeStep(step)}: a limit of RAM is reached`, ids)
  }
  // CreateRole and CreatePolicy, "Error codes"; the parameter of UpdateRole starts with New.
  if (!/^InvalidParameter\.((New)?AssumeRole)?PolicyDocument\.Length$/.test(reason)) return error
  return new NopassError('POLICY_TOO_LARGE', `cannot ${describeStep(step)}: RAM does not accept its length`, {
    ...ids,
    hint: reason.includes('AssumeRole') ? LONG_TRUST : undefined,
  })
}

const LONG_TRUST =
  'Remove statements that nothing needs from the trust policy of the role, or use a separate role for this cluster.'
