import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

const NAMES = new Set(builtinModules)
/** Their default export is a function or class of its own, or is written to. */
const AS_IT_IS = new Set(['assert', 'events', 'process', 'stream'])

/**
 * Takes Node's own modules by `require`: an import reads all exports of a module, and for some of them Node then loads what nobody
 * uses (WebSocket of `http` all of undici, `webcrypto` of `crypto` the workers). Together 13 MiB and 60 ms of CPU in every process.
 */
export const lightBuiltins: Plugin = takeBuiltins('light-builtins', (path) => `Object.create(require('${path}'))`)

/** The same for a short program: each is loaded by its first use, since most commands use few of those that they import. */
export const lazyBuiltins: Plugin = takeBuiltins(
  'lazy-builtins',
  (path) => `Object.create(new Proxy({}, { get: (_, name) => require('${path}')[name] }))`,
)

/** `inherit`: an object that has what the module has from its prototype, since the bundler copies the own names of what is exported. */
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
