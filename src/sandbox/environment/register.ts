import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { orElse } from '../../lib/or-else.ts'
import { isAlive, type ProcessId, processId } from '../../lib/process-id.ts'
import { signalProcess } from '../process/process-table.ts'
import { untilReady } from '../process/ready.ts'
import { sweepDeadRuns } from '../process/run.ts'
import { cacheFolder, readHost } from '../tools/host.ts'

/** The folder with one file per process that keeps a sandbox up. */
function registerFolder(): string {
  return join(cacheFolder(readHost()), 'sandboxes')
}

/** Registers this process as one that keeps a sandbox up; returns a function that unregisters it. */
export function registerSandbox(): () => void {
  const folder = registerFolder()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${process.pid}.json`)
  writeFileSync(file, JSON.stringify(processId(process.pid)))
  return () => rmSync(file, { force: true })
}

/** Lists the processes that keep a sandbox up and removes the entries of dead ones. */
function listSandboxes(): readonly ProcessId[] {
  const folder = registerFolder()
  return orElse(() => readdirSync(folder), []).flatMap((name) => {
    const file = join(folder, name)
    const id = JSON.parse(readFileSync(file, 'utf8')) as ProcessId
    if (isAlive(id)) return [id]
    rmSync(file, { force: true })
    return []
  })
}

/** Stops every running sandbox and removes what killed ones left behind; returns a line that reports it. */
export async function endSandboxes(signal: AbortSignal): Promise<string> {
  const running = listSandboxes()
  for (const id of running) signalProcess(id, 'SIGTERM')
  const exited = (): boolean => running.every((id) => !isAlive(id))
  await untilReady(exited, { what: 'end of the running sandbox', limitMs: 60_000 }, signal)
  const swept = await sweepDeadRuns()
  if (running.length === 0 && swept.length === 0) return 'no sandbox is running, and nothing is left behind'
  const parts = [
    running.length > 0 ? `sandboxes stopped: ${running.length}` : '',
    swept.length > 0 ? `killed sandboxes cleaned up: ${swept.length}` : '',
  ]
  return parts.filter(Boolean).join('; ')
}
