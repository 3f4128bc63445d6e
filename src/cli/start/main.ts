import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Caches the compiled code, because compiling takes most of the CPU of a short command. The cache
// is in the user's cache folder, one per version. It is skipped if the folder is not writable, and
// `NODE_DISABLE_COMPILE_CACHE=1` turns it off.
const { XDG_CACHE_HOME: caches, HOME: home } = process.env
const parent = caches || (home ? join(home, '.cache') : undefined)
if (parent !== undefined) enableCompileCache(join(parent, 'acr-nopass', 'compiled'))
// Loaded after the cache is enabled, so that this module is cached too.
await import('../main.ts')
