import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { quoted } from '../../src/lib/shell-command.ts'
import { eventually } from './eventually.ts'

/** For a machine that many tests share. */
const LIMIT_MS = 120_000

export interface Terminal extends AsyncDisposable {
  /** Waits until the program has printed the text after what was last waited for. */
  waitFor(text: string): Promise<void>
  /** Types the keys, such as `\r` for Enter and `\u0003` for Ctrl-C. */
  type(keys: string): void
  /** Waits for the end. `screen` is everything that was printed, without control sequences. */
  ended(): Promise<{ readonly code: number; readonly screen: string }>
}

/**
 * Runs a program in a terminal of its own, by `script` of util-linux. The terminal reports no
 * size, as in a container.
 */
export function openTerminal(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Terminal {
  const words = [program, ...args].map((word) => quoted(word)?.text ?? `'${word}'`)
  const child = spawn('script', ['--quiet', '--return', '--command', words.join(' '), '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', SHELL: '/bin/sh', TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let printed = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  // The program may have ended before the last key.
  child.stdin.on('error', () => undefined)
  const exit = once(child, 'close')
  const screen = (): string => stripVTControlCharacters(printed)
  return {
    waitFor: (text) =>
      eventually(() => {
        const at = screen().indexOf(text, seen)
        if (at < 0) throw new Error(`the terminal does not show ${JSON.stringify(text)}:\n${screen().slice(seen)}`)
        seen = at + text.length
      }, LIMIT_MS),
    type: (keys) => void child.stdin.write(keys),
    async ended() {
      const [code] = await exit
      return { code, screen: screen() }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill()
      await exit
    },
  }
}
