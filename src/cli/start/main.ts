import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// What was compiled for the last start is most of the CPU of a short command. Only where the user's caches are; each version has
// its own, a folder that cannot be written to is done without, and `NODE_DISABLE_COMPILE_CACHE=1` turns it off.
const { XDG_CACHE_HOME: caches, HOME: home } = process.env
const parent = caches || (home ? join(home, '.cache') : undefined)
if (parent !== undefined) enableCompileCache(join(parent, 'acr-nopass', 'compiled'))
// After it, so that it is of use to this very module too.
await import('../main.ts')
