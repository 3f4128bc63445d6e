import { formatIds, formatPlace, type NopassError } from '../errors.ts'
import { printableLines } from '../printable.ts'
import { ValuesError } from './values-error.ts'
import type { SourceFile } from './yaml/yaml-node.ts'

/** Colours and weights of a terminal; each wraps a text. */
export interface Paint {
  readonly place: (text: string) => string
  readonly code: (text: string) => string
  readonly mark: (text: string) => string
}

// For logs and files.
const plainPaint: Paint = { place: (text) => text, code: (text) => text, mark: (text) => text }

/**
 * Errors as text: place, code and message, the line of the file with a mark under the place (unless the line could contain a
 * secret), then the fix.
 */
export function explainErrors(
  errors: readonly NopassError[],
  files: readonly SourceFile[],
  paint: Paint = plainPaint,
): string {
  return errors.map((error) => explainError(error, files, paint)).join('\n')
}

function explainError(error: NopassError, files: readonly SourceFile[], paint: Paint): string {
  const place = formatPlace(error.place)
  const ids = formatIds(error)
  const what = ids === '' ? error.message : `${error.message} (${ids})`
  const head = `${place === '' ? '' : `${paint.place(place)}: `}${paint.code(error.code)}: ${what}`
  return [head, ...excerpt(error, files, paint), `  fix: ${error.hint}`].join('\n')
}

function excerpt(error: NopassError, files: readonly SourceFile[], paint: Paint): string[] {
  const { file, line, column } = error.place
  const source = files.find(({ name }) => name === file)
  if (!(error instanceof ValuesError) || error.hideLine || line === undefined || column === undefined) return []
  const content = source?.text.split('\n')[line - 1]?.trimEnd()
  if (content === undefined || content.trim() === '' || content.length > 200) return []
  const number = String(line)
  const gap = printableLines(content.slice(0, column - 1)).replaceAll(/[^\t]/g, ' ')
  const word = /^("[^"]*"|'[^']*'|[^\s,\]}#]+)/.exec(content.slice(column - 1))?.[0] ?? ' '
  const mark = paint.mark('^'.repeat(printableLines(word).length))
  return [`  ${number} | ${printableLines(content)}`, `  ${' '.repeat(number.length)} | ${gap}${mark}`]
}
