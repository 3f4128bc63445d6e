import { summarize } from '../lib/text.ts'
import { printable } from '../printable.ts'

/**
 * Facts that a run relies on but cannot verify, because the vendor does not document them or the
 * cloud does not allow the check. The list is closed. An ID never changes its meaning.
 */
export const UNVERIFIED = {
  RAM_MATCHING:
    'Alibaba Cloud does not document how RAM matches wildcards inside a field of a resource, `?`, upper and lower case, and NotResource; verdicts about such policies are likely, not certain.',
  ISSUER:
    "RRSA: ACK lists this issuer first, and it was not verified, because the API server's /.well-known/openid-configuration could not be read (that needs the ClusterRole system:service-account-issuer-discovery). Other trust statements of the role are kept.",
  EDGE_NODES:
    'The nodes of edge node pools have no metadata service, and which node the helper runs on was not checked: keep it on cloud nodes with `nodeSelector`, or use identity.type: rrsa.',
  TAGS_DENIED:
    'The credentials lack ram:TagResources, so new policies and roles get no tag: only their description marks them as managed by acr-nopass.',
  VPC_FALLBACK: 'The VPC address does not resolve, so the public address is used.',
  EXPIRES_IN_HOURS:
    'Not every endpoint is known to honour expiresInHours; where it is refused or ignored, tokens live one hour.',
} as const

export type UnverifiedId = keyof typeof UNVERIFIED

/** An unverified fact, and the policy, host or registry that it concerns. */
export interface Unverified {
  readonly id: UnverifiedId
  readonly subject: string
}

/** One fact with everything that it concerns, without duplicates. */
export type UnverifiedFact = ReturnType<typeof collectUnverified>[number]

/** Returns each fact once, in the order of the list. */
export function collectUnverified(notes: readonly Unverified[]) {
  const byId = Map.groupBy(notes, ({ id }) => id)
  return (Object.keys(UNVERIFIED) as UnverifiedId[]).flatMap((id) => {
    const found = byId.get(id)
    if (found === undefined) return []
    return [{ id, text: UNVERIFIED[id] as string, subjects: [...new Set(found.map(({ subject }) => subject))].sort() }]
  })
}

export function describeFact({ id, text, subjects }: UnverifiedFact): string {
  return `${id} (${summarize(subjects)}): ${text}`
}

/** Prints the facts that were not verified; '' if there are none. */
export function renderUnverified(facts: readonly UnverifiedFact[]): string {
  if (facts.length === 0) return ''
  return ['assumed, but not verified:', ...facts.map((fact) => `  ${printable(describeFact(fact))}`)].join('\n')
}
