import type { Clock } from '../../lib/clock.ts'

/** Delays the first writes until every registry was tried, so that a Secret is not written once per registry. */
export interface FirstRound {
  readonly over: boolean
  /** The registries that are requested for the first time; over immediately without any, else after 3 s at the latest. */
  begin(registries: readonly string[]): void
  settled(registry: string): void
  stop(): void
}

const LONGEST_MS = 3_000

export function createFirstRound(clock: Clock, onOver: () => void): FirstRound {
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
    begin(registries) {
      if (state !== 'before') return
      state = 'running'
      for (const name of registries) waiting.add(name)
      cancel = clock.after(LONGEST_MS, finish)
      if (waiting.size === 0) finish()
    },
    settled(registry) {
      waiting.delete(registry)
      if (waiting.size === 0) finish()
    },
    stop: () => cancel?.(),
  }
}
