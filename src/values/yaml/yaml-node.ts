import { quotable } from '../looks-secret.ts'

/** A text to parse, with its name for errors. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** A place in a file. Line and column count from 1, columns in UTF-16 units. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The source of a value: the chart's values.yaml, the user, or the action. */
export type Origin = 'chart' | 'user' | 'computed'

interface NodeBase {
  readonly at: Position
  readonly origin: Origin
}

export type Scalar = string | number | boolean | null

interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: Scalar
  /** The word as written, if it has no quotes. */
  readonly source?: string
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

export interface MapEntry {
  readonly keyAt: Position
  readonly value: YamlNode
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, MapEntry>
}

/** A value as Helm reads it, with the file and place of every part. */
export type YamlNode = ScalarNode | ListNode | MapNode

/** The path from the root to a value: keys of maps and indexes of lists. */
export type ValuePath = readonly (string | number)[]

/** Returns the value at a path, if there is one. */
export function lookup(root: YamlNode, path: ValuePath): YamlNode | undefined {
  return path.reduce<YamlNode | undefined>((node, step) => {
    if (typeof step === 'string') return node?.kind === 'map' ? node.entries.get(step)?.value : undefined
    return node?.kind === 'list' ? node.items[step] : undefined
  }, root)
}

export function toValue(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(toValue)
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toValue(entry.value)]))
  }
}

/** Converts a plain value to nodes that all have the same place. */
export function fromValue(value: unknown, at: Position, origin: Origin): YamlNode {
  if (Array.isArray(value)) return { kind: 'list', at, origin, items: value.map((item) => fromValue(item, at, origin)) }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, origin, value: value as Scalar }
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, { keyAt: at, value: fromValue(inner, at, origin) }] as const,
  )
  return { kind: 'map', at, origin, entries: new Map(entries) }
}

/**
 * Formats a path as `registries[0].name`. A key that is not a plain word is in brackets and quotes.
 * The root is ''.
 */
export function formatPath(path: ValuePath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(quotable(step))}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}
