import type { Plugin } from 'esbuild'

const PACKAGES = /^(@actions\/|@kubernetes\/client-node$|undici$|tunnel$)/
const WITHIN = /node_modules\/(@actions|@kubernetes\/client-node)\//

/**
 * The toolkit's packages and Kubernetes' client do nothing when they are imported but do not say so; told it, the bundler leaves
 * out the HTTP library that only `getIDToken` needs, and 1 MB of generated models of which a kubeconfig's reader needs none.
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
