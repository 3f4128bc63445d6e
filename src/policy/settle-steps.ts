import { setTimeout as sleep } from 'node:timers/promises'
import type { Ram } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode, NopassError, reworded } from '../errors.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { createLedger, isRemoval, removesPermission } from './ram-ledger.ts'
import { describeStep, performStep, planOf } from './steps.ts'

/** How often another run may overwrite what this run wrote. */
const ROUNDS = 6

/**
 * Pauses between two reads of RAM (milliseconds): the first pause, which doubles, and the longest
 * pause.
 */
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 10_000
/** The sum of all pauses while RAM lags or fails (milliseconds). Each call has its own timeouts. */
const PATIENCE_MS = 60_000

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined
  readonly pause?: ((milliseconds: number, signal?: AbortSignal) => Promise<void>) | undefined
  /** Called for each step that was done, so that no later error hides a completed step. */
  readonly onStep?: ((step: PolicyStep) => void) | undefined
  /**
   * Called right before each write that takes a permission away. If it returns a reason, nothing is
   * taken away.
   */
  readonly reasonToKeep?: (() => Promise<string | undefined>) | undefined
}

/** Limits of `decide`, besides RAM's state. */
export interface Restraint {
  /** The reason why nothing may be taken away. */
  readonly keep: string | undefined
  /** True if another writer has changed a document after this run wrote it. */
  readonly overwritten: boolean
}

interface Decision {
  readonly steps: readonly PolicyStep[]
  readonly kept: readonly string[]
}

/**
 * Reads, decides and performs until a read shows that no step is left. RAM's writes have no
 * preconditions, so another run may overwrite ours. RAM's reads may lag behind its writes, so the
 * run waits for a step that RAM accepted, and does not send it again.
 * @param optional steps that nothing depends on. If the right for such a step is missing, the step
 *   is skipped and reported.
 * @throws POLICY_UNSETTLED, and the errors of `decide` and of the transport
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

  /**
   * Sends a step.
   * @returns false if RAM must be read before the next step
   */
  async function send(step: PolicyStep): Promise<boolean> {
    signal?.throwIfAborted()
    if (isSkipped(step)) return true
    if (removesPermission(step)) {
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

  /** Returns undefined if RAM could not be read and a later read may work. */
  async function read(): Promise<Decision | undefined> {
    try {
      const decided = await decide(restraint)
      ledger.takeSeen(decided.steps).forEach(finish)
      return decided
    } catch (error) {
      const begun = done.length + ledger.unanswered().length > 0
      // Before the first write, the transport's own retries are enough.
      if (!isUnsettled(error) || (isDown(error) && !begun)) throw withDone(error, done)
      failure = error
      return undefined
    }
  }

  /** @returns the result, or whether to read RAM again at once or later */
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
    // Nothing is removed before RAM shows its replacement, because the two changes may take effect
    // in the other order.
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

/**
 * Waits longer each time.
 * @returns false, without waiting, once the pauses have used up `PATIENCE_MS`
 */
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

/**
 * Names the right for a step. A denied step is not tried again. If a policy cannot be detached, it
 * is not deleted either.
 */
function rightKey(step: PolicyStep): string {
  return `${step.do === 'record-members' ? 'record' : 'remove'} ${'policy' in step ? step.policy : ''}`
}

function withoutRight(step: PolicyStep): string {
  if (step.do === 'detach') return `policy ${step.policy} on role ${step.role}: ram:DetachPolicyFromRole is denied`
  if (step.do === 'delete-policy') return `policy ${step.policy}: ram:DeletePolicy is denied`
  // Without this record, another list may narrow the policy below what these clusters need.
  return `policy ${'policy' in step ? step.policy : ''} without a record of its clusters: ram:UpdatePolicyDescription is denied`
}

/** Adds the completed steps to an error, because RAM is already changed. */
function withDone(error: unknown, done: readonly PolicyStep[]): unknown {
  if (!(error instanceof NopassError) || done.length === 0) return error
  return reworded(error, `${error.message} (done before: ${done.map(describeStep).join('; ')})`)
}

function isDown(error: unknown): boolean {
  return hasCode(error, 'CLOUD_UNREACHABLE') || hasCode(error, 'CLOUD_UNAVAILABLE')
}

/**
 * True if another run was faster, RAM lags, something is still in use, or it is unknown whether the
 * write was done.
 */
function isUnsettled(error: unknown): boolean {
  if (!(error instanceof NopassError)) return false
  if (isDown(error)) return true
  return /^(EntityAlreadyExists|EntityNotExist|DeleteConflict|LimitExceeded\.Policy\.Version)/.test(error.reason ?? '')
}

/** True if RAM refused a step because its effect already exists. */
function hasItsEffect(step: PolicyStep, error: unknown): boolean {
  const reason = error instanceof NopassError ? (error.reason ?? '') : ''
  return reason.startsWith(isRemoval(step) ? 'EntityNotExist' : 'EntityAlreadyExists')
}

/** Errors about RAM's quotas and lengths get their own codes. */
function withCode(error: unknown, step: PolicyStep): unknown {
  if (!(error instanceof NopassError)) return error
  const { reason = '', requestId } = error
  const ids = { reason, requestId }
  if (reason.startsWith('LimitExceeded.')) {
    return new NopassError('POLICY_LIMIT', `cannot ${describeStep(step)}: a limit of RAM is reached`, ids)
  }
  // CreateRole and CreatePolicy, "Error codes". The parameter of UpdateRole starts with New.
  if (!/^InvalidParameter\.((New)?AssumeRole)?PolicyDocument\.Length$/.test(reason)) return error
  return new NopassError('POLICY_TOO_LARGE', `cannot ${describeStep(step)}: RAM does not accept its length`, {
    ...ids,
    hint: reason.includes('AssumeRole') ? LONG_TRUST : undefined,
  })
}

const LONG_TRUST =
  'Remove statements that nothing needs from the trust policy of the role, or use a separate role for this cluster.'
