import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

const NAMES = new Set(builtinModules)
/** Their default export is a function or class itself, or is written to. */
const AS_IT_IS = new Set(['assert', 'events', 'process', 'stream'])

/**
 * Loads Node's own modules with `require` in the helper: an import reads all exports of a module,
 * and for some of them Node then loads unused code (`WebSocket` of `http` loads all of undici,
 * `webcrypto` of `crypto` the workers). That costs 13 MiB and 60 ms of CPU per process, and two
 * replicas run in each cluster. The module's properties are inherited, because the bundler copies
 * an export's own names.
 */
export const lightBuiltins: Plugin = {
  name: 'light-builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path, kind, namespace }) => {
      const bare = path.replace(/^node:/, '')
      if (!NAMES.has(bare) || kind !== 'import-statement' || namespace === 'builtin') return undefined
      return { path: `node:${bare}`, namespace: 'builtin' }
    })
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const module = `require('${path}')`
      const exported = AS_IT_IS.has(path.replace('node:', '')) ? module : `Object.create(${module})`
      return { contents: `module.exports = ${exported}`, loader: 'js' }
    })
  },
}
