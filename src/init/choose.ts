import type { InstanceSummary } from '../alibaba/cr.ts'
import type { ClusterSummary } from '../alibaba/cs.ts'
import type { FoundList } from './facts.ts'

/** The items that the words of a flag or of an answer name, and the problems of the other words. */
export interface Choice<Item> {
  readonly chosen: readonly Item[]
  readonly problems: readonly string[]
}

/** A cluster that was named. Without a list, only its detail shows the kind. */
export type NamedCluster = Omit<ClusterSummary, 'kind'> & { readonly kind: ClusterSummary['kind'] | undefined }

interface Kind<Item> {
  readonly noun: string
  readonly id: RegExp
  readonly idOf: (item: Item) => string
  /** Describes an item that no list has. */
  readonly named: (id: string, region: string) => Item
}

const CLUSTER: Kind<NamedCluster> = {
  noun: 'cluster',
  id: /^c[0-9a-f]{32}$/,
  idOf: ({ clusterId }) => clusterId,
  named: (clusterId, region) => ({ clusterId, name: '', region, kind: undefined, state: '' }),
}

const INSTANCE: Kind<InstanceSummary> = {
  noun: 'instance',
  id: /^cri-[a-z0-9]{1,60}$/,
  idOf: ({ instanceId }) => instanceId,
  named: (instanceId, region) => ({ instanceId, name: '', region, status: '' }),
}

/** All items of the list. */
export const ALL = '*'

/**
 * Finds the clusters that the words name: an id, a name, `REGION/ID`, or `*` for all of the list.
 * `regions` are the regions that the user named; with exactly one, an id needs no region.
 */
export function chooseClusters(
  list: FoundList<ClusterSummary>,
  words: readonly string[],
  regions: readonly string[],
): Choice<NamedCluster> {
  return choose<NamedCluster>(CLUSTER, list, words, regions)
}

/** Like `chooseClusters`, for Enterprise instances. */
export function chooseInstances(
  list: FoundList<InstanceSummary>,
  words: readonly string[],
  regions: readonly string[],
): Choice<InstanceSummary> {
  return choose(INSTANCE, list, words, regions)
}

function choose<Item extends { readonly name: string; readonly region: string }>(
  kind: Kind<Item>,
  list: FoundList<Item>,
  words: readonly string[],
  regions: readonly string[],
): Choice<Item> {
  const problems: string[] = []
  const chosen = new Map<string, Item>()
  const add = (items: readonly Item[]): void => {
    for (const item of items) chosen.set(kind.idOf(item), item)
  }
  for (const word of words) {
    const found = find(kind, list, word, regions)
    if (typeof found === 'string') problems.push(found)
    else add(found)
  }
  return { chosen: [...chosen.values()], problems }
}

/** Returns the items that a word names, or what is wrong with the word. */
function find<Item extends { readonly name: string; readonly region: string }>(
  kind: Kind<Item>,
  { items, cut }: FoundList<Item>,
  word: string,
  regions: readonly string[],
): readonly Item[] | string {
  const { noun, idOf } = kind
  if (word === ALL) {
    return items.length > 0 ? items : `there is no ${noun} in the list${cut === undefined ? '' : ` (${cut})`}`
  }
  const slash = word.lastIndexOf('/')
  const [region, id] = slash < 0 ? ['', word] : [word.slice(0, slash), word.slice(slash + 1)]
  const here = items.filter((item) => region === '' || item.region === region)
  const [byId] = here.filter((item) => idOf(item) === id)
  if (byId !== undefined) return [byId]
  const byName = here.filter((item) => item.name === id)
  if (byName.length === 1) return byName
  if (byName.length > 1)
    return `${byName.length} ${noun}s are called ${id}: name one by its id: ${byName.map(idOf).join(', ')}`
  // A whole list proves that the account has no such item.
  if (cut === undefined) return `the account has no ${noun} ${word}`
  if (!kind.id.test(id)) return `${word} is no ${noun} id, and its name cannot be looked up: ${cut}`
  const [only, ...others] = region === '' ? regions : [region]
  if (only === undefined || others.length > 0) return `the region of ${noun} ${id} is not known: write REGION/${id}`
  return [kind.named(id, only)]
}
