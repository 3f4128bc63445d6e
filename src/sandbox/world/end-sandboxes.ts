import { isAlive, signalProcess } from '../process/process-table.ts'
import { untilReady } from '../process/ready.ts'
import { sweepDeadRuns } from '../process/run.ts'
import { listSandboxes } from './sandbox-register.ts'

/** Ends every sandbox that is up, takes back what killed runs have left behind; one line that says what was done. */
export async function endSandboxes(signal: AbortSignal): Promise<string> {
  const running = listSandboxes()
  for (const id of running) signalProcess(id, 'SIGTERM')
  const gone = (): boolean => running.every((id) => !isAlive(id))
  await untilReady(gone, { what: 'end of the running sandbox', limitMs: 60_000 }, signal)
  const swept = await sweepDeadRuns()
  if (running.length === 0 && swept.length === 0) return 'no sandbox is up, and nothing was left behind'
  const parts = [
    running.length > 0 ? `ended ${running.length} running` : '',
    swept.length > 0 ? `took back what ${swept.length} killed runs had left behind` : '',
  ]
  return parts.filter(Boolean).join('; ')
}
