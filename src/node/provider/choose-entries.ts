import { mayServe } from '../../acr/coverage.ts'
import { hostOf, parseImage } from '../../acr/registry-domains.ts'
import { createUnions } from '../../acr/unions.ts'
import { familyOf, isLimited } from '../../values/limited-entries.ts'
import { isForNamespace } from '../../values/own-targets.ts'
import { includesRepository } from '../../values/repositories.ts'
import type { NodeRegistry } from '../node-config.ts'

/** A credential that may serve an image. */
export interface Candidate {
  readonly values: NodeRegistry
  /** The list that limits the credential. Undefined: everything that the role may pull. */
  readonly repositories?: readonly string[]
}

export interface ChosenEntries {
  /**
   * In the order in which they are tried. Several, because only the instance itself knows all its
   * domains.
   */
  readonly candidates: readonly Candidate[]
  /** False: other images of the host may need another credential. */
  readonly isOnlyList: boolean
}

/**
 * Chooses the credentials that may serve an image for a Pod's namespace. An entry with its own
 * targets serves only the namespaces that they name. The global targets only say where Secrets are
 * written, so they do not count here.
 */
export function chooseEntries(
  registries: readonly NodeRegistry[],
  image: string,
  namespace: string | undefined,
): ChosenEntries {
  const reference = parseImage(image)
  const { host, repository } = reference
  const ofHost = registries.filter((registry) => mayServe(registry, reference))
  const own = ofHost.filter((registry) => namespace === undefined || isForNamespace(registry, namespace))
  const unions = createUnions({ registries: [...own] })
  const byName = new Map(own.map((registry) => [registry.name, registry]))
  const candidates = unions.of(own.map(({ name }) => name)).flatMap(({ credential, union }): Candidate[] => {
    if (union !== undefined) {
      const isClaimed = includesRepository(union.repositories, repository)
      return isClaimed ? [{ values: union.values, repositories: union.repositories }] : []
    }
    const values = byName.get(credential)
    return values === undefined ? [] : [{ values }]
  })
  // RAM may allow more than `repositories` of an entry without a limit, but probably does not.
  const rank = ({ values, repositories }: Candidate): number =>
    repositories !== undefined || includesRepository(values.repositories, repository) ? 0 : 1
  const lists = new Set(ofHost.map((registry) => (isLimited(registry) ? registry.name : familyOf(registry))))
  // An entry may name a part of the host, even if that entry does not serve this image.
  const isDivided = registries.some(({ domains }) => domains.some((one) => one.includes('/') && hostOf(one) === host))
  return {
    candidates: candidates.toSorted((a, b) => rank(a) - rank(b)),
    isOnlyList: lists.size === 1 && !isDivided,
  }
}
