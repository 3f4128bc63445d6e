import type { TestLine } from './reporter.ts'

/** Counts of tests over files and suites. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 }

export function addCounts(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  }
}

/**
 * Returns the last line of a run: `120 passed, 0 failed`, and the skipped tests if there are any.
 */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Counts the reporter's lines of one file. */
export function countLines(lines: readonly TestLine[]): Counts {
  const count = (is: TestLine['is']) => lines.filter((line) => line.is === is).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}
