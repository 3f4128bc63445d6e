import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import type { Clock } from '../../lib/clock.ts'
import { printableData } from '../../printable.ts'
import { type HelperStatus, STATUS_KEY } from '../../release/helper-status.ts'

export interface StatusWriterOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly namespace: string
  readonly name: string
  readonly build: () => HelperStatus
  /** No write while work is going on, unless it takes long: a reader waits for what comes after it. */
  readonly busy: () => boolean
  /** Only the leader reports. */
  readonly mayWrite: () => boolean
  readonly onProblem: (error: unknown) => void
}

/** Writes the status when it changed: one in 30 s in the mean, ten at once, so that what a person waits for shows soon. */
export interface StatusWriter {
  /** Something that the status shows may have changed. */
  touch(): void
  /** What the ConfigMap holds now: another writer, or a write of ours that came late, may have replaced the report. */
  observe(text: string | undefined): void
  stop(): void
}

const PAUSE_MS = 30_000
/** Writes that may follow each other at once after a quiet time. */
const BURST = 10
const SETTLE_MS = 250
/** So many reports of ours are known again when the watch shows them late. */
const REMEMBERED = 20

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { client, clock } = options
  let last = ''
  const written: string[] = []
  let seen: string | undefined
  let writing = false
  // when the writes so far would have been paid for, one each PAUSE_MS (a leaky bucket of BURST)
  let paidAt = Number.NEGATIVE_INFINITY
  let touchedAt = 0
  let cancel: (() => void) | undefined
  const stop = new AbortController()

  function plan(): void {
    // One at a time: the answers then come in the order of the writes.
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
      // What was there before this write, it replaces.
      seen = undefined
      pay()
      const path = namespacedPath('/api/v1', options.namespace, 'configmaps', options.name)
      const body = { data: { [STATUS_KEY]: sent } }
      const query = { fieldManager: FIELD_MANAGER }
      await client.request({ method: 'PATCH', path, query, body, contentType: MERGE_PATCH }, stop.signal)
      last = text
      written.push(sent)
      if (written.length > REMEMBERED) written.shift()
      if (replaced()) touch()
    } catch (error) {
      if (stop.signal.aborted) return
      if (text === '') pay()
      options.onProblem(error)
      touch()
    } finally {
      writing = false
      if (touchedAt !== 0) plan()
    }
  }
  /** The ConfigMap holds what none of our confirmed writes put there: a confirmed one is only shown late. */
  function replaced(): boolean {
    return seen !== undefined && written.length > 0 && !written.includes(seen)
  }
  function touch(): void {
    if (touchedAt === 0) touchedAt = clock.monotonic()
    plan()
  }
  return {
    touch,
    observe(text = '') {
      seen = text
      // A watch never goes back, but what it watches may: to a backup.
      written.splice(0, Math.max(0, written.indexOf(text)))
      if (replaced()) touch()
    },
    stop() {
      stop.abort()
      cancel?.()
    },
  }
}
