import { printable, withoutCommands } from '../src/printable.ts'

/**
 * The only way to the log of a job: one line, and no command to the runner. Commands are sent by
 * `@actions/core` alone, which escapes what it sends.
 */
export function writeLine(host: Pick<NodeJS.Process, 'stdout'>, text: string): void {
  host.stdout.write(`${withoutCommands(printable(text))}\n`)
}
