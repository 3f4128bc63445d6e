import { type Clock, sleep } from '../lib/clock.ts'

/** How often a mounted file is looked at: the kubelet itself brings a change within a minute or two. */
const POLL_MS = 5_000

/** Calls back with each new text of a file; one that cannot be read for now counts as unchanged. Ends by the signal. */
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
