import type { ObjectChange } from '../../helm/release/manifest-diff.ts'

/** Up to this many changed objects are named. More objects are counted by kind. */
const NAMED = 3

const SIGNS = [
  ['add', '+', 'to create'],
  ['change', '~', 'to change'],
  ['remove', '-', 'to delete'],
] as const satisfies readonly (readonly [ObjectChange['change'], string, string])[]

/**
 * Describes the changes of Kubernetes objects in one line for each type of change: `+ 2 to create:
 * 2 ClusterRole`.
 */
export function countObjects(changes: readonly Pick<ObjectChange, 'change' | 'title'>[]): readonly string[] {
  return SIGNS.flatMap(([change, sign, words]) => {
    const own = changes.filter((one) => one.change === change).map(({ title }) => title)
    if (own.length === 0) return []
    return [`${sign} ${own.length} ${words}: ${(own.length > NAMED ? countKinds(own) : own).join(', ')}`]
  })
}

/**
 * Counts titles by kind, like `2 ClusterRole`, in the order of their first appearance. A single
 * object of a kind has no number.
 */
function countKinds(titles: readonly string[]): readonly string[] {
  const kinds = Map.groupBy(titles, (title) => {
    const mark = / (\([a-z]+\))$/.exec(title)?.[1]
    return [title.split(' ')[0], mark].filter(Boolean).join(' ')
  })
  return [...kinds].map(([kind, { length }]) => (length === 1 ? kind : `${length} ${kind}`))
}
