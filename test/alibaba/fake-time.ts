import type { TimeSource } from '../../src/alibaba/transport/cloud-clock.ts'

export interface FakeTime extends TimeSource {
  /** Both clocks go on. */
  advance(milliseconds: number): void
  /** Only the wall clock jumps, as when somebody sets it. */
  jump(milliseconds: number): void
}

export const START: number = Date.parse('2026-11-25T12:00:00Z')

export function fakeTime(wall: number = START): FakeTime {
  let [now, ticks] = [wall, 0]
  return {
    wall: () => now,
    monotonic: () => ticks,
    advance: (milliseconds) => {
      now += milliseconds
      ticks += milliseconds
    },
    jump: (milliseconds) => {
      now += milliseconds
    },
  }
}
