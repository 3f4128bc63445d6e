import { parseYamlDocuments } from '../../lib/yaml.ts'

/** A mistake that makes a text no YAML. Line and column count from 1. */
export interface Mistake {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint: string
}

/** The mistake is repaired if the text is YAML up to this many lines below the place. */
const LINES_BELOW = 5
/** Each trial parses the text again up to the place. */
const LONGEST = 200_000

/**
 * Finds the likely mistake at the line where the parser stops, and around it: repairs one line
 * after the other in each usual way, and returns the first repair after which the parser continues.
 */
export function findMistake(text: string, stop: number): Mistake | undefined {
  const conflict = /^(?:<{7}|>{7})(?=\s|$)/m.exec(text)
  if (conflict !== null) {
    return {
      line: text.slice(0, conflict.index).split('\n').length,
      column: 1,
      message: 'a conflict marker of git',
      hint: 'Keep one of the two versions, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`.',
    }
  }
  const lines = text.split('\n').slice(0, stop + LINES_BELOW)
  if (lines.join('\n').length > LONGEST) return undefined
  // The parser stops at the start of a value that a wrong next line seems to continue.
  for (const line of [stop + 1, stop, stop - 1]) {
    const written = lines[line - 1]
    if (written === undefined) continue
    for (const { form, repairs } of MISTAKES) {
      const [start] = form.exec(written) ?? []
      if (start === undefined) continue
      for (const { repaired, message, hint } of repairs(start)) {
        const isRight = (rest: string): boolean => isYaml(lines.with(line - 1, `${repaired}${rest}`).join('\n'))
        const rest = written.slice(start.length)
        // A line that becomes part of a text is not repaired: only there could it start with `@`.
        if (isRight(rest) && !isRight(`@${rest}`)) return { line, column: start.length + 1, message, hint }
      }
    }
  }
  return undefined
}

function isYaml(text: string): boolean {
  return parseYamlDocuments(text, { uniqueKeys: false }).every(({ errors }) => errors.length === 0)
}

interface Repair {
  readonly repaired: string
  readonly message: string
  readonly hint: string
}

/** Usual mistakes at the start of a line, and what may have been meant. No text quotes the line. */
const MISTAKES: readonly { readonly form: RegExp; readonly repairs: (start: string) => readonly Repair[] }[] = [
  {
    form: /^ *-(?=[A-Za-z])/,
    repairs: (start) => [{ repaired: `${start} `, message: 'a dash without a space after it', hint: 'Write `- `.' }],
  },
  {
    form: /^ *(?:- +)?[A-Za-z][\w.-]*:(?=[^\s/:])/,
    repairs: (start) => [
      { repaired: `${start} `, message: 'a colon without a space after it', hint: 'Write `: ` after the key.' },
    ],
  },
  {
    form: /^ *(?=- |-$|[A-Za-z][\w.-]*:(?:\s|$))/,
    repairs: ({ length }) =>
      [length + 1, length - 1, length + 2, length - 2]
        .filter((count) => count >= 0)
        .map((count) => ({
          repaired: ' '.repeat(count),
          message: 'a line that is indented wrongly',
          hint: `Begin it with ${count === 1 ? 'one space' : `${count || 'no'} spaces`}, not ${length || 'none'}.`,
        })),
  },
]
