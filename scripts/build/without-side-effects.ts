import type { Plugin } from 'esbuild'

/**
 * The toolkit's packages do nothing when they are imported but do not say so; told it, the bundler leaves out the HTTP
 * library that only `getIDToken` needs.
 */
export const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup(build) {
    build.onResolve({ filter: /.*/ }, async ({ path, pluginData, ...options }) => {
      const isToolkit = /^(@actions\/|undici$|tunnel$)/.test(path) || /node_modules\/@actions\//.test(options.importer)
      if (pluginData === 'resolving' || !isToolkit || options.kind === 'entry-point') return undefined
      const { importer, namespace, resolveDir, kind } = options
      const resolved = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: 'resolving' })
      return resolved.external ? resolved : { ...resolved, sideEffects: false }
    })
  },
}
