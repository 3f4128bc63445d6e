import { describeFact, type UnverifiedFact } from '../alibaba/unverified.ts'
import { printable } from '../printable.ts'

/** What was relied on without being verified, as text; '': nothing. */
export function renderUnverified(facts: readonly UnverifiedFact[]): string {
  if (facts.length === 0) return ''
  return ['relied on, and not verified:', ...facts.map((fact) => `  ${printable(describeFact(fact))}`)].join('\n')
}
