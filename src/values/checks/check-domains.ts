import { wildcardsMeet } from '../../lib/wildcards.ts'
import { matchesGlobs } from '../glob.ts'
import { ValuesError } from '../values-error.ts'
import { child, items, type MapNode, type Position, text, texts, toValue, type YamlNode } from '../yaml/yaml-node.ts'

/** A key of the pull secret from a registry: a domain, or all domains of an instance. */
interface Claim {
  readonly key: string
  readonly shown: string
  readonly at: Position
  readonly path: readonly (string | number)[]
  readonly registry: number
}

/** Two registries with one domain for one namespace: a pull secret holds one credential per domain. */
export function checkDomains(values: MapNode): ValuesError[] {
  const registries = items(child(values, 'registries'))
  const claims = registries.flatMap(claimsOf)
  return claims.flatMap((claim, index) => {
    const rival = claims.slice(0, index).find((other) => {
      return (
        other.key === claim.key &&
        other.registry !== claim.registry &&
        overlap(values, registries, other.registry, claim.registry)
      )
    })
    if (rival === undefined) return []
    const message = `\`registries[${claim.registry}]\` and \`registries[${rival.registry}]\` (line ${rival.at.line}) both claim ${claim.shown} for the same namespaces`
    return [new ValuesError('VALUES_DOMAIN_TWICE', message, { at: claim.at, path: claim.path, value: claim.shown })]
  })
}

function claimsOf(registry: YamlNode, index: number): Claim[] {
  const domains = items(child(registry, 'domains'))
  const given = domains.flatMap((node, position): Claim[] => {
    const domain = text(node)?.toLowerCase()
    const path = ['registries', index, 'domains', position]
    return domain === undefined ? [] : [{ key: `domain ${domain}`, shown: domain, at: node.at, path, registry: index }]
  })
  // A host given as host/namespace is written in that form alone, so that two accounts can share it.
  const isNarrowed = given.some(({ shown }) => shown.includes('/'))
  return [...given, ...(isNarrowed ? [] : ownClaims(registry, index))]
}

function ownClaims(registry: YamlNode, index: number): Claim[] {
  const edition = text(child(registry, 'edition'))
  const key = edition === 'enterprise' ? 'instanceId' : edition === 'personal' ? 'region' : undefined
  const node = key === undefined ? undefined : child(registry, key)
  const value = text(node)
  if (key === undefined || node === undefined || value === undefined) return []
  const shown = key === 'region' ? `the domains of the Personal Edition in ${value}` : `the domains of ${value}`
  return [{ key: `${key} ${value}`, shown, at: node.at, path: ['registries', index, key], registry: index }]
}

function overlap(values: MapNode, registries: readonly YamlNode[], left: number, right: number): boolean {
  return targetsOverlap(targetsOf(values, registries[left]), targetsOf(values, registries[right]))
}

function targetsOf(values: MapNode, registry: YamlNode | undefined): TargetSet {
  const own = child(child(registry, 'targets'), 'namespaces')
  const global = child(child(values, 'targets'), 'namespaces')
  const pick = (key: string): YamlNode | undefined => child(own, key) ?? child(global, key)
  const labels = child(pick('selector'), 'matchLabels')
  return {
    include: texts(pick('include')),
    exclude: texts(pick('exclude')),
    labels: labels === undefined ? {} : (toValue(labels) as Record<string, unknown>),
  }
}

/** Namespaces by globs and labels. */
export interface TargetSet {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly labels: Readonly<Record<string, unknown>>
}

/**
 * Whether a namespace can match both. Never false if one can; also true in the few cases that need an exhaustive search (several
 * exclude globs that together cover a glob).
 */
export function targetsOverlap(left: TargetSet, right: TargetSet): boolean {
  const isApart = Object.entries(left.labels).some(([label, value]) => {
    return Object.hasOwn(right.labels, label) && right.labels[label] !== value
  })
  if (isApart) return false
  const exclude = [...left.exclude, ...right.exclude]
  // A glob is covered by another when that fits its text: its own `*` then counts as one more character.
  const usable = (globs: readonly string[]): string[] => globs.filter((glob) => !matchesGlobs(exclude, glob))
  return usable(left.include).some((a) => usable(right.include).some((b) => wildcardsMeet(a, b)))
}
