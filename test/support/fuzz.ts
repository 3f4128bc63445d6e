import { appendFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { FIGURES_VARIABLE } from './faults/fault-report.ts'

/** Cases of every property that is fuzzed, instead of its own number: `FUZZ_RUNS=100000 npm test -- unit fuzz`. */
const RUNS_VARIABLE = 'FUZZ_RUNS'

/** Checks a property with so many random cases and tells the number: a row of the fuzz table in docs/reliability.md by `id`. */
export async function fuzz<T>(
  context: Pick<TestContext, 'diagnostic'>,
  id: string,
  property: fc.IRawProperty<T>,
  runs: number,
): Promise<void> {
  const asked = Number(process.env[RUNS_VARIABLE])
  const numRuns = asked > 0 ? asked : runs
  await fc.assert(property, { numRuns })
  context.diagnostic(`fuzz ${id}: ${numRuns} cases`)
  const file = process.env[FIGURES_VARIABLE]
  if (file) appendFileSync(file, `${JSON.stringify({ id, area: 'fuzz', cases: numRuns })}\n`)
}

/** What a peer may send for a value; objects among them that cannot become text or a number. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 9, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constant({ toString: '', valueOf: '' }),
)
