import type { Union, Unions } from '../../acr/unions.ts'

/** The facts that decide which unions a cluster needs. */
export interface UnionFacts {
  /** For each namespace: the entries that target it, and the entries that our Secret there has. */
  readonly places: Iterable<{ readonly entries: readonly string[]; readonly present: readonly string[] }>
  /** True if namespaces get the union's credential. */
  readonly isInForce: (union: Union) => boolean
  /** True if the union's credential is in the log, or will be logged. */
  readonly isKnown: (union: Union) => boolean
  /** True if the last request for the union's credential failed. */
  readonly isFailing: (union: Union) => boolean
}

/**
 * Returns the unions that the namespaces of a cluster need. While a union has no credential, its
 * narrower unions with a credential are needed too. If the request for a union fails, the union of
 * the entries that a namespace already has is also needed, so that pulls continue after the old
 * credential expires. `spare`: the names of all unions that may replace a union without a
 * credential. Pure.
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
