import { formatIds, formatPlace, type NopassError } from '../errors.ts'
import { printableLines } from '../printable.ts'
import { readExcerpts } from './excerpt-line.ts'
import { mayShow } from './schema/schema-problem.ts'
import { ValuesError } from './values-error.ts'
import type { SourceFile } from './yaml/yaml-node.ts'

/** Colors and weights of a terminal. Each function wraps a text. */
export interface Paint {
  readonly place: (text: string) => string
  readonly code: (text: string) => string
  readonly mark: (text: string) => string
}

// Logs and files get plain text.
const plainPaint: Paint = { place: (text) => text, code: (text) => text, mark: (text) => text }

/**
 * Formats errors as text: place, code and message; the line with a mark under the place; then the
 * fix.
 */
export function explainErrors(
  errors: readonly NopassError[],
  files: readonly SourceFile[],
  paint: Paint = plainPaint,
): string {
  const readers = new Map<SourceFile, ReturnType<typeof readExcerpts>>()
  // Each file is read once, even if it has many errors.
  const excerptsOf: ExcerptsOf = (name) => {
    const file = files.find((one) => one.name === name)
    if (file === undefined) return undefined
    if (!readers.has(file)) readers.set(file, readExcerpts(file.text))
    return readers.get(file)
  }
  return errors.map((error) => explainError(error, excerptsOf, paint)).join('\n')
}

type ExcerptsOf = (name: string | undefined) => ReturnType<typeof readExcerpts>

function explainError(error: NopassError, excerptsOf: ExcerptsOf, paint: Paint): string {
  const place = formatPlace(error.place)
  const ids = formatIds(error)
  const what = ids === '' ? error.message : `${error.message} (${ids})`
  const head = `${place === '' ? '' : `${paint.place(place)}: `}${paint.code(error.code)}: ${what}`
  return [head, ...excerpt(error, excerptsOf, paint), `  fix: ${error.hint}`].join('\n')
}

function excerpt(error: NopassError, excerptsOf: ExcerptsOf, paint: Paint): string[] {
  const { file, line, column } = error.place
  if (!(error instanceof ValuesError) || error.hideLine || line === undefined || column === undefined) return []
  if (!mayShow(error)) return []
  const shown = error.excerpt ?? excerptsOf(file)?.(line, column)
  if (shown === undefined || shown.text.trim() === '' || shown.text.length > 200) return []
  const number = String(line)
  const gap = printableLines(shown.text.slice(0, shown.column - 1)).replaceAll(/[^\t]/g, ' ')
  const word = shown.text.slice(shown.column - 1, shown.column - 1 + shown.length)
  const mark = paint.mark('^'.repeat(Math.max(1, printableLines(word).length)))
  return [`  ${number} | ${printableLines(shown.text)}`, `  ${' '.repeat(number.length)} | ${gap}${mark}`]
}
