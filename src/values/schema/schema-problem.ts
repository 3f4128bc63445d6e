import { formatPath, items, lookup, type Position, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import { agreedValue, readings } from '../yaml/yaml-scalar.ts'
import { resolve, type Schema } from './schema.ts'

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

/** The place and the value of a problem. */
export function about({ root, path, node }: Pick<ProblemContext, 'root' | 'path' | 'node'>): {
  readonly at: Position
  readonly path: ValuePath
  readonly value: string | undefined
} {
  return { at: placeOf(root, path), path, value: showValue(node, path) }
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

const LONGEST = 60

/** Whether the value at a path may be quoted in a message: not free text, and not a possible secret by its key. */
export function mayShow(path: ValuePath): boolean {
  const last = path.findLast((step) => typeof step === 'string') ?? ''
  if (path[0] === 'extraEnv' || path[0] === 'extraObjects' || path[0] === 'podAnnotations') return false
  return !/secret|token|passw|accesskey|externalid|cabundle|credential/i.test(last)
}

/** A value for a message: short, on one line; undefined: must not be shown. */
export function showValue(node: YamlNode | undefined, path: ValuePath): string | undefined {
  if (node?.kind !== 'scalar' || !mayShow(path)) return undefined
  const shown = JSON.stringify(node.value)
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…"` : shown
}

/** `the text "2"`, `the number 3`, `a list`: what is written there. */
export function describeValue(node: YamlNode | undefined, path: ValuePath): string {
  if (node === undefined) return 'nothing'
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map of keys'
  if (node.value === null) return 'null'
  const kind = typeof node.value === 'string' ? 'text' : typeof node.value
  const shown = showValue(node, path)
  return shown === undefined ? `a ${kind}` : `the ${kind} ${shown}`
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  null: 'null',
}

/** What a schema takes, in words: type, choices, range; the definition's description for texts of a form. */
export function describeExpected(schema: Schema | undefined, root: Schema): string {
  if (schema === undefined) return 'nothing'
  const full = resolve(schema, root)
  if (full.enum !== undefined) return full.enum.map(String).join(', ')
  const types = typeof full.type === 'string' ? [full.type] : (full.type ?? [])
  const words = types.map((type) => TYPES[type] ?? type).join(' or ')
  const { minimum, maximum } = full
  if (minimum !== undefined && maximum !== undefined) return `${words} from ${minimum} to ${maximum}`
  if (full.type === 'object' && full.properties !== undefined && full.additionalProperties !== true) {
    return `${words} (${Object.keys(full.properties).join(', ')})`
  }
  return words
}

/** A value as YAML on one line. */
export function flowYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowYaml).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${flowYaml(key)}: ${flowYaml(inner)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  const isPlain =
    typeof value !== 'string' || (/^[A-Za-z][\w./:-]*$/.test(value) && agreedValue(readings(value)) === value)
  return isPlain ? String(value) : JSON.stringify(value)
}

/** The schema's first example, as YAML on one line; undefined when there is none. */
export function firstExample(schema: Schema | undefined): string | undefined {
  const example = schema?.examples?.[0]
  return example === undefined ? undefined : flowYaml(example)
}
