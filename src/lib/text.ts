import { createHash } from 'node:crypto'
import { printable } from '../printable.ts'
import { orElse } from './or-else.ts'

/** Prints columns under their headings, separated by two spaces. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => row[column]?.length ?? 0)),
  )
  return [headings, ...shown]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Decodes `%XX`. A text with an invalid escape stays as it is. */
export function decodePercent(text: string): string {
  return orElse(() => decodeURIComponent(text), text)
}

/** Lower-case hex SHA-256. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * Finds the quota that an object would exceed, and the quota's limits, in the API server's message.
 * Accepts only names that Kubernetes allows, because a webhook may quote anything and the names
 * become part of commands.
 */
export function exceededQuota(message: string): { readonly name: string; readonly limits: string } | undefined {
  const form = /exceeded quota: ([a-z0-9.-]+), requested: ([\w./-]+=[^\s,]+(?:,[\w./-]+=[^\s,]+)*)/
  const [, name, requested] = form.exec(message) ?? []
  if (name === undefined || requested === undefined) return undefined
  const limits = requested.split(',').map((one) => `\`${one.slice(0, one.indexOf('='))}\``)
  return { name, limits: new Intl.ListFormat('en').format(limits) }
}

/** `1 namespace`, `5 namespaces`. */
export function pluralize(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Lists the names: `a, b and 3 more`. Of many names, only the first `limit`. */
export function summarize(names: readonly string[], limit = 5, separator = ', '): string {
  const rest = names.length - limit
  return rest > 0 ? `${names.slice(0, limit).join(separator)} and ${rest} more` : names.join(separator)
}

/** Lists the names: `a, b, 3 more`. Of many names, only the first `limit`. */
export function shorten(names: readonly string[], limit: number, separator = ', '): string {
  const rest = names.length - limit
  return [...names.slice(0, limit), ...(rest > 0 ? [`${rest} more`] : [])].join(separator)
}

/**
 * Breaks a text at its spaces into lines of at most `width` characters. A longer word gets a line
 * of its own.
 */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
