import type { NamespaceView, Transforms } from '../../installation/object-views.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { type KubeClient, METADATA_ONLY } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { type ChangeHandler, createStore } from '../../kube/watch/store.ts'
import { type Clock, sleep } from '../../lib/clock.ts'

export interface NamespaceReaderOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly transforms: Transforms
  readonly names: readonly string[]
  readonly onChange: ChangeHandler<NamespaceView>
  readonly onSynced: () => void
  /** Called when the permission to read a namespace is missing. */
  readonly onRefused: (name: string) => void
  readonly onProblem: (resource: string, error: unknown, retryInMs: number) => void
}

/**
 * Each namespace is read again after this time, because a Role cannot grant list or watch of
 * namespaces (docs/en/decisions.md#namespace-scope).
 */
const REREAD_MS = 5 * 60_000
/**
 * The pause before a namespace that may not be read is read again. Usually the namespace was
 * deleted together with its Role.
 */
const REFUSED_MS = 30_000
const RETRY_MS = 2_000
const LONGEST_RETRY_MS = 30_000
/** A namespace that was read within this time is not read again before a removal. */
const FRESH_MS = 10_000

/**
 * With scope `namespaces`: polls the listed namespaces, one GET each. A namespace that may not be
 * read (403) is treated as deleted, and reported.
 */
export function createNamespaceReader(options: NamespaceReaderOptions) {
  const { client, clock } = options
  const store = createStore(options.onChange)
  const nextAt = new Map(options.names.map((name) => [name, Number.NEGATIVE_INFINITY]))
  const failures = new Map<string, number>()
  const responded = new Set<string>()
  const refused = new Set<string>()
  /** The monotonic time of the last response, by namespace. */
  const readAt = new Map<string, number>()
  /**
   * The read in progress, by namespace. Two reads of one namespace never overlap, so that no older
   * response arrives last.
   */
  const readings = new Map<string, Promise<void>>()
  let rewinds = 0
  let synced = false
  let wake = new AbortController()
  let lastProgress = clock.monotonic()
  let lastActivity = lastProgress

  /** Reads a namespace. Returns when to read it again. */
  async function readOne(name: string, signal: AbortSignal): Promise<number> {
    const path = `/api/v1/namespaces/${encodeURIComponent(name)}`
    try {
      const object = await client.request<KubeObject>({ method: 'GET', path, accept: METADATA_ONLY }, signal)
      refused.delete(name)
      store.replace(name, options.transforms.namespace(object))
    } catch (error) {
      const status = error instanceof KubeApiError ? error.status : 0
      if (status !== 403 && status !== 404) {
        const count = failures.get(name) ?? 0
        failures.set(name, count + 1)
        const wait = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** Math.min(count, 10))
        if (!signal.aborted) options.onProblem('namespaces', error, wait)
        return wait
      }
      if (status === 403) refused.add(name)
      else refused.delete(name)
      store.remove(name)
      if (status === 403) options.onRefused(name)
    }
    failures.delete(name)
    responded.add(name)
    readAt.set(name, clock.monotonic())
    return refused.has(name) ? REFUSED_MS : REREAD_MS
  }
  const isFresh = (name: string): boolean =>
    (readAt.get(name) ?? Number.NEGATIVE_INFINITY) > clock.monotonic() - FRESH_MS
  async function readAndSchedule(name: string, signal: AbortSignal): Promise<void> {
    const before = rewinds
    const wait = await readOne(name, signal)
    const isOfBefore = rewinds !== before
    if (isOfBefore) readAt.delete(name)
    nextAt.set(name, isOfBefore ? Number.NEGATIVE_INFINITY : clock.monotonic() + wait)
  }
  function read(name: string, signal: AbortSignal): Promise<void> {
    const reading = readings.get(name) ?? readAndSchedule(name, signal).finally(() => readings.delete(name))
    readings.set(name, reading)
    return reading
  }
  async function readNow(name: string, signal: AbortSignal): Promise<boolean> {
    await read(name, signal)
    // The next read may be due sooner than the timer.
    wake.abort()
    return isFresh(name)
  }
  async function readDue(signal: AbortSignal): Promise<void> {
    lastActivity = clock.monotonic()
    const due = options.names.filter((name) => (nextAt.get(name) ?? 0) <= clock.monotonic())
    await Promise.all(due.map((name) => read(name, signal)))
    if (due.some((name) => !failures.has(name))) lastProgress = clock.monotonic()
    if (!synced && responded.size === nextAt.size) {
      synced = true
      options.onSynced()
    }
  }
  return {
    get: store.get,
    put: store.put,
    isOutdated: store.isOutdated,
    entries: () => store.entries(),
    refused: (name: string): boolean => refused.has(name),
    /**
     * Reads the namespace again now, and returns false if it cannot be read. Undefined if it was
     * read in the last 10 s.
     */
    confirm: (name: string, signal: AbortSignal): Promise<boolean> | undefined =>
      isFresh(name) ? undefined : readNow(name, signal),
    get synced() {
      return synced
    },
    get lastProgress() {
      return lastProgress
    },
    get lastActivity() {
      return lastActivity
    },
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        wake = new AbortController()
        await readDue(signal)
        const rest = Math.min(REREAD_MS, ...[...nextAt.values()].map((at) => at - clock.monotonic()))
        await sleep(clock, Math.max(100, rest), AbortSignal.any([signal, wake.signal])).catch(() => undefined)
      }
    },
    rewind() {
      rewinds += 1
      readAt.clear()
      for (const name of options.names) nextAt.set(name, Number.NEGATIVE_INFINITY)
      wake.abort()
    },
  }
}
