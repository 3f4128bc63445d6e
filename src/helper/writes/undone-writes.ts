import type { Clock } from '../../lib/clock.ts'
import type { WriteAction } from '../plan/actions.ts'
import { REFUSED } from './decision-problem.ts'
import { waitBeforeRetry } from './retry-wait.ts'

interface UndoneWrite {
  /** Identifies what was to be written. */
  readonly content: string
  readonly times: number
  /** Monotonic milliseconds. */
  readonly until: number
}

/**
 * Remembers writes that a policy or webhook undid at once. Each undone write causes an event, and
 * without a pause each event would cause the same write again. Other content, such as a new
 * credential, does not wait.
 */
export function createUndoneWrites(clock: Clock, random: () => number, hashOf: (group: string) => string | undefined) {
  const undone = new Map<string, UndoneWrite>()
  const contentOf = (action: WriteAction): string =>
    action.kind === 'writeSecret' ? `${hashOf(action.group)}` : `${action.kind} ${action.list?.join()}`
  return {
    /**
     * Returns how many milliseconds the same write of this key still has to wait; 0 if it need not
     * wait.
     */
    pause(key: string, action: WriteAction): number {
      const last = undone.get(key)
      return last?.content === contentOf(action) ? Math.max(0, last.until - clock.monotonic()) : 0
    },
    /** Records that a write was undone. Returns the milliseconds until the next attempt. */
    note(key: string, action: WriteAction): number {
      const times = undone.get(key)?.times ?? 0
      const wait = waitBeforeRetry(REFUSED, times, random())
      undone.set(key, { content: contentOf(action), times: times + 1, until: clock.monotonic() + wait })
      return wait
    },
    forget: (key: string) => undone.delete(key),
  }
}
