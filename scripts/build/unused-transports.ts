import type { Plugin } from 'esbuild'

/**
 * What Alibaba Cloud's SDK loads for its own transport, its credentials and its XML: RAM's typed models go over our transport, which
 * signs and retries by itself. `lodash`, `moment` and the proxies are 0.7 MB of every download of the action.
 */
const UNUSED = [
  '@alicloud/credentials',
  'http-proxy-agent',
  'https-proxy-agent',
  'httpx',
  'lodash',
  'moment',
  'socks-proxy-agent',
  'ws',
  'xml2js',
]

/** Fails at the first use, with the library's name: nothing may quietly do without it. */
const stub = (name: string): string => `module.exports = new Proxy(function () {}, {
  get(target, key) {
    if (typeof key === 'symbol' || key === '__esModule' || key in target) return target[key]
    throw new Error('${name}.' + key + ' is not part of this bundle')
  },
  construct() { throw new Error('${name} is not part of this bundle') },
  apply() { throw new Error('${name} is not part of this bundle') },
})`

/** Leaves those libraries out, for the SDK alone. */
export const unusedTransports: Plugin = {
  name: 'unused-transports',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${UNUSED.join('|')})$`) }, ({ path, importer }) => {
      return /node_modules\/@(alicloud|darabonba)\//.test(importer) ? { path, namespace: 'unused' } : undefined
    })
    // All of Kubernetes' API as models, and `fetch` for them, 1.5 MB: of its client we use the reader of kubeconfigs.
    build.onResolve({ filter: /^(\.\/gen\/index\.js|undici)$/ }, ({ path, importer }) => {
      return /@kubernetes\/client-node\/dist\/config\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({ contents: stub(path), loader: 'js' }))
  },
}
