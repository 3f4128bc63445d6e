import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

const NAMES = new Set(builtinModules)
/** Their default export is a function or class itself, or is written to. */
const AS_IT_IS = new Set(['assert', 'events', 'process', 'stream'])

/**
 * Loads Node's own modules with `require`: an import reads all exports of a module, and for some of
 * them Node then loads unused code (`WebSocket` of `http` loads all of undici, `webcrypto` of
 * `crypto` the workers). That costs 13 MiB and 60 ms of CPU per process.
 */
export const lightBuiltins: Plugin = takeBuiltins('light-builtins', (path) => `Object.create(require('${path}'))`)

/**
 * The same for a short program: each module is loaded at its first use because most commands use
 * few of their imports.
 */
export const lazyBuiltins: Plugin = takeBuiltins(
  'lazy-builtins',
  (path) => `Object.create(new Proxy({}, { get: (_, name) => require('${path}')[name] }))`,
)

/**
 * `inherit`: an object that inherits the module's properties from its prototype, since the bundler
 * copies an export's own names.
 */
function takeBuiltins(name: string, inherit: (path: string) => string): Plugin {
  return {
    name,
    setup(build) {
      build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path, kind, namespace }) => {
        const bare = path.replace(/^node:/, '')
        if (!NAMES.has(bare) || kind !== 'import-statement' || namespace === 'builtin') return undefined
        return { path: `node:${bare}`, namespace: 'builtin' }
      })
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
        const exported = AS_IT_IS.has(path.replace('node:', '')) ? `require('${path}')` : inherit(path)
        return { contents: `module.exports = ${exported}`, loader: 'js' }
      })
    },
  }
}
