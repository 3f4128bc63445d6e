import { printable, withoutCommands } from '../src/printable.ts'

/**
 * Writes one line to the log of a job. The line can never be a command to the runner. All code uses
 * this function for the log. Only `@actions/core` sends commands, because it escapes them.
 */
export function writeLine(host: Pick<NodeJS.Process, 'stdout'>, text: string): void {
  host.stdout.write(`${withoutCommands(printable(text))}\n`)
}
