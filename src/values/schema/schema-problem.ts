import { formatPath, items, lookup, type Position, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import type { Schema } from './schema.ts'

/** One finding of a generated validator, in ajv's form. */
export interface SchemaProblem {
  readonly keyword: string
  /** JSON pointer to the value. */
  readonly instancePath: string
  /** JSON pointer, with a leading `#`, to the keyword in the schema. */
  readonly schemaPath: string
  readonly params: {
    readonly additionalProperty?: string
    readonly missingProperty?: string
    readonly limit?: number
    /** The later and the earlier of two equal items. */
    readonly i?: number
    readonly j?: number
  }
  readonly propertyName?: string
}

/** One problem with all that its message needs. */
export interface ProblemContext {
  readonly problem: SchemaProblem
  readonly root: YamlNode
  readonly rootSchema: Schema
  readonly path: ValuePath
  /** The schema and the value at the path. */
  readonly schema: Schema | undefined
  readonly node: YamlNode | undefined
}

/** A path in a message. */
export function name(path: ValuePath): string {
  return path.length === 0 ? 'the file' : `\`${formatPath(path)}\``
}

/** A title inside a sentence. */
export function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title
}

/** The place of a value, or where it would be: in the user's file, never in the chart's defaults. */
export function placeOf(root: YamlNode, path: ValuePath): Position {
  for (let length = path.length; length > 0; length -= 1) {
    const node = lookup(root, path.slice(0, length))
    if (node !== undefined && node.origin !== 'chart') return node.at
  }
  return root.at
}

/** The place of a key, not of its value. */
export function placeOfKey(root: YamlNode, path: ValuePath, key: string): Position {
  const parent = lookup(root, path)
  const entry = parent?.kind === 'map' ? parent.entries.get(key) : undefined
  return entry === undefined || entry.value.origin === 'chart' ? placeOf(root, path) : entry.keyAt
}

/** The place of an item of the list at a path. */
export function placeOfItem(root: YamlNode, path: ValuePath, index: number): Position {
  return items(lookup(root, path))[index]?.at ?? placeOf(root, path)
}
