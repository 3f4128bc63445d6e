import { hash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

/**
 * Writes each TypeScript file of the repository without its types into `folder`, for
 * strip-cache.mjs. The file's name is the hash of its content.
 */
export function stripAll(root: string, folder: string): void {
  mkdirSync(folder)
  for (const file of globSync('{action,sandbox,scripts,src,test,tools}/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8')
    try {
      writeFileSync(join(folder, hash('sha256', text)), stripTypeScriptTypes(text))
    } catch {
      // The error is ignored here, because Node reports it where the file is imported.
    }
  }
}
