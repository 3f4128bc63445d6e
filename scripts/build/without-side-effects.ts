import type { Plugin } from 'esbuild'

const PACKAGES = /^(@actions\/|@kubernetes\/client-node$|undici$|tunnel$)/
const WITHIN = /node_modules\/(@actions|@kubernetes\/client-node)\//

/**
 * The toolkit's packages and Kubernetes' client have no side effects on import but do not declare it; with the declaration the bundler
 * omits the HTTP library that only `getIDToken` needs, and 1 MB of generated models that a kubeconfig parser does not need.
 */
export const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup(build) {
    build.onResolve({ filter: /.*/ }, async ({ path, pluginData, ...options }) => {
      const isToolkit = PACKAGES.test(path) || WITHIN.test(options.importer)
      if (pluginData === 'resolving' || !isToolkit || options.kind === 'entry-point') return undefined
      const { importer, namespace, resolveDir, kind } = options
      const resolved = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: 'resolving' })
      return resolved.external ? resolved : { ...resolved, sideEffects: false }
    })
  },
}
