import { type HelperStatus, STATUS_KEY, type StatusObject } from '../../installation/helper-status.ts'
import { hasStatus } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import { createReconnectBackoff, startWatchdog } from '../../kube/watch/timing.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import { printableData } from '../../printable.ts'

/** Fingerprints of the registries that a helper has got a token for. */
export function provenFingerprints(status: HelperStatus | undefined): ReadonlySet<string> {
  return new Set(
    (status?.registries ?? []).filter(({ state }) => state !== 'pending').map(({ fingerprint }) => fingerprint),
  )
}

export interface FollowStatusOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly namespace: string
  readonly name: string
  readonly onObject: (object: StatusObject) => void
  readonly onProblem: (error: unknown) => void
}

const GRACE_MS = 5_000
const SHORT_WATCH_MS = 1_000

/**
 * Reads the status ConfigMap and watches it by name (the chart grants get and watch, not list).
 * Never rejects.
 */
export async function followStatus(options: FollowStatusOptions, signal: AbortSignal): Promise<void> {
  const { client, clock } = options
  const path = namespacedPath('/api/v1', options.namespace, 'configmaps')
  const backoff = createReconnectBackoff(options.random)
  while (!signal.aborted) {
    try {
      const object = await client.request<StatusObject>({ method: 'GET', path: `${path}/${options.name}` }, signal)
      options.onObject(object)
      const fieldSelector = `metadata.name=${options.name}`
      const seconds = Math.round(300 * (1 + options.random()))
      // Without a resourceVersion, because that of a rarely changed object is soon too old (410).
      const query = { fieldSelector, timeoutSeconds: seconds }
      const silence = new AbortController()
      const onEvent = (event: { type: string; object: StatusObject }): void => {
        if (event.type === 'ADDED' || event.type === 'MODIFIED') options.onObject(event.object)
        if (event.type === 'ERROR') silence.abort()
      }
      const openedAt = clock.monotonic()
      const watchdog = startWatchdog(clock, seconds * 1000 + GRACE_MS, () => silence.abort())
      await client
        .watch<StatusObject>({ path, query }, onEvent, AbortSignal.any([signal, silence.signal]))
        .finally(() => watchdog.stop())
      const rest = SHORT_WATCH_MS - (clock.monotonic() - openedAt)
      if (rest > 0) await sleep(clock, rest, signal)
    } catch (error) {
      if (signal.aborted) return
      options.onProblem(error)
      const missing = hasStatus(error, 404)
      const wait = missing ? 30_000 : backoff.next(clock.monotonic())
      await sleep(clock, wait, signal).catch(() => undefined)
    }
  }
}

export interface StatusWriterOptions extends Omit<FollowStatusOptions, 'random' | 'onObject'> {
  readonly build: () => HelperStatus
  /** While work is in progress the write waits up to 30 s, so that readers get its result. */
  readonly busy: () => boolean
  readonly mayWrite: () => boolean
}

const PAUSE_MS = 30_000
/** Writes that may follow each other immediately. */
const BURST = 10
const SETTLE_MS = 250
/** How many of our own texts are recognized when the watch delivers them late. */
const REMEMBERED = 20

/**
 * Writes the status when it changed: on average one write per 30 s, with a burst of ten, so that a
 * person rarely waits.
 */
export function createStatusWriter(options: StatusWriterOptions) {
  const { client, clock } = options
  let last = ''
  const written: string[] = []
  let seen: string | undefined
  let writing = false
  /** The text of the write in progress. */
  let sending: string | undefined
  // A leaky bucket: the time at which it is empty, with one write per PAUSE_MS and room for BURST.
  let paidAt = Number.NEGATIVE_INFINITY
  let touchedAt = 0
  let cancel: (() => void) | undefined
  const stop = new AbortController()

  function plan(): void {
    // One at a time, so that the responses come in the order of the writes.
    if (stop.signal.aborted || cancel || writing) return
    const wait = Math.max(paidAt - (BURST - 1) * PAUSE_MS - clock.monotonic(), SETTLE_MS)
    cancel = clock.after(wait, () => {
      cancel = undefined
      if (options.busy() && clock.monotonic() - touchedAt < PAUSE_MS) plan()
      else void write()
    })
  }
  function pay(): void {
    paidAt = Math.max(paidAt, clock.monotonic()) + PAUSE_MS
  }
  async function write(): Promise<void> {
    touchedAt = 0
    if (!options.mayWrite()) return
    writing = true
    let text = ''
    try {
      const status = printableData(options.build())
      text = JSON.stringify({ ...status, updatedAt: '' })
      if (text === last && !replaced()) return
      const sent = JSON.stringify(status)
      // This write replaces whatever was there before; if it fails, it is repeated, also with the
      // same text.
      seen = undefined
      last = ''
      sending = sent
      pay()
      const path = namespacedPath('/api/v1', options.namespace, 'configmaps', options.name)
      const body = { data: { [STATUS_KEY]: sent } }
      const query = { fieldManager: FIELD_MANAGER }
      await client.request({ method: 'PATCH', path, query, body, contentType: MERGE_PATCH }, stop.signal)
      last = text
      written.push(sent)
      if (written.length > REMEMBERED) written.shift()
      // The watch may have delivered it before the response came.
      forgetOlder()
      if (replaced()) touch()
    } catch (error) {
      if (stop.signal.aborted) return
      if (text === '') pay()
      options.onProblem(error)
      touch()
    } finally {
      writing = false
      sending = undefined
      if (touchedAt !== 0) plan()
    }
  }
  /**
   * Forgets texts that the current one replaced: when one of them shows up again, etcd was restored
   * from a backup.
   */
  function forgetOlder(): void {
    if (seen !== undefined) written.splice(0, Math.max(0, written.indexOf(seen)))
  }
  /**
   * Whether the ConfigMap has a text that is none of our confirmed writes, which the watch may
   * deliver late.
   */
  function replaced(): boolean {
    return seen !== undefined && written.length > 0 && !written.includes(seen)
  }
  /** Something that the status shows may have changed. */
  function touch(): void {
    if (touchedAt === 0) touchedAt = clock.monotonic()
    plan()
  }
  return {
    touch,
    /**
     * Call with the ConfigMap's text: another writer, or a delayed write of ours, may have replaced
     * the status.
     */
    observe(text = ''): void {
      seen = text
      // It replaced all others, also before its response comes.
      if (text === sending) written.length = 0
      forgetOlder()
      if (replaced()) touch()
    },
    /** etcd was restored from a backup: writes the status again. */
    rewind(): void {
      last = ''
      touch()
    },
    stop(): void {
      stop.abort()
      cancel?.()
    },
  }
}
