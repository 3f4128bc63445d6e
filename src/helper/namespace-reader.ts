import { KubeApiError } from '../kube/api-error.ts'
import { type KubeClient, METADATA_ONLY } from '../kube/client.ts'
import { type Clock, sleep } from '../kube/clock.ts'
import { type ChangeHandler, createStore } from '../kube/store.ts'
import type { KubeObject } from '../kube/types.ts'
import type { Source } from './source.ts'
import type { NamespaceView, Trimmers } from './views.ts'

export interface NamespaceReaderOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly trimmers: Trimmers
  readonly names: readonly string[]
  readonly onChange: ChangeHandler<NamespaceView>
  readonly onSynced: () => void
  readonly onProblem: (resource: string, error: unknown, retryInMs: number) => void
}

/** A Role gives no more than GET of its own namespace (proofs §8), so each is read again from time to time. */
const REREAD_MS = 5 * 60_000
const RETRY_MS = 2_000

/** Scope `namespaces`: the listed namespaces, one GET each. */
export function createNamespaceReader(options: NamespaceReaderOptions): Source<NamespaceView> {
  const { client, clock } = options
  const store = createStore(options.onChange)
  let synced = false
  let lastProgress = clock.monotonic()
  let lastActivity = lastProgress

  async function readOne(name: string, signal: AbortSignal): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(name)}`
    try {
      const object = await client.request<KubeObject>({ method: 'GET', path, accept: METADATA_ONLY }, signal)
      store.put(name, options.trimmers.namespace(object))
    } catch (error) {
      if (!(error instanceof KubeApiError && error.status === 404)) throw error
      store.remove(name)
    }
  }
  async function readAll(signal: AbortSignal): Promise<number> {
    lastActivity = clock.monotonic()
    const results = await Promise.allSettled(options.names.map((name) => readOne(name, signal)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) {
      if (!signal.aborted) options.onProblem('namespaces', failed.reason, RETRY_MS)
      return RETRY_MS
    }
    lastProgress = clock.monotonic()
    if (!synced) {
      synced = true
      options.onSynced()
    }
    return REREAD_MS
  }
  return {
    get: store.get,
    put: store.put,
    entries: () => store.entries(),
    get synced() {
      return synced
    },
    get lastProgress() {
      return lastProgress
    },
    get lastActivity() {
      return lastActivity
    },
    async run(signal) {
      while (!signal.aborted) {
        await sleep(clock, await readAll(signal), signal).catch(() => undefined)
      }
    },
  }
}
