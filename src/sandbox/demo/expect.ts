import { NopassError } from '../../errors.ts'

/** The demo shows what is so, or fails. Throws SANDBOX_DEMO. */
export function expect(fact: boolean, message: string): asserts fact {
  if (!fact) throw new NopassError('SANDBOX_DEMO', message)
}
