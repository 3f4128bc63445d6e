import { isDeepStrictEqual } from 'node:util'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { Lease } from '../../src/kube/lease-record.ts'
import type { WatchEvent } from '../../src/kube/watch/watch-stream.ts'

const LIST = '/apis/coordination.k8s.io/v1/namespaces/ns/leases'
const CREATED = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'helper' } }

/**
 * An API server that holds one Lease, and responds to stale, wrong and misdirected requests like
 * the real one.
 */
export interface FakeLeaseApi {
  readonly client: KubeClient
  readonly calls: string[]
  readonly lease: Lease
  /** The next calls of this method fail with this status (0: no response). */
  fail(method: string, status: number, times: number): void
  /**
   * Executes the next call of this method, and holds its response back until the returned function
   * is called.
   */
  holdResponse(method: string): () => void
  /** Executes the next call of this method, and breaks the connection before its response. */
  loseResponse(method: string): void
  /** Writes the Lease as another client. */
  overwrite(spec: Lease['spec']): void
  /** Lowers the version by this much, as after a restore of etcd from a backup. */
  restore(by: number): void
  /** Deletes the Lease, or creates it again, as another client. */
  remove(): void
  create(): void
  /**
   * Each watch from now on ends immediately: with this error event, or with 0 without any event. If
   * undefined, watches stay open again.
   */
  endWatches(code: number | undefined): void
  /** Ends the open watches as after `timeoutSeconds`. */
  closeWatches(): void
  /** The lanes of all requests so far. */
  readonly lanes: ReadonlySet<string | undefined>
}

export function createFakeLeaseApi(): FakeLeaseApi {
  let version = 1
  let lease: Lease = { metadata: { name: 'helper', namespace: 'ns', uid: 'u', resourceVersion: '1' } }
  const calls: string[] = []
  const lanes = new Set<string | undefined>()
  let deleted = false
  let watchEnd: number | undefined
  const watchers = new Map<(event: WatchEvent<Lease>) => void, () => void>()
  const failures: { method: string; status: number; times: number }[] = []
  const change = (spec: Lease['spec']): Lease => {
    version += 1
    lease = {
      metadata: { ...lease.metadata, resourceVersion: String(version) },
      ...(spec === undefined ? {} : { spec }),
    }
    for (const watcher of [...watchers.keys()]) watcher({ type: 'MODIFIED', object: lease })
    return lease
  }
  const check = (method: string, signal: AbortSignal | undefined): void => {
    calls.push(method)
    signal?.throwIfAborted()
    const failure = failures.find((one) => one.method === method && one.times > 0)
    if (failure === undefined) return
    failure.times -= 1
    throw new KubeApiError(failure.status, `${method} failed`, failure.status === 0 ? { code: 'KUBE_UNREACHABLE' } : {})
  }
  const held = new Map<string, Promise<void>>()
  const lost = new Set<string>()
  const respond = (call: KubeCall): Lease => {
    lanes.add(call.lane)
    if (call.path !== `${LIST}/helper`) throw new KubeApiError(404, `no path ${call.path}`)
    if (call.method === 'PATCH') {
      // Refuses an apply without a manager, and an apply whose object is not the path's.
      const isWhole = isDeepStrictEqual(call.body, CREATED) && call.query?.fieldManager === 'acr-nopass'
      if (!isWhole) throw new KubeApiError(400, 'not an apply of this Lease')
      // If the Lease exists, an apply of metadata alone changes nothing.
      if (!deleted) return lease
      deleted = false
      return change(undefined)
    }
    if (deleted) throw new KubeApiError(404, 'not found')
    if (call.method === 'GET') return lease
    const body = call.body as Lease
    const { leaseTransitions = 0, leaseDurationSeconds = 1 } = body.spec ?? {}
    // Decodes an int32 and validates it as the API server does
    // (k8s.io/kubernetes/pkg/apis/coordination/validation).
    for (const [number, least] of [
      [leaseTransitions, 0],
      [leaseDurationSeconds, 1],
    ] as const) {
      if (!Number.isInteger(number) || number > 2 ** 31 - 1) throw new KubeApiError(400, 'cannot unmarshal number')
      if (number < least) throw new KubeApiError(422, 'Invalid value')
    }
    if (body.metadata.resourceVersion !== lease.metadata.resourceVersion) throw new KubeApiError(409, 'stale')
    return change(body.spec)
  }
  const client: KubeClient = {
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      check(call.method, signal)
      const done = respond(call)
      const wait = held.get(call.method)
      held.delete(call.method)
      if (wait) await wait
      if (lost.delete(call.method)) throw new KubeApiError(0, 'the response was lost', { code: 'KUBE_UNREACHABLE' })
      signal?.throwIfAborted()
      return done as T
    },
    watch<T>(
      { path, query = {} }: Pick<KubeCall, 'path' | 'query'>,
      onEvent: (event: WatchEvent<T>) => void,
      signal?: AbortSignal,
    ): Promise<void> {
      return new Promise((resolve, reject) => {
        check('WATCH', signal)
        const { resourceVersion, ...selection } = query
        if (
          path !== LIST ||
          !isDeepStrictEqual(selection, { fieldSelector: 'metadata.name=helper', timeoutSeconds: 300 })
        ) {
          throw new KubeApiError(400, 'not a watch of this Lease that ends')
        }
        const watcher = onEvent as (event: WatchEvent<unknown>) => void
        if (watchEnd === 0) return resolve()
        watchers.set(watcher, resolve)
        signal?.addEventListener('abort', () => {
          watchers.delete(watcher)
          reject(signal.reason)
        })
        // Without a version, the server begins with the present state. With a version, it sends the
        // changes since then.
        if (resourceVersion === undefined) watcher({ type: 'ADDED', object: lease })
        else if (resourceVersion !== lease.metadata.resourceVersion) watcher({ type: 'MODIFIED', object: lease })
        if (watchEnd !== undefined) {
          const code = watchEnd
          setImmediate(() => {
            watchers.delete(watcher)
            watcher({ type: 'ERROR', object: { kind: 'Status', code } })
          })
        }
      })
    },
    close: () => undefined,
  }
  return {
    client,
    calls,
    get lease() {
      return lease
    },
    fail: (method, status, times) => failures.push({ method, status, times }),
    holdResponse(method) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(method, promise)
      return resolve
    },
    loseResponse: (method) => void lost.add(method),
    restore(by) {
      version -= by
      lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } }
    },
    overwrite: (spec) => {
      change(spec)
    },
    remove() {
      deleted = true
      for (const watcher of [...watchers.keys()]) watcher({ type: 'DELETED', object: lease })
    },
    create() {
      deleted = false
      change({})
    },
    endWatches(code) {
      watchEnd = code
    },
    closeWatches() {
      for (const close of watchers.values()) close()
      watchers.clear()
    },
    lanes,
  }
}
