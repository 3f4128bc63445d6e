import { styleText } from 'node:util'
import { printable, printableLines, withoutCommands } from '../../printable.ts'
import type { CliHost, CliStream } from './cli-host.ts'

const ESCAPE = '\u001b'
/** The control sequences that we write: colours, and the progress line. */
const OURS = new RegExp(`(\\r${ESCAPE}\\[K|${ESCAPE}\\[(?:1|2|22|31|32|33|39)m)`)

/**
 * Filters everything that goes to a terminal or a log: escapes control characters that a renderer
 * may have missed. JSON keeps the same values. `printable` already keeps foreign text on one line.
 * In a GitHub job no line can become a workflow command.
 */
export function safeStream(stream: CliStream, env: NodeJS.ProcessEnv): CliStream {
  const safe = (text: string): string => (stream.isTTY === true ? keepOurs(text) : printableLines(text))
  return {
    get isTTY() {
      return stream.isTTY
    },
    get columns() {
      return stream.columns
    },
    write: (text) => stream.write(env.GITHUB_ACTIONS === 'true' ? withoutCommands(safe(text)) : safe(text)),
  }
}

function keepOurs(text: string): string {
  return text
    .split(OURS)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('')
}

export type CliPaint = ReturnType<typeof paintFor>

/**
 * Returns colour functions if the stream is a terminal and neither NO_COLOR nor TERM=dumb is set.
 * Else each function returns its text unchanged.
 */
export function paintFor(stream: CliStream, { env }: Pick<CliHost, 'env'>) {
  const isColoured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const paint = (style: 'red' | 'yellow' | 'green' | 'bold' | 'dim') => (text: string) =>
    isColoured && text !== '' ? styleText(style, text, { validateStream: false }) : text
  return { red: paint('red'), yellow: paint('yellow'), green: paint('green'), bold: paint('bold'), dim: paint('dim') }
}

/**
 * Shows the current read on one line of a terminal, which is cleared at the end. Without a terminal
 * it prints nothing.
 */
export function createStatusLine({ stderr }: Pick<CliHost, 'stderr'>) {
  const isOpen = stderr.isTTY === true
  let isWritten = false
  return {
    say: (what: string, items: number): void => {
      if (!isOpen) return
      const text = items > 0 ? `reading ${what}: ${items}` : `reading ${what}`
      stderr.write(`\r\u001b[K${printable(text).slice(0, (stderr.columns || 80) - 1)}`)
      isWritten = true
    },
    end: (): void => {
      if (isWritten) stderr.write('\r\u001b[K')
      isWritten = false
    },
  }
}
