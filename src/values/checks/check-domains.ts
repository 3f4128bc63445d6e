import { wildcardsMeet } from '../../lib/wildcards.ts'
import type { Cursor } from '../cursor.ts'
import { matchesGlobs } from '../glob.ts'
import type { ValuesError } from '../values-error.ts'

/** A key of the pull secret from a registry: a domain, or all domains of an instance. */
interface Claim {
  readonly key: string
  readonly shown: string
  readonly by: Cursor
  readonly registry: Cursor
}

/**
 * Two registries with one domain for one namespace: a pull secret holds one credential per domain.
 */
export function checkDomains(values: Cursor): ValuesError[] {
  const claims = values.at('registries').items.flatMap(claimsOf)
  const overlap = (left: Claim, right: Claim): boolean =>
    targetsOverlap(targetsOf(values, left.registry), targetsOf(values, right.registry))
  return claims.flatMap((claim, index) => {
    const rival = claims
      .slice(0, index)
      .find((other) => other.key === claim.key && other.registry !== claim.registry && overlap(other, claim))
    if (rival === undefined) return []
    const both = `\`${claim.registry.name}\` and \`${rival.registry.name}\` (line ${rival.by.position.line})`
    const message = `${both} both claim ${claim.shown} for the same namespaces`
    return [claim.by.error('VALUES_DOMAIN_TWICE', message, { value: claim.shown })]
  })
}

function claimsOf(registry: Cursor): Claim[] {
  const given = registry.at('domains').items.flatMap((by): Claim[] => {
    const domain = by.text?.toLowerCase()
    return domain === undefined ? [] : [{ key: `domain ${domain}`, shown: by.shown.toLowerCase(), by, registry }]
  })
  // A host given as host/namespace is written in that form alone, so that two accounts can share
  // it.
  const isNarrowed = given.some(({ key }) => key.includes('/'))
  return [...given, ...(isNarrowed ? [] : ownClaims(registry))]
}

function ownClaims(registry: Cursor): Claim[] {
  const edition = registry.at('edition').value
  const by = registry.at(edition === 'personal' ? 'region' : 'instanceId')
  if (by.text === undefined || (edition !== 'personal' && edition !== 'enterprise')) return []
  const shown =
    edition === 'personal' ? `the domains of the Personal Edition in ${by.shown}` : `the domains of ${by.shown}`
  return [{ key: `${by.key} ${by.text}`, shown, by, registry }]
}

function targetsOf(values: Cursor, registry: Cursor): TargetSet {
  const pick = (key: string): Cursor => {
    const own = registry.at('targets', 'namespaces', key)
    return own.node === undefined ? values.at('targets', 'namespaces', key) : own
  }
  const labels = pick('selector').at('matchLabels').members
  return {
    include: pick('include').texts,
    exclude: pick('exclude').texts,
    labels: Object.fromEntries(labels.map(({ key, value }) => [key, value])),
  }
}

/** Namespaces by globs and labels. */
export interface TargetSet {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly labels: Readonly<Record<string, unknown>>
}

/**
 * Whether a namespace can match both. Never false if one can; also true in the few cases that need
 * an exhaustive search (several exclude globs that together cover a glob).
 */
export function targetsOverlap(left: TargetSet, right: TargetSet): boolean {
  const isApart = Object.entries(left.labels).some(([label, value]) => {
    return Object.hasOwn(right.labels, label) && right.labels[label] !== value
  })
  if (isApart) return false
  const exclude = [...left.exclude, ...right.exclude]
  // A glob is covered by another when that fits its text: its own `*` then counts as one more
  // character.
  const usable = (globs: readonly string[]): string[] => globs.filter((glob) => !matchesGlobs(exclude, glob))
  return usable(left.include).some((a) => usable(right.include).some((b) => wildcardsMeet(a, b)))
}
