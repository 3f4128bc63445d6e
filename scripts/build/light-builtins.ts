import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

const NAMES = new Set(builtinModules)
/** Their default export is a function or class of its own, or is written to. */
const AT_ONCE = new Set(['assert', 'events', 'process', 'stream'])

/**
 * Takes Node's own modules by `require`: an import reads all exports of a module, and for some of them Node then loads what nobody
 * uses (WebSocket of `http` all of undici, `webcrypto` of `crypto` the workers). Together 13 MiB and 60 ms of CPU in every process.
 */
export const lightBuiltins: Plugin = takeBuiltins('light-builtins', (path) => `module.exports = require('${path}')`)

/** The same for a short program: each is loaded by its first use, since most commands use few of those that they import. */
export const lazyBuiltins: Plugin = takeBuiltins('lazy-builtins', (path) => {
  if (AT_ONCE.has(path.replace('node:', ''))) return `module.exports = require('${path}')`
  // Of its prototype, because the bundler copies an exported object's own names and keeps its prototype.
  return `module.exports = Object.create(new Proxy({}, { get: (_, name) => require('${path}')[name] }))`
})

function takeBuiltins(name: string, contents: (path: string) => string): Plugin {
  return {
    name,
    setup(build) {
      build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path, kind, namespace }) => {
        const bare = path.replace(/^node:/, '')
        if (!NAMES.has(bare) || kind !== 'import-statement' || namespace === 'builtin') return undefined
        return { path: `node:${bare}`, namespace: 'builtin' }
      })
      build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: contents(path), loader: 'js' }))
    },
  }
}
