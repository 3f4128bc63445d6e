import { NopassError } from '../../errors.ts'

/** An assignment in a file of variables: systemd's `EnvironmentFile`, or read by a shell. */
interface Assignment {
  /** The line without the value. */
  readonly head: string
  readonly quote: '"' | "'" | ''
  readonly value: string
  /** Blanks behind the value, and the carriage return of a file with CRLF. */
  readonly end: string
}

/** The comments above an assignment that `addWords` added. They say what to take back. */
const ADDED_FILE = '# acr-nopass created this file. Its variable replaces that of the unit and its drop-ins.'
const ADDED_LINE = '# acr-nopass added the next line. Its variable replaces that of the unit and its drop-ins.'

/**
 * Returns the text with these words at the end of a variable. All other lines and words stay as
 * they are. Words that are there already are not added again. If the file does not exist or does
 * not set the variable, a new first line sets it. The new line begins with the value
 * `inherited`, which it would otherwise replace.
 * @throws NODE_FLAG_FILE for an assignment that cannot be changed safely
 */
export function addWords(
  text: string | undefined,
  variable: string,
  words: readonly string[],
  file: string,
  inherited = '',
): string {
  const found = findAssignment(text ?? '', variable, file)
  const added = words.join(' ')
  if (text === undefined || found === undefined) {
    const note = text === undefined ? ADDED_FILE : ADDED_LINE
    return `${note}\n${variable}="${join(inherited, added)}"\n${text ?? ''}`
  }
  const { line, assignment } = found
  const { head, quote, value, end } = assignment
  if (isAtEnd(value, added)) return text
  const kept = trimBlanks(without(value, added))
  return replaceLine(text, line, `${head}${quote || '"'}${join(kept, added)}${quote || '"'}${end}`)
}

/**
 * Returns the text without these words, which `addWords` added. A line that `addWords` added goes
 * as a whole, unless others have changed its value from `inherited`. Returns undefined if nothing
 * is left of a file that `addWords` created.
 */
export function removeWords(
  text: string,
  variable: string,
  words: readonly string[],
  file: string,
  inherited = '',
): string | undefined {
  const removed = words.join(' ')
  // A file that does not contain the words is not parsed, because it may have any form.
  if (!text.includes(removed)) return text
  const found = findAssignment(text, variable, file)
  if (found === undefined || !` ${found.assignment.value} `.includes(` ${removed} `)) return text
  const { head, quote, value, end } = found.assignment
  const kept = without(value, removed)
  const lines = text.split('\n')
  const note = lines[found.line - 1]
  if ((note === ADDED_FILE || note === ADDED_LINE) && ['', inherited].includes(kept)) {
    const rest = lines.toSpliced(found.line - 1, 2).join('\n')
    return rest === '' && note === ADDED_FILE ? undefined : rest
  }
  return replaceLine(text, found.line, `${head}${quote}${kept}${quote}${end}`)
}

/** Returns the value of the variable. Undefined if the file does not set it. */
export function readVariable(text: string, variable: string, file: string): string | undefined {
  return findAssignment(text, variable, file)?.assignment.value
}

function join(value: string, words: string): string {
  return value === '' ? words : `${value} ${words}`
}

function isAtEnd(value: string, words: string): boolean {
  return ` ${trimBlanks(value)}`.endsWith(` ${words}`)
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
  // systemd allows blanks around `=` and lines that end with CRLF (systemd, src/basic/env-file.c,
  // `parse_env_file_internal`). If this search missed an assignment, an appended one would
  // replace it, because the last assignment is in effect.
  const start = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*)(.*)$`, 's')
  const found = lines.flatMap((text, line) => (start.test(text) ? [line] : []))
  const [line, second] = found
  if (line === undefined) return undefined
  const refuse = (at: number, why: string): NopassError =>
    new NopassError('NODE_FLAG_FILE', `${variable} ${why}`, { place: { file, line: at + 1 } })
  if (second !== undefined) throw refuse(second, 'is set more than once')
  checkNotContinued(lines, line, variable, file)
  const [, head = '', rest = ''] = start.exec(lines[line] ?? '') ?? []
  const value = trimBlanks(rest)
  const end = rest.slice(value.length)
  const quoted = /^(["'])(.*)\1$/s.exec(value)
  const inner = quoted?.[2] ?? value
  const quote = (quoted?.[1] ?? '') as Assignment['quote']
  // An escaped quote stays. A backslash at the end continues the line, or escapes our quote.
  const plain = quote === '"' ? inner.replaceAll(/\\["\\$`]/g, '') : inner
  const isPlain = quote === '' ? !/["'\\$`#]/.test(plain) : !plain.includes(quote) && !plain.endsWith('\\')
  if (!isPlain) throw refuse(line, 'has a value that is not one quoted text on one line')
  return { line, assignment: { head, quote, value: inner, end } }
}

/**
 * A backslash at the end of a line joins it with the next line. Before systemd 254, this applies to
 * comments too.
 * @throws NODE_FLAG_FILE if the previous line ends with a backslash
 */
function checkNotContinued(lines: readonly string[], line: number, variable: string, file: string): void {
  if (!/\\\r?$/.test(lines[line - 1] ?? '')) return
  throw new NopassError('NODE_FLAG_FILE', `${variable} would belong to the line before, which ends with a backslash`, {
    place: { file, line },
  })
}

/** Only blanks of ASCII, because a byte of another character may look like a blank of Unicode. */
function trimBlanks(text: string): string {
  return text.replace(/[ \t\r]+$/, '')
}

function replaceLine(text: string, line: number, by: string): string {
  return text
    .split('\n')
    .map((old, index) => (index === line ? by : old))
    .join('\n')
}
