import type { Union, Unions } from '../../acr/unions.ts'

/** What decides which unions a cluster needs. */
export interface UnionFacts {
  /** Of each namespace: the entries that target it, and those that our Secret there has. */
  readonly places: Iterable<{ readonly entries: readonly string[]; readonly present: readonly string[] }>
  /** True if namespaces get the union's credential. */
  readonly isInForce: (union: Union) => boolean
  /** True if the log has, or gets, a credential of the union. */
  readonly isKnown: (union: Union) => boolean
  /** True if the last request for the union's credential failed. */
  readonly isFailing: (union: Union) => boolean
}

/**
 * Returns the unions that a cluster needs, which are those of all namespaces. While a union has no
 * credential, its narrower unions that have one are needed too. If its request failed, the union of
 * the entries that a namespace keeps is needed, so that their pulls do not end with the former
 * credential. `spare`: the names of all unions that may stand in for another union. Pure.
 */
export function neededUnions(
  unions: Pick<Unions, 'of' | 'part' | 'narrower'>,
  { places, isInForce, isKnown, isFailing }: UnionFacts,
): { readonly needed: readonly Union[]; readonly spare: ReadonlySet<string> } {
  const needed: Union[] = []
  const spare = new Set<string>()
  const seen = new Set<string>()
  for (const { entries, present } of places) {
    const key = `${entries} ${present}`
    if (seen.has(key)) continue
    seen.add(key)
    const wanted = unions.of(entries).flatMap(({ union }) => union ?? [])
    const missing = wanted.filter((union) => !isInForce(union))
    const narrower = missing.flatMap((union) => unions.narrower(union, present))
    for (const { name } of narrower) spare.add(name)
    const kept = missing.filter(isFailing).flatMap((union) => unions.part(union, present) ?? [])
    needed.push(...wanted, ...narrower.filter(isKnown), ...kept)
  }
  return { needed, spare }
}
