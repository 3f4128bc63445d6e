import { type HelperStatus, STATUS_KEY, type StatusObject } from '../../installation/helper-status.ts'
import { hasStatus } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import { createReconnectBackoff, startWatchdog } from '../../kube/watch/timing.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import { printableData } from '../../printable.ts'

/** Returns the fingerprints of the registries for which a helper has obtained a token. */
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
      // Watch without a resourceVersion: the version of an object that rarely changes is soon too
      // old (410).
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
  /**
   * True while work is in progress. The write then waits up to 30 s, so that readers get the result
   * of the work.
   */
  readonly busy: () => boolean
  readonly mayWrite: () => boolean
}

const PAUSE_MS = 30_000
/** How many writes may follow each other without a pause. */
const BURST = 10
const SETTLE_MS = 250
/** How many of our own texts are remembered, because the watch may deliver them late. */
const REMEMBERED = 20

/**
 * Writes the status after a change. At most one write per 30 s on average, with a burst of ten, so
 * that a person rarely waits.
 */
export function createStatusWriter(options: StatusWriterOptions) {
  const { client, clock } = options
  let last = ''
  const written: string[] = []
  let seen: string | undefined
  let writing = false
  /** The text of the write in progress. */
  let sending: string | undefined
  // The time at which the leaky bucket is empty. It drains one write per PAUSE_MS and holds BURST
  // writes.
  let paidAt = Number.NEGATIVE_INFINITY
  let touchedAt = 0
  let cancel: (() => void) | undefined
  const stop = new AbortController()

  function plan(): void {
    // Write one status at a time, so that the responses arrive in the order of the writes.
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
      // This write replaces any earlier text. If the write fails, it is repeated even if the text
      // is the same.
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
      // The watch may have delivered the new text before the response arrived.
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
   * Forgets texts that the current text replaced. A forgotten text that appears again shows that
   * etcd was restored from a backup.
   */
  function forgetOlder(): void {
    if (seen !== undefined) written.splice(0, Math.max(0, written.indexOf(seen)))
  }
  /**
   * True if the text of the ConfigMap is not one of our confirmed writes. The watch may deliver our
   * own writes late.
   */
  function replaced(): boolean {
    return seen !== undefined && written.length > 0 && !written.includes(seen)
  }
  /** Call after a change that the status may show. */
  function touch(): void {
    if (touchedAt === 0) touchedAt = clock.monotonic()
    plan()
  }
  return {
    touch,
    /**
     * Call with the ConfigMap's text, because another writer or a delayed write of ours may have
     * replaced the status.
     */
    observe(text = ''): void {
      seen = text
      // The text of the write in progress has replaced all others, even before its response
      // arrives.
      if (text === sending) written.length = 0
      forgetOlder()
      if (replaced()) touch()
    },
    /** Writes the status again, after etcd was restored from a backup. */
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
