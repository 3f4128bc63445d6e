import { items, lookup, type Position, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

/** Where a value at a path stands, or would stand: in the user's own file, never in the chart's defaults. */
export function placeOf(root: YamlNode, path: ValuePath): Position {
  for (let length = path.length; length > 0; length -= 1) {
    const node = lookup(root, path.slice(0, length))
    if (node !== undefined && node.origin !== 'chart') return node.at
  }
  return root.at
}

/** Where a key of a map stands: the key itself, not its value. */
export function placeOfKey(root: YamlNode, path: ValuePath, key: string): Position {
  const parent = lookup(root, path)
  const entry = parent?.kind === 'map' ? parent.entries.get(key) : undefined
  return entry === undefined || entry.value.origin === 'chart' ? placeOf(root, path) : entry.keyAt
}

/** The place of an item of the list at a path. */
export function placeOfItem(root: YamlNode, path: ValuePath, index: number): Position {
  return items(lookup(root, path))[index]?.at ?? placeOf(root, path)
}
