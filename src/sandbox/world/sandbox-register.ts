import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, type ProcessId, processId } from '../../lib/process-id.ts'
import { signalProcess } from '../process/process-table.ts'
import { untilReady } from '../process/ready.ts'
import { sweepDeadRuns } from '../process/run.ts'
import { cacheFolder, readHost } from '../tools/host.ts'

/** Where the processes that keep a sandbox up are written down, one file each. */
function registerFolder(): string {
  return join(cacheFolder(readHost()), 'sandboxes')
}

/** Writes down that this process keeps a sandbox up; the answered function strikes it out. */
export function registerSandbox(): () => void {
  const folder = registerFolder()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${process.pid}.json`)
  writeFileSync(file, JSON.stringify(processId(process.pid)))
  return () => rmSync(file, { force: true })
}

/** The processes that keep a sandbox up now; entries of dead ones are removed. */
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
