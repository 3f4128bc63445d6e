import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, type ProcessId, processId } from '../../lib/process-id.ts'
import { signalProcess } from '../process/process-table.ts'
import { untilReady } from '../process/ready.ts'
import { sweepDeadRuns } from '../process/run.ts'
import { cacheFolder, readHost } from '../tools/host.ts'

/** Holds one file for each process that keeps a sandbox up. */
function registerFolder(): string {
  return join(cacheFolder(readHost()), 'sandboxes')
}

/** Registers this process as one that keeps a sandbox up; the returned function unregisters it. */
export function registerSandbox(): () => void {
  const folder = registerFolder()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${process.pid}.json`)
  writeFileSync(file, JSON.stringify(processId(process.pid)))
  return () => rmSync(file, { force: true })
}

/** The processes that keep a sandbox up; removes entries of dead ones. */
function listSandboxes(): readonly ProcessId[] {
  const folder = registerFolder()
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const file = join(folder, name)
    const id = JSON.parse(readFileSync(file, 'utf8')) as ProcessId
    if (isAlive(id)) return [id]
    rmSync(file, { force: true })
    return []
  })
}

/** Stops every sandbox that is up and removes what killed runs left behind; returns a line that reports it. */
export async function endSandboxes(signal: AbortSignal): Promise<string> {
  const running = listSandboxes()
  for (const id of running) signalProcess(id, 'SIGTERM')
  const gone = (): boolean => running.every((id) => !isAlive(id))
  await untilReady(gone, { what: 'end of the running sandbox', limitMs: 60_000 }, signal)
  const swept = await sweepDeadRuns()
  if (running.length === 0 && swept.length === 0) return 'no sandbox is up, and nothing was left behind'
  const parts = [
    running.length > 0 ? `ended ${running.length} running` : '',
    swept.length > 0 ? `removed what ${swept.length} killed runs had left behind` : '',
  ]
  return parts.filter(Boolean).join('; ')
}
