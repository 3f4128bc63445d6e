import type { Plugin } from 'esbuild'

/** What stands for a library in the helper's bundle, as CommonJS; relative names are looked up beside the library's own files. */
const LIGHT: Readonly<Record<string, string>> = {
  // Four of its classes; the rest loads `cluster`, `http` and `perf_hooks` for what nobody asks for.
  'prom-client': ['Registry', 'Counter', 'Gauge', 'Histogram']
    .map((name) => `exports.${name} = require('prom-client/lib/${name.toLowerCase()}.js')`)
    .join('\n'),
  // A logger that writes in a thread of its own: the helper's writes to its standard output.
  'thread-stream': "module.exports = class { constructor() { throw new Error('there is no thread to log from') } }",
  // All that its user asks of Node's threads.
  worker_threads: 'exports.isMainThread = true',
  // Loads the colours of a terminal; it is called for a mistake of the caller only.
  assert: "module.exports = (...all) => require('node:assert')(...all)",
}

/** Leaves out of the helper what a library loads for those who use more of it: a tenth of the CPU of a start and 1 MiB of every process. */
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
