import type { CloudCall, CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import type { KubeCall, KubeClient } from '../kube/client.ts'
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

/**
 * Makes equal reads of one object in a cluster one request: the release's objects are compared with
 * their manifest, and doctor judges the same objects. Lists have a query and are not shared.
 */
export function shareObjects(client: KubeClient): KubeClient {
  const known = new Map<string, (signal?: AbortSignal) => Promise<unknown>>()
  const request = <T>(call: KubeCall, signal?: AbortSignal): Promise<T> => {
    if (call.method !== 'GET' || call.query !== undefined || call.isText === true)
      return client.request<T>(call, signal)
    const key = stableJson([call.path, call.accept, call.actAs])
    const shared = known.get(key) ?? rememberSuccess((own) => client.request<T>(call, own))
    known.set(key, shared)
    return shared(signal) as Promise<T>
  }
  return { ...client, request }
}

/** Runs `work` once for all callers. Its result is kept; a failed run is repeated. */
function rememberSuccess<T>(work: (signal: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  const flight = singleFlight(work)
  let done: { readonly result: T } | undefined
  return async (signal) => {
    if (done === undefined) done = { result: await flight(signal) }
    return done.result
  }
}
