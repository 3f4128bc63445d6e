import type { Plugin } from 'esbuild'

/**
 * Replacements for libraries in the helper's bundle, as CommonJS; relative names are resolved next
 * to the library's own files.
 */
const LIGHT: Readonly<Record<string, string>> = {
  // Four of its classes; the rest loads `cluster`, `http` and `perf_hooks` for unused features.
  'prom-client': ['Registry', 'Counter', 'Gauge', 'Histogram']
    .map((name) => `exports.${name} = require('prom-client/lib/${name.toLowerCase()}.js')`)
    .join('\n'),
  // A logger that writes in a separate thread: the helper's writes to its standard output.
  'thread-stream': "module.exports = class { constructor() { throw new Error('there is no thread to log from') } }",
  // The only property that is used of Node's threads.
  worker_threads: 'exports.isMainThread = true',
  // Loads terminal colours, although it is only called for a caller's mistake.
  assert: "module.exports = (...all) => require('node:assert')(...all)",
}

/**
 * Removes unused parts of libraries from the helper: a tenth of the CPU of a start and 1 MiB of
 * every process.
 */
export const lightLibraries: Plugin = {
  name: 'light-libraries',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${Object.keys(LIGHT).join('|')})$`) }, ({ path, resolveDir }) => ({
      path,
      namespace: 'light',
      pluginData: resolveDir,
    }))
    build.onLoad({ filter: /.*/, namespace: 'light' }, ({ path, pluginData }) => ({
      contents: LIGHT[path] ?? '',
      loader: 'js',
      resolveDir: pluginData as string,
    }))
  },
}
