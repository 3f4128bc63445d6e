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
import { HIDDEN, isSecretPlace, quotable } from '../looks-secret.ts'
import { ValuesError } from '../values-error.ts'
import { ambiguous, findBadEscape } from './scalar-errors.ts'
import type { MapEntry, Origin, Position, YamlNode } from './yaml-node.ts'
import { agreedValue, type Readings, readings } from './yaml-scalar.ts'

// About go-yaml's own limit for a file of this kind. Values need a handful of aliases.
const MAX_ALIASES = 100
// YAML 1.2 and Helm's reader refuse longer keys.
const MAX_KEY = 1000

type YamlPair = Pair<Node | null, Node | null>

interface Reading {
  /** The whole file. */
  readonly text: string
  readonly at: (offset: number) => Position
  readonly origin: Origin
  /** Receives an error for each text about which parsers disagree. */
  readonly errors: ValuesError[]
}

/** Converts parsed YAML to nodes with places. */
export function readNodes(document: Document.Parsed, contents: Node, { text, at, origin, errors }: Reading): YamlNode {
  const open = new Set<Node>()
  let aliases = 0
  /**
   * `keys`: the keys around the node that is being read. `secrets`: nodes under the key of a
   * secret, even if only an alias is there.
   */
  const keys: string[] = []
  const secrets = new Set<Node>()
  /**
   * Ambiguous scalars. They are reported at the end, because an alias under the key of a secret may
   * follow its anchor.
   */
  const unclear = new Map<YamlScalar, Readings>()
  const place = (node: Node): Position => at(node.range?.[0] ?? 0)
  const report = (...error: ConstructorParameters<typeof ValuesError>): undefined =>
    void errors.push(new ValuesError(...error))
  const nothing = (node: Node): YamlNode => ({ kind: 'scalar', value: null, at: place(node), origin })

  function readScalar(node: YamlScalar): YamlNode {
    const where = place(node)
    if (node.type !== 'PLAIN') {
      if (node.type === 'QUOTE_DOUBLE') checkEscapes(node)
      return { kind: 'scalar', value: String(node.value), at: where, origin }
    }
    const source = node.source ?? ''
    const all = readings(source)
    const value = agreedValue(all)
    if (value !== undefined) return { kind: 'scalar', value, source, at: where, origin }
    if (isSecretPlace(keys)) secrets.add(node)
    unclear.set(node, all)
    return { kind: 'scalar', value: all.helm, at: where, origin }
  }

  function checkEscapes({ range }: YamlScalar): void {
    const [start, end] = range ?? [0, 0]
    const bad = findBadEscape(text.slice(start, end))
    if (bad === undefined) return
    const message = `Helm does not support the escape ${bad.escape}`
    report('YAML_SYNTAX', message, { at: at(start + bad.index), hint: bad.hint, hideLine: true })
  }

  function resolveAlias(node: Alias): Node | undefined {
    const target = node.resolve(document)
    aliases += 1
    // A password may begin with a star.
    const shown = isSecretPlace(keys) ? HIDDEN : quotable(node.source)
    const problem =
      target === undefined
        ? `no anchor &${shown} precedes this alias`
        : open.has(target)
          ? `the alias *${shown} is inside its own anchor`
          : aliases > MAX_ALIASES
            ? `more than ${MAX_ALIASES} aliases`
            : undefined
    if (problem === undefined) return target
    if (aliases <= MAX_ALIASES + 1) report('YAML_ALIAS', problem, { at: place(node) })
    return undefined
  }

  function read(node: Node): YamlNode {
    if (isAlias(node)) {
      const target = resolveAlias(node)
      return target === undefined ? nothing(node) : { ...read(target), at: place(node) }
    }
    if (node.tag !== undefined) {
      report('YAML_TAG', `the tag ${shortTag(node.tag)}`, { at: place(node) })
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
    for (const pair of node.items as YamlPair[]) {
      if (isMergeKey(pair.key)) {
        for (const [key, entry] of readMerge(pair)) {
          // In go-yaml a merge overrides the keys before it. In other parsers it does not.
          if (entries.has(key) && !merged.has(key)) {
            const hint = 'Put `<<` before all other keys of the map.'
            report('YAML_ALIAS', `the merge sets \`${quotable(key)}\` a second time`, { at: place(pair.key), hint })
          } else if (!entries.has(key)) entries.set(key, entry)
          merged.add(key)
        }
        continue
      }
      const key = readKey(pair, node)
      if (key === undefined) continue
      const first = entries.get(key.name)
      if (first !== undefined && !merged.delete(key.name)) {
        const message = `\`${quotable(key.name)}\` appears twice in this map, first in line ${first.keyAt.line}`
        report('YAML_DUPLICATE_KEY', message, { at: key.at, path: [key.name] })
      }
      keys.push(key.name)
      const value = pair.value === null ? nothing(pair.key ?? node) : read(pair.value)
      keys.pop()
      // A value that is not written has the position of its key.
      const isWritten = pair.value !== null && (pair.value.range?.[1] ?? 0) > (pair.value.range?.[0] ?? 0)
      entries.set(key.name, { keyAt: key.at, value: isWritten ? value : { ...value, at: key.at } })
    }
    return entries
  }

  function readKey({ key }: YamlPair, map: YAMLMap): { name: string; at: Position } | undefined {
    const where = place(key ?? map)
    if (!isScalar(key) || key.tag !== undefined) {
      // To YAML, `{{ x }}` is a map whose key is a map.
      const isTemplate = isMap(key) && text[(map.range?.[0] ?? 0) + 1] === '{'
      const hint = 'Write the value itself; put text with {{ in it in quotes.'
      if (isTemplate) return report('YAML_KEY', 'a template, which Helm does not fill in here', { at: where, hint })
      return report('YAML_KEY', 'a key that is not plain text', { at: where })
    }
    const source = String(key.source ?? '')
    const [start, end] = key.range ?? [0, 0]
    if (source.length > MAX_KEY) {
      return report('YAML_KEY', `a key of ${source.length} characters`, { at: where, hideLine: true })
    }
    if (text.slice(start, end).includes('\n')) {
      return report('YAML_KEY', 'a key over several lines', { at: where, hint: 'Write the key on one line.' })
    }
    if (key.type !== 'PLAIN') {
      if (key.type === 'QUOTE_DOUBLE') checkEscapes(key)
      return { name: String(key.value), at: where }
    }
    // go-yaml reads `key:` before a bracket or comma as text.
    if (map.flow && /^:[[\]{},]/.test(text.slice(end, end + 2))) {
      const hint = 'Write a space after the colon.'
      return report('YAML_SYNTAX', 'a colon without a space after it', { at: at(end), hint })
    }
    if (typeof agreedValue(readings(source)) === 'string') return { name: source, at: where }
    const name = source === '' ? 'an empty key' : `the key ${source}`
    return report('YAML_KEY', `${name}, which is not text to every reader`, { at: where })
  }

  function readMerge(pair: YamlPair): Map<string, MapEntry> {
    const sources = isSeq(pair.value) ? (pair.value.items as Node[]) : pair.value === null ? [] : [pair.value]
    const entries = new Map<string, MapEntry>()
    for (const source of sources) {
      const node = read(source)
      if (node.kind !== 'map') {
        report('YAML_ALIAS', 'the merge key `<<` takes a map or a list of maps', { at: place(source) })
        continue
      }
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    return entries
  }

  const root = read(contents)
  for (const [node, all] of unclear) errors.push(ambiguous(node.source ?? '', all, place(node), secrets.has(node)))
  return root
}

function isMergeKey(key: Node | null): key is YamlScalar {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<' && key.tag === undefined
}

function shortTag(tag: string): string {
  return tag.replace('tag:yaml.org,2002:', '!!')
}
