import type { ChildProcess } from 'node:child_process'

/**
 * Sends what the runner sends to a step's process when its job is cancelled: SIGINT, SIGTERM after
 * 7.5 s, SIGKILL after 2.5 s more. Only node gets the signals. The cancel begins `milliseconds`
 * after the start, after a line that contains `mark`, or after `mark` resolves.
 */
export function runnerCancel(
  milliseconds: number,
  mark?: string | (() => Promise<unknown>),
  first: NodeJS.Signals = 'SIGINT',
): (child: ChildProcess) => void {
  return (child) => {
    let started = false
    const begin = (): void => {
      if (started) return
      started = true
      const timers = [
        setTimeout(() => child.kill(first), milliseconds),
        setTimeout(() => child.kill('SIGTERM'), milliseconds + 7500),
        setTimeout(() => child.kill('SIGKILL'), milliseconds + 10_000),
      ]
      child.once('exit', () => timers.forEach(clearTimeout))
    }
    if (mark === undefined) begin()
    else if (typeof mark === 'function') void mark().then(begin)
    else child.stdout?.on('data', (chunk: Buffer | string) => void (String(chunk).includes(mark) && begin()))
  }
}
