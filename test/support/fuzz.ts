import type { TestContext } from 'node:test'
import fc from 'fast-check'

/**
 * The variable that overrides the number of cases of every fuzz test: `FUZZ_RUNS=100000 npm test --
 * unit fuzz`.
 */
const RUNS_VARIABLE = 'FUZZ_RUNS'

/**
 * Checks a property with random cases and reports their number for a row of the table in
 * docs/reliability.md.
 */
export async function fuzz<T>(
  context: Pick<TestContext, 'diagnostic'>,
  id: string,
  property: fc.IRawProperty<T>,
  runs: number,
): Promise<void> {
  const requested = Number(process.env[RUNS_VARIABLE])
  const numRuns = requested > 0 ? requested : runs
  await fc.assert(property, { numRuns })
  context.diagnostic(`fuzz ${id}: ${numRuns} cases`)
}

/**
 * Any value that a peer may send, including objects that cannot be converted to text or a number.
 */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 9, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constant({ toString: '', valueOf: '' }),
)
