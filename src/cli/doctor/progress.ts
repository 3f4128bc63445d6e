import { printable } from '../../printable.ts'
import type { CliHost } from '../program/host.ts'

/** Shows what is being read on one line of a terminal, which is cleared at the end; elsewhere nothing. */
export interface Progress {
  readonly say: (what: string, items: number) => void
  end(): void
}

export function createProgress({ stderr }: Pick<CliHost, 'stderr'>): Progress {
  const isOpen = stderr.isTTY === true
  let isWritten = false
  return {
    say: (what, items) => {
      if (!isOpen) return
      const text = items > 0 ? `reading ${what}: ${items}` : `reading ${what}`
      stderr.write(`\r\u001b[K${printable(text).slice(0, (stderr.columns ?? 80) - 1)}`)
      isWritten = true
    },
    end: () => {
      if (isWritten) stderr.write('\r\u001b[K')
      isWritten = false
    },
  }
}
