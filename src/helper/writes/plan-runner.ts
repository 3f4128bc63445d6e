import type { Clock } from '../../lib/clock.ts'

/** A plan of many keys; each step plans and queues one. */
export type Steps = Generator<undefined, void>

export interface PlanRunnerOptions {
  readonly clock: Clock
  /** Whether the helper's own copy has to be written. */
  readonly needsOwnWrite: () => boolean
  readonly queueOwnWrite: () => void
  /** Whether queued keys are waiting. */
  readonly isQueueBusy: () => boolean
  /** A plan is complete; `wasBusy`: keys of an earlier one were waiting when it began. */
  readonly onPlanned: (wasBusy: boolean) => void
}

/** The write of our own copy may hang (a webhook): the other writes wait no longer for it than this. */
const LONGEST_HOLD_MS = 2_000
/** V8 ends a garbage collection between turns: in one that planned 10,000 namespaces the heap grew from 19 to 37 MB (--trace-gc). */
const STEPS_PER_TURN = 500

/** Runs plans of many keys one after the other, in turns, each after the helper's own copy was written. */
export function createPlanRunner(options: PlanRunnerOptions) {
  const { clock } = options
  /** Plans that wait until the helper's own copy is written, so that a new leader never reads back less than other Secrets hold. */
  let held: Steps[] | undefined
  let cancelHold: (() => void) | undefined
  /** Begun or waiting. */
  const plans: Steps[] = []
  let wasBusy = false
  let cancelTurn: (() => void) | undefined
  let stopped = false

  function release(): void {
    cancelHold?.()
    cancelHold = undefined
    const isRunning = plans.length > 0
    plans.push(...(held ?? []))
    held = undefined
    if (isRunning) return
    wasBusy = options.isQueueBusy()
    turn()
  }

  function turn(): void {
    if (stopped) return
    try {
      for (let left = STEPS_PER_TURN; left > 0 && plans.length > 0; left -= 1) {
        if (plans[0]?.next().done) {
          plans.shift()
          options.onPlanned(wasBusy)
          wasBusy = true
        }
      }
    } finally {
      // Also after an error, or no later plan would begin.
      cancelTurn = plans.length > 0 ? clock.after(0, turn) : undefined
    }
  }

  return {
    add(plan: Steps): void {
      held = [...(held ?? []), plan]
      if (options.needsOwnWrite()) {
        cancelHold ??= clock.after(LONGEST_HOLD_MS, release)
        options.queueOwnWrite()
      } else release()
    },
    /** The own copy was handled; `failed`: the other Secrets do not wait for it. */
    ownHandled(failed: boolean): void {
      // Another plan during the write may have queued it again.
      if (held !== undefined && (failed || !options.needsOwnWrite())) release()
    },
    /** No plan is running or waiting. */
    get idle() {
      return held === undefined && plans.length === 0
    },
    stop(): void {
      stopped = true
      cancelHold?.()
      cancelTurn?.()
    },
  }
}
