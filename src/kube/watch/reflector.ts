import { type Clock, sleep } from '../../lib/clock.ts'
import { KubeApiError } from '../api-error.ts'
import { type KubeClient, METADATA_ONLY, METADATA_ONLY_LIST, type Query } from '../client.ts'
import { listPages } from '../list-pages.ts'
import { type KubeList, type KubeObject, keyOf } from '../types.ts'
import { type ChangeHandler, createStore, isOlderVersion, type Versioned } from './store.ts'
import { createReconnectBackoff, startWatchdog, type Watchdog } from './timing.ts'
import { errorOf, isVersionLost, isWatchListRefused, rewound } from './watch-failure.ts'
import type { WatchEvent } from './watch-stream.ts'

export interface ReflectorOptions<W extends KubeObject, T extends Versioned> {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  /** The path of the list, such as `/api/v1/namespaces`. */
  readonly path: string
  readonly selector?: Query
  readonly metadataOnly?: boolean
  /** Objects per page if the server has no WatchList. Default 500. */
  readonly pageSize?: number
  /** Reduces an object to what is cached. */
  readonly transform: (object: W) => T
  readonly onChange: ChangeHandler<T>
  /** Called after the first complete list, and after each later list. */
  readonly onSynced?: () => void
  /** Called if the server's versions went back, because etcd was restored from a backup. */
  readonly onRewound?: () => void
  /** Called for each failure, also of a handler. The reflector continues after `retryInMs`. */
  readonly onProblem?: (error: unknown, retryInMs: number) => void
  /**
   * Shared by the reflectors of one connection. The first reflector whose WatchList is refused sets
   * it to false.
   */
  readonly features: ServerFeatures
}

export interface ServerFeatures {
  watchList: boolean
}

export type Reflector<T extends Versioned> = ReturnType<typeof createReflector<KubeObject, T>>

/** What a running list has shown until now. */
interface Listed {
  readonly keys: Set<string>
  /**
   * Objects that the list shows in an older version than we know. The values are the known
   * versions, of the object or of its deletion.
   */
  readonly newer: Map<string, string>
}

/** A watch that is open. */
interface Stream {
  /** The list that this stream is still sending. Undefined once it is complete. */
  initial: Listed | undefined
  readonly longestMs: number
  readonly watchdog: Watchdog
  received: boolean
}

const PAGE_SIZE = 500
const WATCH_MIN_S = 300
const WATCH_GRACE_MS = 5_000
const INITIAL_SILENCE_MS = 30_000
/**
 * A server that sends bookmarks sends one per minute. Two missing bookmarks mean that the
 * connection is dead.
 */
const BOOKMARK_SILENCE_MS = 150_000
/** A watch that ends sooner and without an event is a failure. */
const SHORT_WATCH_MS = 1_000
/**
 * If a watch lasted this share of its timeout, it did not end because the server stopped, even if
 * our clock runs fast or slow.
 */
const FULL_TERM = 0.97
/**
 * After a longer outage, everything is listed again. A server that was restored meanwhile may
 * already have passed our version, and only a list shows what it lost. A leader loses its lease
 * after the same time, and also lists again.
 */
const OUTAGE_MS = 10_000
/** The longest pause before listing again, if the server's versions went back. */
const REWOUND_MS = 2_000
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/**
 * Caches one list of the API server. A watch keeps the cache current and is reopened after every
 * kind of failure.
 */
