import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

const NAMES = new Set(builtinModules)
/** Modules whose default export is a function or class, or is modified. They are used unchanged. */
const AS_IT_IS = new Set(['assert', 'events', 'process', 'stream'])

/**
 * Loads Node's own modules with `require` in the helper. An import reads all exports of a module,
 * and for some exports Node then loads unused code: `WebSocket` of `http` loads all of undici,
 * `webcrypto` of `crypto` loads the workers. This costs 13 MiB and 60 ms of CPU per process, and
 * two replicas run in each cluster. The module's properties are inherited, because the bundler
 * copies the export's own names.
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
