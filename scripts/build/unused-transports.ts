import type { Plugin } from 'esbuild'

/** Fails at the first use, with the library's name: nothing may quietly do without it. */
const stub = (name: string): string => `module.exports = new Proxy(function () {}, {
  get(target, key) {
    if (typeof key === 'symbol' || key === '__esModule' || key in target) return target[key]
    throw new Error('${name}.' + key + ' is not part of this bundle')
  },
  construct() { throw new Error('${name} is not part of this bundle') },
  apply() { throw new Error('${name} is not part of this bundle') },
})`

/** Of Kubernetes' client we use the reader of kubeconfigs; without all of the API as models, and `fetch` for them, 1.5 MB. */
export const unusedTransports: Plugin = {
  name: 'unused-transports',
  setup(build) {
    build.onResolve({ filter: /^(\.\/gen\/index\.js|undici)$/ }, ({ path, importer }) => {
      return /@kubernetes\/client-node\/dist\/config\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: stub(path), loader: 'js' }))
  },
}
