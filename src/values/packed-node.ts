import type { MapNode, Origin, Position, YamlNode } from './yaml/yaml-node.ts'

/** A node as JSON: line, column, and its value: of a map the keys with their places, of a list the items, of a scalar its word too. */
export type PackedNode =
  | readonly [line: number, column: number, kind: 'm', entries: readonly PackedEntry[]]
  | readonly [line: number, column: number, kind: 'l', items: readonly PackedNode[]]
  | readonly [line: number, column: number, kind: 's', value: string | number | boolean | null, source?: string]

type PackedEntry = readonly [key: string, line: number, column: number, value: PackedNode]

/** What was read once, to be written into a file. */
export function packNode(node: YamlNode): PackedNode {
  const { line, column } = node.at
  switch (node.kind) {
    case 'map': {
      const pack = ([key, { keyAt, value }]: [string, { keyAt: Position; value: YamlNode }]): PackedEntry => {
        return [key, keyAt.line, keyAt.column, packNode(value)]
      }
      return [line, column, 'm', [...node.entries].map(pack)]
    }
    case 'list':
      return [line, column, 'l', node.items.map(packNode)]
    case 'scalar':
      return node.source === undefined ? [line, column, 's', node.value] : [line, column, 's', node.value, node.source]
  }
}

/** The same node again, without a reader of YAML. */
export function unpackMap(packed: PackedNode, file: string, origin: Origin): MapNode {
  const unpack = (one: PackedNode): YamlNode => {
    const [line, column, kind] = one
    const base = { at: { file, line, column }, origin }
    if (kind === 'm') return { kind: 'map', ...base, entries: new Map(one[3].map(entry)) }
    if (kind === 'l') return { kind: 'list', ...base, items: one[3].map(unpack) }
    return { kind: 'scalar', ...base, value: one[3], ...(one[4] === undefined ? {} : { source: one[4] }) }
  }
  const entry = ([key, line, column, value]: PackedEntry) => {
    return [key, { keyAt: { file, line, column }, value: unpack(value) }] as const
  }
  const root = unpack(packed)
  if (root.kind !== 'map') throw new Error(`${file} holds no map`)
  return root
}
