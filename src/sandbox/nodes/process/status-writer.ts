import { KubeApiError } from '../../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { Pod, PodStatus } from '../../cluster/pod.ts'

/** Writes a Pod's status, one write at a time, always the newest, none when nothing has changed. */
export interface StatusWriter {
  write(status: PodStatus): void
  /** The newest that was given. */
  last(): PodStatus | undefined
}

const RETRY_MS = 500

export function createStatusWriter(client: KubeClient, pod: Pod, clock: Clock, signal: AbortSignal): StatusWriter {
  const { namespace, name, uid } = pod.metadata
  const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/status`
  let newest: PodStatus | undefined
  let written = ''
  let busy = false

  async function flush(): Promise<void> {
    if (busy) return
    busy = true
    for (let text = JSON.stringify(newest); text !== written && !signal.aborted; text = JSON.stringify(newest)) {
      const body = { metadata: { uid }, status: newest }
      try {
        await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
        written = text
      } catch (error) {
        // another Pod has its name now, or none: nobody to tell
        if (error instanceof KubeApiError && [404, 409, 422].includes(error.status)) break
        await sleep(clock, RETRY_MS, signal).catch(() => undefined)
      }
    }
    busy = false
  }

  return {
    last: () => newest,
    write(status) {
      newest = status
      void flush()
    },
  }
}
