import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type Scalar as YamlScalar,
} from 'yaml'
import { ValuesError } from '../values-error.ts'
import type { MapEntry, Origin, Position, YamlNode } from './yaml-node.ts'
import { agreedValue, describeReading, type Readings, readings } from './yaml-scalar.ts'

/** Converts parsed YAML to nodes with places, and collects what parsers disagree about. */
export interface NodeReader {
  read(node: Node): YamlNode
  readonly errors: readonly ValuesError[]
}

// The same order of size as go-yaml's own limit for a file of this kind; values need a handful.
const MAX_ALIASES = 100
// Longer keys are refused by YAML 1.2 and by Helm's reader.
const MAX_KEY = 1000

export interface ReaderContext {
  /** The whole file. */
  readonly text: string
  readonly at: (offset: number) => Position
  readonly origin: Origin
}

/** A reader for one document. */
export function createNodeReader(document: Document.Parsed, { text, at, origin }: ReaderContext): NodeReader {
  const errors: ValuesError[] = []
  const open = new Set<Node>()
  let aliases = 0
  const place = (node: Node): Position => at(node.range?.[0] ?? 0)
  const nothing = (node: Node): YamlNode => ({ kind: 'scalar', value: null, at: place(node), origin })

  function readScalar(node: YamlScalar): YamlNode {
    const where = place(node)
    if (node.type !== 'PLAIN') {
      if (node.type === 'QUOTE_DOUBLE') checkEscapes(node)
      return { kind: 'scalar', value: String(node.value), at: where, origin }
    }
    const all = readings(node.source ?? '')
    const value = agreedValue(all)
    const source = node.source ?? ''
    if (value !== undefined) return { kind: 'scalar', value, source, at: where, origin }
    errors.push(ambiguous(source, all, where))
    return { kind: 'scalar', value: all.helm, at: where, origin }
  }

  function checkEscapes({ range }: YamlScalar): void {
    const [start, end] = range ?? [0, 0]
    const bad = findBadEscape(text.slice(start, end))
    if (bad === undefined) return
    const message = `Helm does not know the escape ${bad.escape}`
    errors.push(new ValuesError('YAML_SYNTAX', message, { at: at(start + bad.index), hint: bad.hint, hideLine: true }))
  }

  function resolveAlias(node: Alias): Node | undefined {
    const target = node.resolve(document)
    aliases += 1
    const problem =
      target === undefined
        ? `no anchor &${node.source} precedes this alias`
        : open.has(target)
          ? `the alias *${node.source} is inside its own anchor`
          : aliases > MAX_ALIASES
            ? `more than ${MAX_ALIASES} aliases`
            : undefined
    if (problem === undefined) return target
    if (aliases <= MAX_ALIASES + 1) errors.push(new ValuesError('YAML_ALIAS', problem, { at: place(node) }))
    return undefined
  }

  function read(node: Node): YamlNode {
    if (isAlias(node)) {
      const target = resolveAlias(node)
      return target === undefined ? nothing(node) : { ...read(target), at: place(node) }
    }
    if (node.tag !== undefined) {
      errors.push(new ValuesError('YAML_TAG', `the tag ${shortTag(node.tag)}`, { at: place(node) }))
      return nothing(node)
    }
    if (isScalar(node)) return readScalar(node)
    open.add(node)
    const result: YamlNode = isMap(node)
      ? { kind: 'map', entries: readEntries(node), at: place(node), origin }
      : {
          kind: 'list',
          items: isSeq(node) ? node.items.map((item) => read(item as Node)) : [],
          at: place(node),
          origin,
        }
    open.delete(node)
    return result
  }

  function readEntries(node: YAMLMap): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>()
    const merged = new Set<string>()
    for (const pair of node.items as Pair<Node | null, Node | null>[]) {
      if (isMergeKey(pair.key)) {
        for (const [key, entry] of readMerge(pair)) {
          // go-yaml lets the merge win over keys before it, others do not.
          if (entries.has(key) && !merged.has(key))
            errors.push(
              new ValuesError('YAML_ALIAS', `the merge sets \`${key}\` a second time`, {
                at: place(pair.key),
                hint: 'Put `<<` before all other keys of the map.',
              }),
            )
          else if (!entries.has(key)) entries.set(key, entry)
          merged.add(key)
        }
        continue
      }
      const key = readKey(pair, node)
      if (key === undefined) continue
      const first = entries.get(key.name)
      if (first !== undefined && !merged.delete(key.name)) {
        errors.push(
          new ValuesError(
            'YAML_DUPLICATE_KEY',
            `\`${key.name}\` appears twice in this map, first in line ${first.keyAt.line}`,
            { at: key.at, path: [key.name] },
          ),
        )
      }
      const value = pair.value === null ? nothing(pair.key ?? node) : read(pair.value)
      // A value that is not written stands where its key is.
      const isWritten = pair.value !== null && (pair.value.range?.[1] ?? 0) > (pair.value.range?.[0] ?? 0)
      entries.set(key.name, { keyAt: key.at, value: isWritten ? value : { ...value, at: key.at } })
    }
    return entries
  }

  function readKey(pair: Pair<Node | null, Node | null>, map: YAMLMap): { name: string; at: Position } | undefined {
    const where = place(pair.key ?? map)
    if (isScalar(pair.key) && pair.key.tag === undefined) {
      const source = String(pair.key.source ?? '')
      if (source.length > MAX_KEY) {
        errors.push(new ValuesError('YAML_KEY', `a key of ${source.length} characters`, { at: where, hideLine: true }))
        return undefined
      }
      const [start, end] = pair.key.range ?? [0, 0]
      if (text.slice(start, end).includes('\n')) {
        errors.push(
          new ValuesError('YAML_KEY', 'a key over several lines', { at: where, hint: 'Write the key in one line.' }),
        )
        return undefined
      }
      if (pair.key.type !== 'PLAIN') {
        if (pair.key.type === 'QUOTE_DOUBLE') checkEscapes(pair.key)
        return { name: String(pair.key.value), at: where }
      }
      // go-yaml takes `key:` before a bracket or comma as text.
      if (map.flow && /^:[[\]{},]/.test(text.slice(end, end + 2))) {
        errors.push(
          new ValuesError('YAML_SYNTAX', 'a colon without a space behind it', {
            at: at(end),
            hint: 'Write a space after the colon.',
          }),
        )
        return undefined
      }
      const all = readings(pair.key.source ?? '')
      if (typeof agreedValue(all) === 'string') return { name: pair.key.source ?? '', at: where }
      const name = pair.key.source === '' ? 'an empty key' : `the key ${pair.key.source}`
      errors.push(new ValuesError('YAML_KEY', `${name}, which is not text to every reader`, { at: where }))
      return undefined
    }
    // `{{ x }}` is a map with a map for its key.
    const isTemplate = isMap(pair.key) && text[(map.range?.[0] ?? 0) + 1] === '{'
    errors.push(
      isTemplate
        ? new ValuesError('YAML_KEY', 'a template, which Helm does not fill in here', {
            at: where,
            hint: 'Write the value itself; put text with {{ in it in quotes.',
          })
        : new ValuesError('YAML_KEY', 'a key that is not plain text', { at: where }),
    )
    return undefined
  }

  function readMerge(pair: Pair<Node | null, Node | null>): Map<string, MapEntry> {
    const sources = isSeq(pair.value) ? (pair.value.items as Node[]) : pair.value === null ? [] : [pair.value]
    const entries = new Map<string, MapEntry>()
    for (const source of sources) {
      const node = read(source)
      if (node.kind !== 'map') {
        errors.push(
          new ValuesError('YAML_ALIAS', 'the merge key `<<` takes a map or a list of maps', { at: place(source) }),
        )
        continue
      }
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    return entries
  }

  return { read, errors }
}

