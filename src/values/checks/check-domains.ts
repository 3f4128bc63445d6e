import { wildcardsMeet } from '../../lib/wildcards.ts'
import type { Cursor } from '../cursor.ts'
import { matchesGlobs } from '../glob.ts'
import type { ValuesError } from '../values-error.ts'
import { comparedEntries, familyOf, isLimited } from './registry-entry.ts'

/** A key that a registry adds to the pull secret: a domain, or all domains of an instance. */
interface Claim {
  readonly key: string
  readonly shown: string
  readonly by: Cursor
  readonly registry: Cursor
}

/**
 * Finds two registries with the same domain for the same namespace, because a pull secret can hold
 * only one credential per domain.
 */
export function checkDomains(values: Cursor): ValuesError[] {
  const claims = comparedEntries(values).flatMap(claimsOf)
  const overlap = (left: Claim, right: Claim): boolean =>
    targetsOverlap(targetsOf(values, left.registry), targetsOf(values, right.registry))
  return claims.flatMap((claim, index) => {
    const rival = claims
      .slice(0, index)
      .find((other) => other.key === claim.key && isRival(other.registry, claim.registry) && overlap(other, claim))
    if (rival === undefined) return []
    const both = `\`${claim.registry.name}\` and \`${rival.registry.name}\` (line ${rival.by.position.line})`
    const message = `${both} both claim ${claim.shown} for the same namespaces`
    return [claim.by.error('VALUES_DOMAIN_TWICE', message, { value: claim.shown })]
  })
}

/**
 * False for entries of one instance and identity if one of them is limited. Limited entries share
 * credentials, and `checkLimits` finds a limited entry beside an unlimited one.
 */
function isRival(left: Cursor, right: Cursor): boolean {
  const isFamily = familyOf(left) !== undefined && familyOf(left) === familyOf(right)
  return left !== right && !(isFamily && (isLimited(left) || isLimited(right)))
}

function claimsOf(registry: Cursor): Claim[] {
  const given = registry.at('domains').items.flatMap((by): Claim[] => {
    const domain = by.text?.toLowerCase()
    return domain === undefined ? [] : [{ key: `domain ${domain}`, shown: by.shown.toLowerCase(), by, registry }]
  })
  // If a host is given as host/namespace, the helper writes only that form, so that two accounts
  // can share the host.
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

/** Returns a key of the entry's own targets, or of the global targets. */
export function targetKey(values: Cursor, registry: Cursor, key: 'include' | 'exclude' | 'selector'): Cursor {
  const own = registry.at('targets', 'namespaces', key)
  return own.node === undefined ? values.at('targets', 'namespaces', key) : own
}

export function targetsOf(values: Cursor, registry: Cursor): TargetSet {
  const pick = (key: 'include' | 'exclude' | 'selector'): Cursor => targetKey(values, registry, key)
  const labels = pick('selector').at('matchLabels').members
  return {
    include: pick('include').texts,
    exclude: pick('exclude').texts,
    labels: Object.fromEntries(labels.map(({ key, value }) => [key, value])),
  }
}

/** A set of namespaces, by globs and labels. */
export interface TargetSet {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly labels: Readonly<Record<string, unknown>>
}

/**
 * True if a namespace can match both sets. The result is never false by mistake. It may be true by
 * mistake if several exclude globs only together cover a glob, which needs an exhaustive search.
 */
export function targetsOverlap(left: TargetSet, right: TargetSet): boolean {
  const isApart = Object.entries(left.labels).some(([label, value]) => {
    return Object.hasOwn(right.labels, label) && right.labels[label] !== value
  })
  if (isApart) return false
  const exclude = [...left.exclude, ...right.exclude]
  // A glob covers another glob if it matches that glob's text, in which `*` counts as a character.
  const usable = (globs: readonly string[]): string[] => globs.filter((glob) => !matchesGlobs(exclude, glob))
  return usable(left.include).some((a) => usable(right.include).some((b) => wildcardsMeet(a, b)))
}
