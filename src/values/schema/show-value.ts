import type { ValuePath, YamlNode } from '../yaml/yaml-node.ts'
import { agreedValue, readings } from '../yaml/yaml-scalar.ts'
import { resolve, type Schema } from './schema.ts'

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

/** `the text "2"`, `the number 3`, `a list`: what stands there. */
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
