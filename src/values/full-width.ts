import { CST, Parser } from 'yaml'
import { HIDDEN, quotable } from './looks-secret.ts'
import { ValuesError } from './values-error.ts'
import type { SourceFile } from './yaml/yaml-node.ts'

/**
 * Characters that an input method for Chinese, or a copy from a web page, puts in place of YAML's
 * own characters.
 */
const CHARACTERS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  '：': ['a full-width colon', 'Write `:` with a space after it.'],
  '，': ['a full-width comma', 'Write `,` with a space after it.'],
  '\u3000': ['a full-width space', 'Write a plain space.'],
  '\u00a0': ['a no-break space', 'Write a plain space.'],
  '“': ['a typographic quote', 'Write `"` at both ends, or no quotes.'],
  '”': ['a typographic quote', 'Write `"` at both ends, or no quotes.'],
  '‘': ['a typographic quote', "Write `'` at both ends, or no quotes."],
  '’': ['a typographic quote', "Write `'` at both ends, or no quotes."],
}

/**
 * Replaces errors that a full-width character causes by one error that names the character. A file
 * without errors may have full-width characters, because they are correct in texts.
 */
export function nameFullWidth(errors: readonly ValuesError[], { name, text }: SourceFile): readonly ValuesError[] {
  const isHere = ({ place }: ValuesError): boolean => place.file === name
  if (!/[：，\u3000\u00a0“”‘’]/.test(text) || !errors.some(isHere)) return errors
  const lines = errors.flatMap((error) => (isHere(error) ? [error.place.line ?? 0] : []))
  const meant = plainScalars(text).flatMap(({ offset, source, inFlow }) => {
    const found = findMeant(source, inFlow)
    const first = lineOf(text, offset)
    const last = first + source.split('\n').length - 1
    if (found === undefined || !lines.some((line) => first <= line && line <= last)) return []
    return [{ first, last, ...found, offset: offset + found.index }]
  })
  if (meant.length === 0) return errors
  const isExplained = ({ code, place: { line = 0 }, path }: ValuesError): boolean =>
    meant.some(
      ({ first, last, key }) =>
        (first <= line && line <= last) || (code === 'SCHEMA_MISSING' && key !== undefined && path.at(-1) === key),
    )
  // In a file with broken syntax, the other errors follow from the full-width character.
  const isBroken = errors.some((error) => isHere(error) && error.code === 'YAML_SYNTAX')
  const others = errors.filter((error) => !isHere(error) || !(isBroken || isExplained(error)))
  return [...others, ...meant.map(({ offset, character }) => fullWidthError(name, text, offset, character))]
}

interface PlainScalar {
  readonly offset: number
  readonly source: string
  readonly inFlow: boolean
}

function plainScalars(text: string): readonly PlainScalar[] {
  const found: PlainScalar[] = []
  const walk = (token: CST.Token | null | undefined, inFlow: boolean): void => {
    if (!token) return
    if (token.type === 'document') walk(token.value, inFlow)
    else if (token.type === 'scalar') found.push({ offset: token.offset, source: token.source, inFlow })
    else if (CST.isCollection(token)) {
      const isFlow = inFlow || token.type === 'flow-collection'
      for (const { key, value } of token.items) {
        walk(key, isFlow)
        walk(value, isFlow)
      }
    }
  }
  for (const token of new Parser().parse(text)) walk(token, false)
  return found
}

/**
 * Finds the first full-width character of a plain scalar that was meant as YAML's own character.
 * `key`: the word before a colon.
 */
function findMeant(
  source: string,
  inFlow: boolean,
): { readonly index: number; readonly character: string; readonly key?: string } | undefined {
  const colon = /(?:^|\n|-)[ \t]*([\w.-]+)[ \u3000\u00a0]*：/.exec(source)
  const others = [/[“”‘’]/, /[\u3000\u00a0]/, ...(inFlow ? [/，/] : [])].flatMap((form) => {
    const match = form.exec(source)
    return match === null ? [] : [{ index: match.index, character: match[0] }]
  })
  const all = [
    ...(colon === null ? [] : [{ index: colon.index + colon[0].length - 1, character: '：', key: colon[1] ?? '' }]),
    ...others,
  ]
  return all.toSorted((a, b) => a.index - b.index)[0]
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Shows the key before the character, and hides any other text. */
function showKey(before: string, character: string): string {
  if (/^[\s-]*[\w.-]*[: ]*$/.test(before) && quotable(before) === before) return before
  const [key = ''] = character === '：' ? (/[\w.-]+ *$/.exec(before) ?? []) : []
  return quotable(key) === key ? `${HIDDEN}${key}` : HIDDEN
}

/** The excerpt hides what follows the character, because it may be a secret. */
function fullWidthError(file: string, text: string, offset: number, character: string): ValuesError {
  const [what = '', hint] = CHARACTERS[character] ?? []
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const before = text.slice(start, offset)
  const shown = showKey(before, character)
  const isLast = /^\s*($|\n)/.test(text.slice(offset + 1))
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return new ValuesError('YAML_SYNTAX', `\`${character}\` (U+${code}) is ${what}`, {
    at: { file, line: lineOf(text, offset), column: offset - start + 1 },
    hint,
    excerpt: { text: `${shown}${character}${isLast ? '' : HIDDEN}`, column: shown.length + 1, length: 1 },
  })
}
