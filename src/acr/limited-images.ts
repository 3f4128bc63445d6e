import type { HelperConfig } from '../values/generated/helper-config.ts'
import { includesRepository } from '../values/repositories.ts'
import { type ImageReference, isCoveredBy, parseImage } from './registry-domains.ts'
import { createUnions, type Union } from './unions.ts'

/** An image that a Pod names. */
export interface RunningImage {
  readonly namespace: string
  readonly pod: string
  readonly image: string
}

/** The limited credentials of each namespace that has one. */
export type NamespaceUnions = ReadonlyMap<string, readonly Union[]>

/** Returns the limited credentials of each namespace. `registriesOf` returns its entries. */
export function unionsByNamespace<Namespace extends { readonly name: string }>(
  config: HelperConfig,
  namespaces: readonly Namespace[],
  registriesOf: (namespace: Namespace) => readonly string[],
): NamespaceUnions {
  const unions = createUnions(config)
  const found = namespaces.map((namespace) => {
    return [namespace.name, unions.of(registriesOf(namespace)).flatMap(({ union }) => union ?? [])] as const
  })
  return new Map(found.filter(([, own]) => own.length > 0))
}

/** What the helper reports of a credential. */
export interface ReportedCredential {
  /** The names of the entries that it serves. */
  readonly entries: readonly string[]
  readonly instanceId?: string | undefined
  readonly domains: readonly string[]
}

/** An image that a limited credential of its namespace pulls, or would have to pull. */
export interface LimitedImage extends RunningImage {
  readonly reference: ImageReference
}

/**
 * Compares images with the limits of their namespaces: one Pod for each repository of a namespace.
 */
export function judgeImages(
  images: readonly RunningImage[],
  unions: NamespaceUnions,
  reported: readonly ReportedCredential[],
) {
  const domains = new Map([...unions.values()].flat().map((union) => [union, reportedDomains(reported, union)]))
  const limited = images.flatMap((one) => {
    const reference = parseImage(one.image)
    const isOwn = (union: Union): boolean | undefined =>
      domains.get(union)?.some((domain) => isCoveredBy(domain, reference))
    const own = unions.get(one.namespace)?.find(isOwn)
    return own === undefined ? [] : [{ ...one, reference, repositories: own.repositories }]
  })
  const isInside = ({ repositories, reference }: (typeof limited)[number]): boolean =>
    includesRepository(repositories, reference.repository)
  return {
    inside: distinct(limited.filter(isInside)),
    /** Images that the credential does not pull. */
    outside: distinct(limited.filter((one) => !isInside(one))),
    /** Entries of instances whose domains the helper has not reported. */
    unreported: [...domains].flatMap(([union, known]) => (known.length === 0 ? membersOf(union) : [])),
  }
}

/** Returns the names of all limited entries of the union's instance. */
function membersOf({ entries, others }: Union): readonly string[] {
  return [...entries, ...others.map(({ name }) => name)]
}

/**
 * Returns the domains of the union's instance. Empty if the helper has not reported the instance,
 * because the instance's own domains are unknown then. A helper with another configuration may know
 * the instance by other entries.
 */
function reportedDomains(reported: readonly ReportedCredential[], union: Union): readonly string[] {
  const members = membersOf(union)
  const domains = reported
    .filter(({ instanceId, entries }) =>
      instanceId === undefined
        ? entries.some((name) => members.includes(name))
        : instanceId === union.values.instanceId,
    )
    .flatMap((one) => one.domains)
  return domains.length === 0 ? [] : [...domains, ...union.values.domains]
}

function distinct(images: readonly LimitedImage[]): readonly LimitedImage[] {
  return [...new Map(images.map((one) => [`${one.namespace} ${one.reference.repository}`, one])).values()]
}
