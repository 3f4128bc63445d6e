import type { Clock } from '../../src/lib/clock.ts'

export interface FakeTime extends Pick<Clock, 'now' | 'monotonic'> {
  /** Moves both clocks forward. */
  advance(milliseconds: number): void
  /** Moves only the wall clock, as if somebody set it. */
  jump(milliseconds: number): void
}

export const START: number = Date.parse('2026-11-25T12:00:00Z')

export function fakeTime(wall: number = START): FakeTime {
  let [current, ticks] = [wall, 0]
  return {
    now: () => current,
    monotonic: () => ticks,
    advance: (milliseconds) => {
      current += milliseconds
      ticks += milliseconds
    },
    jump: (milliseconds) => {
      current += milliseconds
    },
  }
}
