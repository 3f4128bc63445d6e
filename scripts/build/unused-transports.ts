import type { Plugin } from 'esbuild'

/**
 * Throws at the first use, with the library's name, so that a missing part does not go unnoticed.
 */
const stub = (name: string): string => `module.exports = new Proxy(function () {}, {
  get(target, key) {
    if (typeof key === 'symbol' || key === '__esModule' || key in target) return target[key]
    throw new Error('${name}.' + key + ' is not part of this bundle')
  },
  construct() { throw new Error('${name} is not part of this bundle') },
  apply() { throw new Error('${name} is not part of this bundle') },
})`

/**
 * Only the kubeconfig parser of Kubernetes' client is used; this removes the models of the API and
 * their `fetch`, 1.5 MB.
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
