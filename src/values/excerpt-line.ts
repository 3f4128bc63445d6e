import { CST, Parser } from 'yaml'
import { HIDDEN, isSecretPlace, quotable } from './looks-secret.ts'

/** Tokens that are only structure, so that they are always shown. */
const STRUCTURE: ReadonlySet<string> = new Set([
  'space',
  'newline',
  'comma',
  'map-value-ind',
  'explicit-key-ind',
  'seq-item-ind',
  'flow-map-start',
  'flow-map-end',
  'flow-seq-start',
  'flow-seq-end',
])

/**
 * A line of a file as it may be printed. `column` (from 1) and `length` mark the word that the
 * error is about.
 */
export interface Excerpt {
  readonly text: string
  readonly column: number
  readonly length: number
}

/**
 * Reads a YAML file once. The returned function shows one line: its keys, and the value at the
 * given column unless the value looks like a secret. Every other value, comment and anchor is `…`,
 * because a password may be on the same line. Line and column count from 1. Undefined if the file
 * is not YAML, because keys cannot be distinguished from values then.
 */
export function readExcerpts(text: string): ((line: number, column: number) => Excerpt) | undefined {
  const spans = readSpans(text)
  if (spans === undefined) return undefined
  const { always, pointed } = spans
  const isKnown = new Uint8Array(text.length)
  for (const [from, to] of always) isKnown.fill(1, from, to)
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  return (line, column) => {
    const start = starts[line - 1] ?? text.length
    const end = (starts[line] ?? text.length + 1) - 1
    const point = start + column - 1
    const valueEnd = pointed.get(point) ?? point
    const isShown = (offset: number): boolean => isKnown[offset] === 1 || (point <= offset && offset < valueEnd)
    let result = ''
    let mark = { column: 1, length: 1 }
    for (let offset = start; offset < end; offset++) {
      const visible = isShown(offset)
      const repeats = !visible && offset > start && !isShown(offset - 1)
      if (offset === point) {
        const wordEnd = Math.min(always.get(point) ?? valueEnd, end)
        const length = visible ? Math.max(1, wordEnd - point) : 1
        mark = { column: repeats ? result.length : result.length + 1, length }
      }
      if (!repeats) result += visible ? text[offset] : HIDDEN
    }
    return { text: result.trimEnd(), ...mark }
  }
}

/**
 * Finds the spans of a file that may be shown, each from its first offset to its end. `always`:
 * structure and keys. `pointed`: values that are shown only if the error is about them.
 */
function readSpans(text: string) {
  const always = new Map<number, number>()
  const pointed = new Map<number, number>()
  let isBroken = false
  const show = ({ offset, source }: { offset: number; source: string }): void =>
    void always.set(offset, offset + source.length)
  const showStructure = (tokens: readonly CST.SourceToken[] = []): void => {
    for (const token of tokens) if (STRUCTURE.has(token.type)) show(token)
  }
  const walk = (token: CST.Token | null | undefined, keys: readonly string[]): void => {
    if (!token) return
    if (token.type === 'error') isBroken = true
    if (token.type === 'document') {
      showStructure(token.start)
      walk(token.value, keys)
    }
    if (CST.isScalar(token)) {
      if (isPublic(token, keys)) pointed.set(token.offset, token.offset + token.source.length)
      if (token.type !== 'block-scalar') showStructure(token.end)
    }
    if (!CST.isCollection(token)) return
    if (token.type === 'flow-collection') showStructure([token.start, ...token.end])
    for (const { start, key, sep, value } of token.items) {
      showStructure(start)
      showStructure(sep)
      // To this parser, an item of a flow list is a key too. Only an item with a colon is one.
      const isKey = sep?.some(({ type }) => type === 'map-value-ind') === true && CST.isScalar(key)
      if (isKey && key && 'source' in key && !key.source.includes('\n')) {
        if (quotable(key.source) === key.source) show(key)
        if (key.type !== 'block-scalar') showStructure(key.end)
      } else walk(key, keys)
      walk(value, isKey && key && 'source' in key ? [...keys, key.source] : keys)
    }
  }
  for (const token of new Parser().parse(text)) walk(token, [])
  return isBroken ? undefined : { always, pointed }
}

function isPublic({ type, source }: CST.FlowScalar | CST.BlockScalar, keys: readonly string[]): boolean {
  if (type === 'alias' || type === 'block-scalar' || source.includes('\n')) return false
  return quotable(source) === source && !isSecretPlace(keys)
}
