import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, type ProcessId, processId } from '../process/process-table.ts'
import { cacheFolder } from '../tools/cache-folder.ts'
import { readHost } from '../tools/host.ts'

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
export function listSandboxes(): readonly ProcessId[] {
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
