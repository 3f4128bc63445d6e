import { CST, Parser } from 'yaml'
import { isSecretKey, secretForm } from './looks-secret.ts'

/** Parts of a file that hold nothing of it but its structure. */
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

interface Span {
  readonly from: number
  readonly to: number
}

/**
 * A line of a YAML file with its keys, and of its values only the one at the given column, unless that looks like a secret: every
 * other value, comment and anchor is `…`, because an error that is printed may stand next to a password.
 * Undefined: the file is not YAML, so keys cannot be told from values.
 * @param line from 1
 * @param column from 1; where the error points
 */
export function excerptLine(
  text: string,
  line: number,
  column: number,
): { readonly text: string; readonly column: number; readonly length: number } | undefined {
  const start =
    text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + (line > 1 ? 1 : 0)
  const end = text.indexOf('\n', start) === -1 ? text.length : text.indexOf('\n', start)
  const pointed = start + column - 1
  const shown = visibleSpans(text, pointed)
  if (shown === undefined) return undefined
  const isShown = (offset: number): boolean => shown.some(({ from, to }) => from <= offset && offset < to)
  let result = ''
  let mark = { column: 1, length: 1 }
  for (let offset = start; offset < end; offset++) {
    const visible = isShown(offset)
    const repeats = !visible && offset > start && !isShown(offset - 1)
    if (offset === pointed) {
      const word = shown.find(({ from }) => from === offset)
      const length = word === undefined || !visible ? 1 : Math.max(1, Math.min(word.to, end) - offset)
      mark = { column: repeats ? result.length : result.length + 1, length }
    }
    if (!repeats) result += visible ? text[offset] : '…'
  }
  return { text: result.trimEnd(), ...mark }
}

function visibleSpans(text: string, pointed: number): readonly Span[] | undefined {
  const spans: Span[] = []
  let isBroken = false
  const show = ({ offset, source }: { offset: number; source: string }): void =>
    void spans.push({ from: offset, to: offset + source.length })
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
      if (token.offset === pointed && isPublic(token, keys)) show(token)
      if (token.type !== 'block-scalar') showStructure(token.end)
    }
    if (!CST.isCollection(token)) return
    if (token.type === 'flow-collection') showStructure([token.start, ...token.end])
    for (const { start, key, sep, value } of token.items) {
      showStructure(start)
      showStructure(sep)
      // In a flow list an item without a colon is a key to this parser.
      const isKey = sep?.some(({ type }) => type === 'map-value-ind') === true && CST.isScalar(key)
      if (isKey && key && 'source' in key && !key.source.includes('\n')) {
        show(key)
        if (key.type !== 'block-scalar') showStructure(key.end)
      } else walk(key, keys)
      walk(value, isKey && key && 'source' in key ? [...keys, key.source] : keys)
    }
  }
  for (const token of new Parser().parse(text)) walk(token, [])
  return isBroken ? undefined : spans
}

function isPublic({ type, source }: CST.FlowScalar | CST.BlockScalar, keys: readonly string[]): boolean {
  if (type === 'alias' || type === 'block-scalar' || source.includes('\n')) return false
  return secretForm(source) === undefined && !keys.some(isSecretKey)
}
