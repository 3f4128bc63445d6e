import { sha256 } from '../lib/text.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import { familyOf, isLimited } from '../values/limited-entries.ts'
import { mergeRepositories } from '../values/repositories.ts'

type RegistryValues = HelperConfig['registries'][number]

/**
 * A credential that is limited to the repositories of all limited entries of one instance and
 * identity that target a namespace (docs/en/decisions.md#union-lists).
 */
export interface Union {
  /** `<first limited entry of the instance>.<16 digits of the list's hash>` */
  readonly name: string
  /** The entries that it serves, in the configuration's order. */
  readonly entries: readonly string[]
  /** The merged list. */
  readonly repositories: readonly string[]
  /** An existing repository of the list. */
  readonly probe?: string
  /** The lists of the other limited entries of the instance. */
  readonly others: readonly OtherList[]
  /**
   * The instance's values under the credential's name, with the domains of all its limited entries.
   */
  readonly values: RegistryValues
}

interface OtherList {
  /** The entry's name. */
  readonly name: string
  readonly repositories?: readonly string[]
  readonly probe?: string
}

/** A credential that a namespace gets. */
export interface Served {
  readonly credential: string
  readonly entries: readonly string[]
  /** Undefined if the credential is not limited. */
  readonly union?: Union
}

export type Unions = ReturnType<typeof createUnions>

/** Decides which credentials serve a list of entries, and which credentials a cluster needs. */
export function createUnions({ registries }: Pick<HelperConfig, 'registries'>) {
  const families = Map.groupBy(registries.filter(isLimited), familyOf)
  const familyByName = new Map(
    [...families.values()].flatMap((family) => family.map(({ name }) => [name, family] as const)),
  )
  const order = registries.map(({ name }) => name)
  const known = new WeakMap<readonly string[], readonly Served[]>()

  function serve(entries: readonly string[]): readonly Served[] {
    const groups = Map.groupBy(entries, (name) => familyByName.get(name) ?? name)
    return [...groups].map(([family, names]) => {
      if (typeof family === 'string') return { credential: family, entries: [family] }
      const union = unite(family, names)
      return { credential: union.name, entries: union.entries, union }
    })
  }

  return {
    /** False: every entry has a credential of its own, under its own name. */
    any: families.size > 0,
    /** Returns the credentials of these entries, in the configuration's order. */
    of(entries: readonly string[]): readonly Served[] {
      const served = known.get(entries) ?? serve(entries)
      known.set(entries, served)
      return served
    },
    /** Returns unions by name. Unions with equal lists become one, which serves all entries. */
    unite(all: readonly Union[]): ReadonlyMap<string, Union> {
      const united = new Map<string, Union>()
      for (const union of all) {
        const names = [...(united.get(union.name)?.entries ?? []), ...union.entries]
        united.set(union.name, { ...union, entries: order.filter((name) => names.includes(name)) })
      }
      return united
    },
    /** Returns the union of those entries that a namespace already has. Undefined: none or all. */
    part({ entries }: Union, present: readonly string[]): Union | undefined {
      const family = familyByName.get(entries[0] ?? '') ?? []
      const part = entries.filter((name) => present.includes(name))
      return part.length === 0 || part.length === entries.length ? undefined : unite(family, part)
    },
    /**
     * Returns unions with fewer entries. The first has the entries that a namespace already has.
     * Each of the others leaves out one entry.
     */
    narrower(union: Union, present: readonly string[]): readonly Union[] {
      const { entries } = union
      const parts = [present, ...entries.map((without) => entries.filter((name) => name !== without))]
      return parts.flatMap((part) => this.part(union, part) ?? [])
    },
    /** Of the lists of entries that this credential serves, returns the other credentials. */
    beside(credential: string, lists: Iterable<readonly string[]>): ReadonlySet<string> {
      const served = [...lists].map((list) => this.of(list).map((one) => one.credential))
      return new Set(
        served
          .filter((names) => names.includes(credential))
          .flat()
          .filter((name) => name !== credential),
      )
    },
    /**
     * Sorts credentials by their first entry. Of one instance, the credentials of the list `first`
     * come first.
     */
    order(needed: ReadonlyMap<string, Union>, first: readonly string[]): readonly string[] {
      const preferred = new Set(this.of(first).map(({ credential }) => credential))
      const seen = new Set<readonly RegistryValues[]>()
      return registries.flatMap(({ name }) => {
        const family = familyByName.get(name)
        if (family === undefined) return [name]
        if (seen.has(family)) return []
        seen.add(family)
        const names = [...needed.values()].filter(({ entries }) => familyByName.get(entries[0] ?? '') === family)
        const rank = (one: string): string => `${preferred.has(one) ? 0 : 1}${one}`
        return names.map((union) => union.name).sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
      })
    },
  }
}

/**
 * Two lists with the same name would share a credential. Whoever may label namespaces can try many
 * lists, so 8 digits are too few.
 */
const DIGITS = 16

function unite(family: readonly RegistryValues[], names: readonly string[]): Union {
  const [first] = family
  if (first === undefined) throw new Error('a family has an entry')
  const members = family.filter(({ name }) => names.includes(name))
  const repositories = mergeRepositories(members.flatMap((entry) => entry.repositories ?? []))
  const name = `${first.name}.${sha256(JSON.stringify(repositories)).slice(0, DIGITS)}`
  const probe = members.find((entry) => entry.probe !== undefined)?.probe
  // Unions with equal lists share a credential, so all unions of an instance have the same domains.
  const domains = [...new Set(family.flatMap((entry) => entry.domains))].sort()
  const networks = new Set(family.map(({ network }) => network))
  const network = networks.size === 1 ? first.network : 'all'
  return {
    name,
    entries: members.map((entry) => entry.name),
    repositories,
    ...(probe !== undefined && { probe }),
    others: family.filter((entry) => !members.includes(entry)),
    values: { ...first, name, domains, network },
  }
}
