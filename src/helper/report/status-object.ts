import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import { createReconnectBackoff } from '../../kube/watch/reconnect-backoff.ts'
import { startWatchdog } from '../../kube/watch/watchdog.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import type { HelperStatus, StatusObject } from '../../release/helper-status.ts'

/** Fingerprints of the registries that a helper has got a token for. */
export function provenFingerprints(status: HelperStatus | undefined): ReadonlySet<string> {
  return new Set(
    (status?.registries ?? []).filter(({ state }) => state !== 'pending').map(({ fingerprint }) => fingerprint),
  )
}

/** When a rotation was requested (`acr-nopass refresh`), epoch milliseconds. */
export function refreshRequestedAt(object: StatusObject): number | undefined {
  const at = Date.parse(object.metadata.annotations?.[ANNOTATION_REFRESH_REQUESTED] ?? '')
  return Number.isNaN(at) ? undefined : at
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

/** Reads the status ConfigMap and watches it by name (the chart grants get and watch, not list). Never rejects. */
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
      const missing = error instanceof KubeApiError && error.status === 404
      const wait = missing ? 30_000 : backoff.next(clock.monotonic())
      await sleep(clock, wait, signal).catch(() => undefined)
    }
  }
}
