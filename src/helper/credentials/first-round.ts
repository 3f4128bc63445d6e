import type { Clock } from '../../lib/clock.ts'

const LONGEST_MS = 3_000

/**
 * Delays the first writes until every registry was tried, so that a Secret is not written once per
 * registry.
 */
export function createFirstRound(clock: Clock, onOver: () => void) {
  const waiting = new Set<string>()
  let state: 'before' | 'running' | 'over' = 'before'
  let cancel: (() => void) | undefined
  const finish = (): void => {
    if (state !== 'running') return
    state = 'over'
    cancel?.()
    onOver()
  }
  return {
    get over() {
      return state === 'over'
    },
    /**
     * Starts the round for the registries that are requested for the first time. The round is over
     * after 3 s at the latest, and immediately if there are none.
     */
    begin(registries: readonly string[]): void {
      if (state !== 'before') return
      state = 'running'
      for (const name of registries) waiting.add(name)
      cancel = clock.after(LONGEST_MS, finish)
      if (waiting.size === 0) finish()
    },
    settled(registry: string): void {
      waiting.delete(registry)
      if (waiting.size === 0) finish()
    },
    stop: () => cancel?.(),
  }
}
