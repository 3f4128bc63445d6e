import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Returns one line for each file that is missing, superfluous or different. Empty if the folders
 * are equal.
 */
export async function compareFolders(committed: string, fresh: string): Promise<readonly string[]> {
  const [old, now] = await Promise.all([listFiles(committed), listFiles(fresh)])
  const names = [...new Set([...old, ...now])].sort()
  const lines = await Promise.all(
    names.map(async (name) => {
      if (!now.includes(name)) return [`${name}: no longer part of the build`]
      if (!old.includes(name)) return [`${name}: missing`]
      const [a, b] = await Promise.all([readFile(join(committed, name)), readFile(join(fresh, name))])
      return a.equals(b) ? [] : [`${name}: differs`]
    }),
  )
  return lines.flat()
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