function isMergeKey(key: Node | null): key is YamlScalar {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<' && key.tag === undefined
}

function shortTag(tag: string): string {
  return tag.replace('tag:yaml.org,2002:', '!!')
}

function ambiguous(source: string, all: Readings, at: Position): ValuesError {
  const { yaml12, yaml11, helm } = all
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source
  const hint = `Quote it if you mean text: "${shown}".`
  if (typeof helm === 'number' && !Number.isFinite(helm)) {
    return new ValuesError('YAML_SYNTAX', `${shown} is a number that Helm cannot hold`, { at, value: source, hint })
  }
  if (Object.is(helm, -0)) {
    return new ValuesError('YAML_AMBIGUOUS', `${shown} is a zero with a sign, which not every reader keeps`, {
      at,
      value: source,
      hint: 'Quote it if you mean text, else write 0.',
    })
  }
  if (Object.is(yaml12, yaml11) && Object.is(yaml12, helm)) {
    return new ValuesError('YAML_AMBIGUOUS', `${shown} has more digits than every reader keeps`, {
      at,
      value: source,
      hint,
    })
  }
  const message = `${shown} is ${describeReading(yaml12)} in YAML 1.2, ${describeReading(yaml11)} in YAML 1.1 and ${describeReading(helm)} to Helm`
  return new ValuesError('YAML_AMBIGUOUS', message, {
    at,
    value: source,
    hint: `${hint} Else write the value plainly: true, false, null, or a decimal number.`,
  })
}

/** An escape in double quotes that Helm's parser refuses: its place in the text, and the fix. */
export interface BadEscape {
  readonly index: number
  readonly escape: string
  readonly hint: string
}

/** The first escape of a double-quoted text (with its quotes) that go-yaml v2 does not support; undefined: none. */
function findBadEscape(quoted: string): BadEscape | undefined {
  for (const match of quoted.matchAll(/\\(?:u([0-9a-fA-F]{4})|[\s\S])/g)) {
    const [found, unit] = match
    if (found === '\\/') return { index: match.index, escape: found, hint: 'Write / without the backslash.' }
    if (unit !== undefined && /^d[89a-f]/i.test(unit)) {
      return { index: match.index, escape: found, hint: 'Write the character itself, or as one escape: "\\U0001F600".' }
    }
  }
  return undefined
}
