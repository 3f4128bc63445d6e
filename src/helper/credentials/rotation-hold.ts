import type { Clock } from '../../lib/clock.ts'
import type { RegistryState } from './registry-state.ts'

/** Gathers credentials that are asked for at the same time, so that a Secret is written once for all of them. */
export interface RotationHold {
  /** A credential is asked for; `answered` follows in any case. */
  asked(registry: string): void
  answered(registry: string): void
  /** A registry has another credential; an urgent one waits for nothing. */
  changed(state: RegistryState): void
  /** Credentials that are held back. */
  readonly holding: boolean
  stop(): void
}

/** One that takes longer is written by itself. */
const LONGEST_MS = 3_000

export function createRotationHold(clock: Clock, rotate: (states: readonly RegistryState[]) => void): RotationHold {
  const asking = new Set<string>()
  const held = new Map<string, RegistryState>()
  let cancel: (() => void) | undefined
  const release = (): void => {
    cancel?.()
    cancel = undefined
    const states = [...held.values()]
    held.clear()
    if (states.length > 0) rotate(states)
  }
  return {
    asked: (registry) => void asking.add(registry),
    answered(registry) {
      asking.delete(registry)
      if (asking.size === 0) release()
    },
    changed(state) {
      held.set(state.name, state)
      if (state.urgent || asking.size === 0) release()
      else cancel ??= clock.after(LONGEST_MS, release)
    },
    get holding() {
      return held.size > 0
    },
    stop: () => cancel?.(),
  }
}
