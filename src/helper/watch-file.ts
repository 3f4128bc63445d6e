import { type Clock, sleep } from '../lib/clock.ts'

/** The kubelet updates a mounted file within a minute or two, so polling adds little. */
const POLL_MS = 5_000

/**
 * Calls `onText` with each new text of a file until the signal aborts. A file that cannot be read
 * counts as unchanged.
 */
export async function watchFile(
  read: () => Promise<string>,
  known: string,
  clock: Clock,
  onText: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let last = known
  while (!signal.aborted) {
    await sleep(clock, POLL_MS, signal).catch(() => undefined)
    if (signal.aborted) return
    const text = await read().catch(() => last)
    if (text === last) continue
    last = text
    await onText(text)
  }
}
