import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type TarEntry, tarParts } from '../../tools/tar.ts'

/**
 * Returns all files of a folder, including hidden files, as sorted entries under `prefix`. Keeps
 * the executable bit, drops owner and time.
 */
export function readTree(folder: string, prefix: string): readonly TarEntry[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  return files.sort().map((file) => {
    const path = join(folder, file)
    const mode = statSync(path).mode & 0o100 ? 0o755 : 0o644
    return { path: `${prefix}/${file}`, kind: 'file', mode, content: readFileSync(path) }
  })
}

/** Writes a .tgz. Equal content gives equal bytes. */
export function writeTgz(file: string, entries: readonly TarEntry[]): void {
  writeFileSync(file, gzipSync(Buffer.concat([...tarParts(entries)]), { level: 9 }))
}
