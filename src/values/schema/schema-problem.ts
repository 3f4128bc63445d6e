import type { ErrorObject } from 'ajv'
import type { Cursor } from '../cursor.ts'
import { isSecretPlace, quotable } from '../looks-secret.ts'
import { agreedValue, readings } from '../yaml/yaml-scalar.ts'
import { resolve, type Schema } from './schema.ts'

/** One problem, with everything that its message needs. */
export interface ProblemContext {
  /** A finding of a generated validator. */
  readonly problem: ErrorObject
  readonly rootSchema: Schema
  /** The place of the problem, and the schema there. */
  readonly at: Cursor
  readonly schema: Schema | undefined
}

/** Names a place in a message. */
export function name(at: Cursor): string {
  return at.name === '' ? 'the file' : `\`${at.name}\``
}

/** Formats a title for use inside a sentence. */
export function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title
}

const LONGEST = 60

/**
 * True if a message may quote the value. False if a key around the value allows any text, or
 * suggests a secret.
 */
export function mayShow({ path }: Pick<Cursor, 'path'>): boolean {
  return !isSecretPlace(path)
}

/** Formats a value for a message: short, on one line. Undefined if the value must not be shown. */
export function showValue(at: Cursor): string | undefined {
  if (at.value === undefined || !mayShow(at)) return undefined
  const text = String(at.value)
  // A text of several lines is a whole file, such as a kubeconfig, so do not show it.
  if (text.includes('\n') || quotable(text) !== text) return undefined
  const shown = JSON.stringify(at.value)
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…"` : shown
}

/** Describes the value at a place: `the text "2"`, `the number 3`, `a list`. */
export function describeValue(at: Cursor): string {
  if (at.node === undefined) return 'nothing'
  if (at.value === undefined) return at.isMap ? 'a map of keys' : 'a list'
  if (at.value === null) return 'null'
  const kind = at.text === undefined ? typeof at.value : 'text'
  const shown = showValue(at)
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

/**
 * Describes what a schema accepts: type, choices and range. For a text with a form, returns the
 * description of its definition.
 */
export function describeExpected(schema: Schema | undefined, root: Schema): string {
  if (schema === undefined) return 'nothing'
  const full = resolve(schema, root)
  if (full.enum !== undefined) return full.enum.map(String).join(', ')
  const types = typeof full.type === 'string' ? [full.type] : (full.type ?? [])
  const words = types.map((type) => TYPES[type] ?? type).join(' or ')
  const { minimum, maximum } = full
  if (minimum !== undefined) return `${words} from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`
  if (full.type === 'object' && full.properties !== undefined && full.additionalProperties !== true) {
    return `${words} (${Object.keys(full.properties).join(', ')})`
  }
  return words
}

/** Formats a value as YAML on one line. */
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

/** Returns the schema's first example as YAML on one line. Undefined if there is none. */
export function firstExample(schema: Schema | undefined): string | undefined {
  const example = schema?.examples?.[0]
  return example === undefined ? undefined : flowYaml(example)
}

/**
 * Returns an example for the fix of a place. For RRSA it has no ARNs, because they are filled in
 * for clusters of ACK.
 */
export function exampleFor(at: Pick<Cursor, 'name'>, schema: Schema | undefined): string | undefined {
  if (at.name === 'identity') return '{ type: rrsa }'
  return at.name === 'identity.type' ? 'rrsa' : firstExample(schema)
}
