import { createHash } from 'node:crypto'
import { printable } from '../printable.ts'
import { orElse } from './or-else.ts'

/** Columns under their headings, separated by two spaces. */
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

/** Decodes `%XX`; a text with a wrong one stays as it is. */
export function decodePercent(text: string): string {
  return orElse(() => decodeURIComponent(text), text)
}

/** Lower-case hex SHA-256. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * The quota and its limits that an object would exceed, from the API server's message. Only names
 * as Kubernetes allows them, because a webhook may quote anything and they go into commands.
 */
export function exceededQuota(message: string): { readonly name: string; readonly limits: string } | undefined {
  const form = /exceeded quota: ([a-z0-9.-]+), requested: ([\w./-]+=[^\s,]+(?:,[\w./-]+=[^\s,]+)*)/
  const [, name, requested] = form.exec(message) ?? []
  if (name === undefined || requested === undefined) return undefined
  const limits = requested.split(',').map((one) => `\`${one.slice(0, one.indexOf('='))}\``)
  return { name, limits: new Intl.ListFormat('en').format(limits) }
}

/**
 * The lines of at most `width` characters that a text breaks into at its spaces; a longer word has
 * its own line.
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
