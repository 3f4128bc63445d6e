import type { Plugin } from 'esbuild'

/**
 * Declares that the toolkit's packages and Kubernetes' client have no side effects on import, which
 * their package.json files omit. With the declaration the bundler omits the HTTP library that only
 * `getIDToken` needs, and 1 MB of generated models that a kubeconfig parser does not need. Only
 * imports by a package's name are filtered: each call of a plugin costs milliseconds, and the
 * packages have a thousand files.
 */
export const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup(build) {
    build.onResolve({ filter: /^(@actions\/|@kubernetes\/client-node$|undici$|tunnel$)/ }, async (found) => {
      const { path, pluginData, importer, namespace, resolveDir, kind } = found
      if (pluginData === 'resolving') return undefined
      const resolved = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: 'resolving' })
      return resolved.external ? resolved : { ...resolved, sideEffects: false }
    })
  },
}