export function createReflector<W extends KubeObject, T extends Versioned>(options: ReflectorOptions<W, T>) {
  const { client, clock, features, path } = options
  const backoff = createReconnectBackoff(options.random)
  const store = createStore<T>((key, current, previous) => {
    try {
      options.onChange(key, current, previous)
    } catch (error) {
      options.onProblem?.(error, 0)
    }
  })
  let version: string | undefined
  // The newest version of a list or a watch, kept after `version` is reset.
  let latest: string | undefined
  let synced = false
  let round = new AbortController()
  /**
   * True if the last watch ended early or without an event. The server may have come back with
   * another history.
   */
  let doubtful = false
  /** The version that was known when a watch last ended with an ERROR event. */
  let endedAt: string | undefined
  let isRewound = false
  /** True while a round runs; false during the pause after it. */
  let trying = false
  /** The monotonic time since which every try has failed. */
  let failingSince: number | undefined
  let lastProgress = clock.monotonic()
  let lastActivity = lastProgress

  const put = (object: W): string => {
    const key = keyOf(object.metadata)
    // An object that comes from our own write is already in the store.
    if (!store.has(key, object.metadata)) store.put(key, options.transform(object))
    return key
  }
  const list = (object: W, listed: Listed): void => {
    const key = put(object)
    listed.keys.add(key)
    const known = store.versionOf(key) ?? ''
    // Before its bookmark, a stream may already send changes of the objects that it lists
    // (k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go).
    if (isOlderVersion(object.metadata.resourceVersion, known)) listed.newer.set(key, known)
    else listed.newer.delete(key)
  }
  const isBehind = (at: string): boolean => latest !== undefined && isOlderVersion(at, latest)
  const moveTo = (next: string): void => {
    version = next
    if (!isBehind(next)) latest = next
  }
  /**
   * The store may hold versions that the restored server never had. The next list replaces them
   * all.
   */
  const forget = (): void => {
    store.rewind()
    version = latest = undefined
  }
  /** A running list is restarted, because its first pages may be from before the restore. */
  const rewind = (): void => {
    const isFollowing = version !== undefined || (trying && !isRewound)
    forget()
    if (isFollowing) round.abort(rewound(path))
  }
  const rewoundHere = (): KubeApiError => {
    forget()
    isRewound = true
    options.onRewound?.()
    return rewound(path)
  }
  const finishList = ({ keys, newer }: Listed, at: string): void => {
    if (isBehind(at)) throw rewoundHere()
    // If we wrote an object after the list was made, the known version may be newer than the object
    // in the list. It must also be newer than the list.
    for (const known of newer.values()) if (!isOlderVersion(at, known)) throw rewoundHere()
    for (const [key] of store.entries()) if (!keys.has(key)) store.remove(key, at)
    moveTo(at)
    synced = true
    failingSince = undefined
    lastProgress = clock.monotonic()
    options.onSynced?.()
  }

  async function listAll(signal: AbortSignal): Promise<void> {
    const listed: Listed = { keys: new Set(), newer: new Map() }
    let at = ''
    const call = {
      path,
      pageSize: options.pageSize ?? PAGE_SIZE,
      query: options.selector,
      accept: options.metadataOnly ? METADATA_ONLY_LIST : undefined,
    }
    for await (const page of listPages<W>(client, call, signal)) {
      for (const object of page.items ?? []) {
        signal.throwIfAborted()
        list(object, listed)
      }
      signal.throwIfAborted()
      lastActivity = lastProgress = clock.monotonic()
      at = page.metadata.resourceVersion
    }
    finishList(listed, at)
  }

  /**
   * Watches from the known version. If no version is known, the same stream lists first
   * (WatchList). Returns whether anything was received.
   */
  async function watch(signal: AbortSignal): Promise<boolean> {
    const seconds = Math.round(WATCH_MIN_S * (1 + options.random()))
    const stop = new AbortController()
    const isList = version === undefined
    const silence = new KubeApiError(0, `WATCH ${path}: nothing was received for too long`, { code: 'KUBE_TIMEOUT' })
    const longestMs = seconds * 1000 + WATCH_GRACE_MS
    const watchdog = startWatchdog(clock, isList ? INITIAL_SILENCE_MS : longestMs, () => stop.abort(silence))
    // Only `stream` references the listed objects. A variable here would keep them in memory until
    // the watch ends.
    const stream: Stream = {
      initial: isList ? { keys: new Set(), newer: new Map() } : undefined,
      longestMs,
      watchdog,
      received: false,
    }
    const query = { allowWatchBookmarks: true, timeoutSeconds: seconds, resourceVersion: version }
    const start = isList ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {}
    const call = {
      path,
      query: { ...options.selector, ...query, ...start },
      accept: options.metadataOnly ? METADATA_ONLY : undefined,
    }
    const begin = clock.monotonic()
    const onEvent = (event: WatchEvent<W>): void => {
      // An earlier event in the same chunk may have aborted this round.
      signal.throwIfAborted()
      stream.received = true
      lastActivity = lastProgress = clock.monotonic()
      if (event.type !== 'ERROR') {
        take(event, stream)
        return
      }
      stop.abort(errorOf(path, event.object))
      // Lists again, as client-go does, because the error may be about this version.
      if (endedAt === version) version = undefined
      endedAt = version
    }
    try {
      await client.watch<W>(call, onEvent, AbortSignal.any([signal, stop.signal]))
    } catch (error) {
      if (stream.initial && isWatchListRefused(error)) {
        features.watchList = false
        return true
      }
      throw error
    } finally {
      watchdog.stop()
    }
    doubtful = !stream.received || clock.monotonic() - begin < seconds * 1000 * FULL_TERM
    return stream.received
  }

  function take({ type, object }: WatchEvent<W>, stream: Stream): void {
    const { initial, watchdog, longestMs } = stream
    const { metadata } = object
    if (type !== 'BOOKMARK') {
      watchdog.reset()
      if (type === 'DELETED') {
        store.remove(keyOf(metadata), metadata.resourceVersion)
        initial?.newer.delete(keyOf(metadata))
      } else if (initial) list(object, initial)
      else put(object)
    } else if (initial && metadata.annotations?.[INITIAL_EVENTS_END] === 'true') {
      finishList(initial, metadata.resourceVersion)
      stream.initial = undefined
      watchdog.reset(longestMs)
    } else watchdog.reset(initial ? INITIAL_SILENCE_MS : BOOKMARK_SILENCE_MS)
    if (!stream.initial) moveTo(metadata.resourceVersion)
  }

  /**
   * Detects a restored server. Such a server accepts a watch from a version that it has not reached
   * yet, and never sends the changes below this version.
   */
  async function checkHistory(signal: AbortSignal): Promise<void> {
    const query = { ...options.selector, limit: 1 }
    const accept = options.metadataOnly ? METADATA_ONLY_LIST : undefined
    const { metadata, items } = await client.request<KubeList<W>>({ method: 'GET', path, query, accept }, signal)
    if (isBehind(metadata.resourceVersion) || items?.some(isOfOtherHistory)) throw rewoundHere()
    failingSince = undefined
  }

  /**
   * True if an object is unknown although it is older than our version. The server has then passed
   * our version with other changes.
   */
  function isOfOtherHistory({ metadata }: W): boolean {
    const at = version ?? ''
    const known = store.get(keyOf(metadata))
    // We may have written this object after the list was made, so the known version may be newer.
    if (isOlderVersion(at, metadata.resourceVersion) || (known && isOlderVersion(at, known.resourceVersion)))
      return false
    return !store.has(keyOf(metadata), metadata)
  }

  async function oneRound(signal: AbortSignal): Promise<void> {
    const begin = clock.monotonic()
    lastActivity = begin
    const isAfterOutage = failingSince !== undefined && begin - failingSince > OUTAGE_MS
    if (isAfterOutage) forget()
    else if (version !== undefined && doubtful) await checkHistory(signal)
    doubtful = true
    if (version === undefined && !features.watchList) await listAll(signal)
    const received = await watch(signal)
    lastActivity = clock.monotonic()
    if (!received && lastActivity - begin < SHORT_WATCH_MS) {
      throw new KubeApiError(0, `WATCH ${path} ended immediately without an event`, { code: 'KUBE_UNREACHABLE' })
    }
    lastProgress = lastActivity
  }

  /** Records a failed round. Returns how long to wait before the next round (milliseconds). */
  function waitAfter(error: unknown, begin: number): number {
    const failure = error instanceof KubeApiError ? error : undefined
    // The time that was spent waiting for a response does not count as an open stream.
    const waited = failure?.code === 'KUBE_TIMEOUT'
    failingSince ??= waited ? begin : clock.monotonic()
    if (failure && isVersionLost(failure)) version = undefined
    const pause = backoff.next(clock.monotonic(), waited ? 0 : clock.monotonic() - begin)
    // A rewound server responds, so it needs no long backoff.
    const wait = Math.max(failure?.retryAfterMs ?? 0, isRewound ? Math.min(pause, REWOUND_MS) : pause)
    isRewound = false
    return wait
  }

  return {
    get: store.get,
    entries: store.entries,
    put(key: string, view: T): void {
      // We created this object, and another client deleted it before the last event. No further
      // event will remove it from the store.
      const isGone =
        store.get(key) === undefined && latest !== undefined && !isOlderVersion(latest, view.resourceVersion)
      if (!isGone) store.put(key, view)
    },
    remove: store.remove,
    isOutdated: store.isOutdated,
    /** For a server whose versions went back: lists again and replaces every object. */
    rewind,
    get size() {
      return store.size
    },
    get synced() {
      return synced
    },
    /** The monotonic time at which the server last sent anything. */
    get lastProgress() {
      return lastProgress
    },
    /**
     * The monotonic time of the last try. It distinguishes a stuck loop from a server that is down.
     */
    get lastActivity() {
      return lastActivity
    },
    /** Lists and watches until the signal aborts. Never rejects. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        const begin = clock.monotonic()
        round = new AbortController()
        trying = true
        try {
          await oneRound(AbortSignal.any([signal, round.signal]))
        } catch (error) {
          trying = false
          if (signal.aborted) return
          const wait = waitAfter(error, begin)
          options.onProblem?.(error, wait)
          await sleep(clock, wait, AbortSignal.any([signal, round.signal])).catch(() => undefined)
        }
      }
    },
  }
}
