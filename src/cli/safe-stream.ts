import { printableLines, withoutCommands } from '../printable.ts'
import type { CliStream } from './program/host.ts'

const ESCAPE = '\u001b'
/** The control sequences that are ours: the line of doctor/progress.ts and the colours of paint.ts. */
const OURS = new RegExp(`(\\r${ESCAPE}\\[K|${ESCAPE}\\[(?:1|2|22|31|32|33|39)m)`)

/**
 * The last filter before a terminal or a log: escapes control characters that a renderer may have missed; JSON stays JSON of
 * the same values. Foreign text is kept on one line by `printable`, where it is inserted. In a GitHub job no line is a workflow
 * command.
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
    raw: stream,
    write: (text) => stream.write(env.GITHUB_ACTIONS === 'true' ? withoutCommands(safe(text)) : safe(text)),
  }
}

function keepOurs(text: string): string {
  return text
    .split(OURS)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('')
}
