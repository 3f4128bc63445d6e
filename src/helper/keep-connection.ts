import type { KubeClient } from '../kube/client.ts'
import { type Clock, sleep } from '../lib/clock.ts'

/** Before an idle connection ends: by the API server after 90 s, by the client a little earlier. */
const PERIOD_MS = 60_000

/**
 * While this replica leads, keeps one connection for writes open, also if nothing is written, by reading what the helper may read
 * (docs/en/decisions.md#in-flight).
 */
export async function keepConnection(
  client: Pick<KubeClient, 'request'>,
  leasePath: string,
  isLeader: () => boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(clock, PERIOD_MS, signal).catch(() => undefined)
    if (signal.aborted) return
    // A refusal keeps it open, too.
    if (isLeader()) await client.request({ method: 'GET', path: leasePath }, signal).catch(() => undefined)
  }
}
