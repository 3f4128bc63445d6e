import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCompiled } from './load-compiled.ts'
import type { runValidate } from './validate.ts'

/** Beside this file, in the package: put in by the bundler. */
declare const VALIDATE_FILE: string | undefined

// What was compiled for the last start is most of the CPU of a short command. Only where the user's caches are; each version has
// its own, a folder that cannot be written to is done without, and `NODE_DISABLE_COMPILE_CACHE=1` turns it off.
const { XDG_CACHE_HOME: caches, HOME: home, NODE_DISABLE_COMPILE_CACHE: isOff } = process.env
const parent = caches || (home ? join(home, '.cache') : undefined)
const folder = parent === undefined || isOff ? undefined : join(parent, 'acr-nopass', 'compiled')
if (typeof VALIDATE_FILE === 'string' && process.argv[2] === 'validate' && folder !== undefined) {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const loaded = loadCompiled(process, here(VALIDATE_FILE), folder) as { runValidate: typeof runValidate }
  await loaded.runValidate(process, here('../'))
} else {
  if (folder !== undefined) enableCompileCache(folder)
  // After it, so that it is of use to this very module too.
  await import('../main.ts')
}
