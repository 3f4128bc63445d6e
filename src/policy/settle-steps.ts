import { setTimeout as sleep } from 'node:timers/promises'
import type { Ram } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode, NopassError, reworded } from '../errors.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { createLedger, isRemoval, takesAway } from './ram-ledger.ts'
import { describeStep, performStep, planOf } from './steps.ts'

/** How often another run may overwrite what this one wrote. */
const ROUNDS = 6

/** Between two reads of RAM: the first pause, which doubles, and the longest one (milliseconds). */
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 10_000
/**
 * How long the pauses are in all (milliseconds): RAM lags or fails. A call has timeouts of its own.
 */
const PATIENCE_MS = 60_000

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined
  readonly pause?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined
  /** Called for each step that was done, so that a later error hides none. */
  readonly onStep?: ((step: PolicyStep) => void) | undefined
  /**
   * Called right before each write that takes a permission away; a reason: nothing is taken away.
   */
  readonly reasonToKeep?: (() => Promise<string | undefined>) | undefined
}

/** What `decide` has to respect besides RAM's state. */
export interface Restraint {
  /** Why nothing may be taken away. */
  readonly keep: string | undefined
  /** Another writer has changed a document after this run wrote it. */
  readonly overwritten: boolean
}

interface Decision {
  readonly steps: readonly PolicyStep[]
  readonly kept: readonly string[]
}

/**
 * Reads, decides and performs until a read shows that no step is left. RAM's writes have no
 * preconditions, so another run may overwrite ours. Its reads may lag behind its writes, so a step
 * that RAM accepted is waited for and not sent again.
 * @param optional steps that nothing depends on: without the right they are skipped and reported
 * @throws POLICY_UNSETTLED, and as `decide` and the transport do
 */
export async function untilSettled(
  ram: Ram,
  purpose: string,
  decide: (restraint: Restraint) => Promise<Decision>,
  options: SettleOptions = {},
  optional: readonly PolicyStep['do'][] = ['record-members'],
): Promise<PolicyPlan> {
  const { signal, onStep, reasonToKeep } = options
  const ledger = createLedger()
  const done: PolicyStep[] = []
  const unverified: Unverified[] = []
  const denied = new Map<string, string>()
  let restraint: Restraint = { keep: undefined, overwritten: false }
  let left: readonly PolicyStep[] = []
  let failure: unknown
  let rounds = 0
  const finish = (step: PolicyStep): void => {
    done.push(step)
    onStep?.(step)
  }
  const isSkipped = (step: PolicyStep): boolean => optional.includes(step.do) && denied.has(rightKey(step))

  /** Sends a step. @returns false: RAM is to be read before the next one */
  async function send(step: PolicyStep): Promise<boolean> {
    signal?.throwIfAborted()
    if (isSkipped(step)) return true
    if (takesAway(step)) {
      const keep = restraint.keep ?? (await reasonToKeep?.())
      restraint = { ...restraint, keep }
      if (keep !== undefined) return false
    }
    try {
      const { note, version } = await performStep(ram, step, purpose, signal)
      if (note) unverified.push(note)
      ledger.accept(step, version)
      finish(step)
      return true
    } catch (error) {
      if (optional.includes(step.do) && hasCode(error, 'CLOUD_DENIED')) {
        denied.set(rightKey(step), withoutRight(step))
        return true
      }
      if (!isUnsettled(error)) throw withDone(withCode(error, step), done)
      if (hasItsEffect(step, error)) ledger.find(step)
      if (isDown(error)) ledger.lose(step)
      failure = error
      return false
    }
  }

  /** Undefined: RAM could not be read, and a later read may work. */
  async function read(): Promise<Decision | undefined> {
    try {
      const decided = await decide(restraint)
      ledger.takeSeen(decided.steps).forEach(finish)
      return decided
    } catch (error) {
      const begun = done.length + ledger.unanswered().length > 0
      // Before the first write the transport's retries are enough.
      if (!isUnsettled(error) || (isDown(error) && !begun)) throw withDone(error, done)
      failure = error
      return undefined
    }
  }

  /** @returns the result, or whether RAM is to be read again at once or later */
  async function round(): Promise<PolicyPlan | 'at once' | 'later'> {
    const before = restraint
    const decided = await read()
    if (decided === undefined) return 'later'
    const steps = decided.steps.filter((step) => !isSkipped(step))
    if (steps.length === 0) return planOf(done, [...decided.kept, ...denied.values()], unverified)
    left = steps
    if (!restraint.overwritten && steps.some(ledger.isForeign)) {
      restraint = { ...restraint, overwritten: true }
      return 'at once'
    }
    // Nothing is removed before RAM shows what replaces it: the two may take effect in another
    // order.
    const waiting = steps.some((step) => !isRemoval(step)) ? steps.filter(isRemoval) : []
    const open = steps.filter((step) => !ledger.isLate(step) && !waiting.includes(step))
    if (open.length === 0) return 'later'
    if (rounds === ROUNDS) throw unsettled()
    for (const step of open) {
      if (await send(step)) continue
      return restraint === before || restraint.keep === undefined ? 'later' : 'at once'
    }
    rounds++
    return 'at once'
  }

  function unsettled(): NopassError {
    const late = left.filter(ledger.isLate)
    const parts = [
      list('written', done),
      list('not seen in RAM yet', late),
      list('sent without an answer', ledger.unanswered()),
      list(
        'not done',
        left.filter((step) => !late.includes(step)),
      ),
    ]
    const hint = isDown(failure) || late.length > 0 ? 'Wait, then run again.' : 'Run again.'
    return new NopassError('POLICY_UNSETTLED', `RAM does not show the desired state for ${purpose}${parts.join('')}`, {
      cause: failure,
      reason: failure instanceof NopassError ? failure.reason : undefined,
      hint,
    })
  }

  const wait = createPauses(options)
  for (;;) {
    const next = await round()
    if (typeof next === 'object') return next
    if (next === 'later' && !(await wait())) throw unsettled()
  }
}

/** Waits longer each time. @returns false, without waiting: the patience is used up */
function createPauses({ signal, pause = pauseFor }: SettleOptions): () => Promise<boolean> {
  let next = FIRST_PAUSE_MS
  let waited = 0
  return async () => {
    if (waited >= PATIENCE_MS) return false
    await pause(next, signal)
    waited += next
    next = Math.min(next * 2, LONGEST_PAUSE_MS)
    return true
  }
}

const pauseFor = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal })

const list = (title: string, steps: readonly PolicyStep[]): string =>
  steps.length === 0 ? '' : `; ${title}: ${steps.map(describeStep).join(', ')}`

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

/**
 * Another run was faster, RAM lags, something is still in use, or it is unknown whether the write
 * was done.
 */
function isUnsettled(error: unknown): boolean {
  if (!(error instanceof NopassError)) return false
  if (isDown(error)) return true
  return /^(EntityAlreadyExists|EntityNotExist|DeleteConflict|LimitExceeded\.Policy\.Version)/.test(error.reason ?? '')
}

/** Whether RAM refused a step because its effect is there already. */
function hasItsEffect(step: PolicyStep, error: unknown): boolean {
  const reason = error instanceof NopassError ? (error.reason ?? '') : ''
  return reason.startsWith(isRemoval(step) ? 'EntityNotExist' : 'EntityAlreadyExists')
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
