import { copyFileSync, globSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Copies the programs' logs of a run that is about to be removed: a failing test names them. */
export function keepLogs(folder: string, target: string | undefined): void {
  if (!target) return
  for (const file of globSync('**/*.log', { cwd: folder })) {
    const copy = join(target, file)
    try {
      mkdirSync(dirname(copy), { recursive: true })
      copyFileSync(join(folder, file), copy)
    } catch {
      // Its program has just removed it; a log must never keep a run from ending.
    }
  }
}
