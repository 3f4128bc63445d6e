import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coverage } from './coverage.ts'

/**
 * Percent that the coverage of src/ must reach. `npm run check` refuses a floor below an earlier
 * one.
 */
export interface Floor {
  readonly lines: number
  readonly branches: number
}

/** The file that contains the floor. */
export const FLOOR_FILE = 'test/coverage-floor.json'

export function readFloor(root: string): Floor {
  return parseFloor(readFileSync(join(root, FLOOR_FILE), 'utf8'))
}

export function parseFloor(text: string): Floor {
  const { lines, branches } = JSON.parse(text)
  if (typeof lines !== 'number' || typeof branches !== 'number')
    throw new Error(`${FLOOR_FILE}: lines and branches must be numbers`)
  return { lines, branches }
}

/**
 * Prints the coverage and returns whether it is below the floor. Without a floor (not everything
 * ran) the result is false.
 */
export function reportCoverage(coverage: Coverage, floor: Floor | undefined, print: (text: string) => void): boolean {
  const { lines, branches } = coverage
  const bound = floor
    ? ` (floor ${floor.lines} % and ${floor.branches} %)`
    : ' (floor not checked: not all tests ran and passed)'
  print(`coverage of src/: lines ${lines} %, branches ${branches} %${bound}`)
  if (!floor) return false
  if (lines < floor.lines || branches < floor.branches) {
    print('✖ coverage is below the floor: add tests')
    return true
  }
  const next = { lines: Math.floor(lines), branches: Math.floor(branches) }
  if (next.lines > floor.lines || next.branches > floor.branches)
    print(`  the floor can be raised: write ${JSON.stringify(next)} into ${FLOOR_FILE}`)
  return false
}
