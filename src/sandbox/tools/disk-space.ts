import { execFile } from 'node:child_process'
import { mkdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { NopassError } from '../../errors.ts'
import { cacheFolder } from './cache-folder.ts'
import type { GoProgram } from './go-program.ts'
import type { Host } from './host.ts'
import { TOOLS, type ToolName } from './tool-table.ts'

const run = promisify(execFile)

/**
 * Refuses a build that cannot fit: Go fills its own cache (downloads, compiled packages) and ours gets the program. Throws NO_DISK_SPACE.
 */
export async function checkSpace(
  names: readonly ToolName[],
  host: Host,
  go: GoProgram,
  signal: AbortSignal,
): Promise<void> {
  const need = names.reduce((sum, name) => sum + TOOLS[name].megabytes, 0)
  const ours = cacheFolder(host)
  await mkdir(ours, { recursive: true })
  const { stdout } = await run(go.path, ['env', 'GOCACHE', 'GOMODCACHE'], { cwd: '/', env: host.env, signal })
  for (const folder of [ours, ...stdout.trim().split('\n')]) {
    const free = await freeMegabytes(folder)
    if (free !== undefined && free < need) {
      throw new NopassError(
        'NO_DISK_SPACE',
        `${folder} has ${free} MB free; building ${names.join(', ')} takes up to ${need} MB`,
      )
    }
  }
}

/** Free space for this user in MB; undefined where the folder is not there yet. */
async function freeMegabytes(folder: string): Promise<number | undefined> {
  const facts = await statfs(folder).catch(() => undefined)
  return facts && Math.floor((facts.bavail * facts.bsize) / 1e6)
}
