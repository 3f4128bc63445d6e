import type { CloudCall, CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import { singleFlight } from '../lib/concurrency.ts'
import { type JsonObject, stableJson } from '../lib/json.ts'

/** Products whose calls a check makes only to read. Sessions and kubeconfigs are never shared. */
const SHARED: Readonly<Record<string, RegExp>> = {
  ram: /^(Get|List)/,
  ims: /^Get/,
  cr: /^(Get|List)/,
  cs: /^(DescribeClusterDetail|DescribeClusterNodePools)$/,
  sts: /^GetCallerIdentity$/,
}

/**
 * Makes equal reads of one identity one call. Clusters of an account read the same roles, policies
 * and instances. A failed read is made again for the next cluster.
 */
export function shareReads(transport: CloudTransport): CloudTransport {
  const byIdentity = new WeakMap<object, Map<string, (signal?: AbortSignal) => Promise<JsonObject>>>()
  const call = (request: CloudCall, signal?: AbortSignal): Promise<JsonObject> => {
    const { product, action, version, path, query, endpoint, credentials, write } = request
    if (!SHARED[product]?.test(action) || write === true || typeof credentials !== 'object') {
      return transport.call(request, signal)
    }
    const known = byIdentity.get(credentials) ?? new Map()
    byIdentity.set(credentials, known)
    const key = stableJson([product, action, version, path, query, endpoint.href])
    const shared = known.get(key) ?? rememberSuccess((own) => transport.call(request, own))
    known.set(key, shared)
    return shared(signal)
  }
  return { ...transport, call }
}

/** Shares one run of `work`, and its result once it has one. */
function rememberSuccess<T>(work: (signal: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  const flight = singleFlight(work)
  let done: { readonly result: T } | undefined
  return async (signal) => {
    if (done === undefined) done = { result: await flight(signal) }
    return done.result
  }
}
