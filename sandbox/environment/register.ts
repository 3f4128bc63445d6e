import { isAlive } from '../../src/lib/process-id.ts'
import { signalProcess } from '../../tools/process/process-table.ts'
import { untilReady } from '../../tools/process/ready.ts'
import { readLedgers, sweepDeadRuns } from '../../tools/process/run.ts'

/**
 * Stops every sandbox that is kept up, and removes what killed sandboxes left behind. Returns a
 * line that reports the result.
 */
export async function endSandboxes(signal: AbortSignal): Promise<string> {
  const isUp = ({ kind }: { readonly kind: string }): boolean => kind === 'up'
  const running = readLedgers().flatMap(({ owner, traces }) => (isAlive(owner) && traces.some(isUp) ? [owner] : []))
  for (const id of running) signalProcess(id, 'SIGTERM')
  const exited = (): boolean => !running.some(isAlive)
  await untilReady(exited, { what: 'end of the running sandbox', limitMs: 60_000 }, signal)
  const swept = await sweepDeadRuns()
  const parts = [
    ...(running.length > 0 ? [`sandboxes stopped: ${running.length}`] : []),
    ...(swept.length > 0 ? [`killed sandboxes cleaned up: ${swept.length}`] : []),
  ]
  return parts.join('; ') || 'no sandbox is running, and nothing is left behind'
}
