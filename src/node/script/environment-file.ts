import { NopassError } from '../../errors.ts'

/** An assignment in a file of variables: systemd's `EnvironmentFile`, or read by a shell. */
interface Assignment {
  /** The line without the value. */
  readonly head: string
  readonly quote: '"' | "'" | ''
  readonly value: string
}

/**
 * Returns the text with these words at the end of a variable. All other lines and words stay as
 * they are. A file without the variable gets it. Words that are there already are not added again.
 * @throws NODE_FLAG_FILE for an assignment that cannot be changed safely
 */
export function addWords(text: string, variable: string, words: readonly string[], file: string): string {
  const found = findAssignment(text, variable, file)
  const added = words.join(' ')
  if (found === undefined) {
    const before = text === '' || text.endsWith('\n') ? text : `${text}\n`
    return `${before}${variable}="${added}"\n`
  }
  const { line, assignment } = found
  const { head, quote, value } = assignment
  if (isAtEnd(value, added)) return text
  const kept = without(value, added)
  const joined = kept.trim() === '' ? added : `${kept.trimEnd()} ${added}`
  return replaceLine(text, line, `${head}${quote || '"'}${joined}${quote || '"'}`)
}

/** Returns the text without these words, which `addWords` added. */
export function removeWords(text: string, variable: string, words: readonly string[], file: string): string {
  const removed = words.join(' ')
  // A file that does not contain the words is not parsed, because it may have any form.
  if (!text.includes(removed)) return text
  const found = findAssignment(text, variable, file)
  if (found === undefined || !` ${found.assignment.value} `.includes(` ${removed} `)) return text
  const { head, quote, value } = found.assignment
  return replaceLine(text, found.line, `${head}${quote}${without(value, removed)}${quote}`)
}

/** Returns the value of the variable. Empty if the file does not set it. */
export function readVariable(text: string, variable: string, file: string): string {
  return findAssignment(text, variable, file)?.assignment.value ?? ''
}

function isAtEnd(value: string, words: string): boolean {
  return ` ${value.trimEnd()}`.endsWith(` ${words}`)
}

function without(value: string, words: string): string {
  const padded = ` ${value} `
  const at = padded.indexOf(` ${words} `)
  if (at < 0) return value
  return `${padded.slice(0, at)} ${padded.slice(at + words.length + 2)}`.slice(1, -1)
}

function findAssignment(
  text: string,
  variable: string,
  file: string,
): { readonly line: number; readonly assignment: Assignment } | undefined {
  const lines = text.split('\n')
  const start = new RegExp(`^(\\s*(?:export\\s+)?${variable}=)(.*)$`)
  const found = lines.flatMap((text, line) => (start.test(text) ? [line] : []))
  const [line, second] = found
  if (line === undefined) return undefined
  const refuse = (at: number, why: string): NopassError =>
    new NopassError('NODE_FLAG_FILE', `${variable} ${why}`, { place: { file, line: at + 1 } })
  if (second !== undefined) throw refuse(second, 'is set more than once')
  const [, head = '', rest = ''] = start.exec(lines[line] ?? '') ?? []
  const value = rest.trimEnd()
  const quoted = /^(["'])(.*)\1$/.exec(value)
  const inner = quoted?.[2] ?? value
  const quote = (quoted?.[1] ?? '') as Assignment['quote']
  // An escaped quote stays. A backslash at the end continues the line, or escapes our quote.
  const plain = quote === '"' ? inner.replaceAll(/\\["\\$`]/g, '') : inner
  const isPlain = quote === '' ? !/["'\\$`#]/.test(plain) : !plain.includes(quote) && !plain.endsWith('\\')
  if (!isPlain) throw refuse(line, 'has a value that is not one quoted text on one line')
  return { line, assignment: { head, quote, value: inner } }
}

function replaceLine(text: string, line: number, by: string): string {
  return text
    .split('\n')
    .map((old, index) => (index === line ? by : old))
    .join('\n')
}
