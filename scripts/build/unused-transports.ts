import type { Plugin } from 'esbuild'

/** The stub throws at its first use, with the library's name, so that a missing part is noticed. */
const stub = (name: string): string => `module.exports = new Proxy(function () {}, {
  get(target, key) {
    if (typeof key === 'symbol' || key === '__esModule' || key in target) return target[key]
    throw new Error('${name}.' + key + ' is not part of this bundle')
  },
  construct() { throw new Error('${name} is not part of this bundle') },
  apply() { throw new Error('${name} is not part of this bundle') },
})`

/**
 * Removes the models of Kubernetes' API and their `fetch` (1.5 MB), because only the kubeconfig
 * parser of Kubernetes' client is used.
 */
export const unusedTransports: Plugin = {
  name: 'unused-transports',
  setup(build) {
    build.onResolve({ filter: /^(\.\/gen\/index\.js|undici)$/ }, ({ path, importer }) => {
      return /@kubernetes\/client-node\/dist\/config\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: stub(path), loader: 'js' }))
  },
}
