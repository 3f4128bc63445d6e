import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Guard {
  /** The run ended in order: there is nothing left to guard. */
  dismiss(): void
}

/**
 * Waits beside its owner, in a session of its own, until the pipe from the owner closes, which the kernel does however
 * the owner dies (also `kill -9`); then cleans up. While it waits it is a shell of 1 MB, not a second Node.
 */
export function startGuard(ledger: string): Guard {
  const wait = 'trap "" INT TERM HUP QUIT; while read -r _; do :; done; exec "$@"'
  const main = fileURLToPath(new URL('guard/main.ts', import.meta.url))
  const child = spawn('/bin/sh', ['-c', wait, 'acr-nopass-guard', process.execPath, main, ledger], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
    cwd: '/',
  })
  child.unref()
  const { stdin } = child
  // an owner that has nothing else to do may exit: the guard then does the rest
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  stdin.on('error', () => undefined)
  return { dismiss: () => void child.kill('SIGKILL') }
}
