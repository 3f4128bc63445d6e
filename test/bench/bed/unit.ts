import { APPLY, type KubeClient } from '../../../src/kube/client.ts'
import { SKIP } from '../../../src/kube/names.ts'
import { percentile } from './statistics.ts'

/**
 * The unit of all figures: the round trip of one write, a server-side apply that creates a Secret of 2 kB, one after the
 * other on the API server that is measured. Taken before and after what is measured, and all samples counted together.
 */
export interface Unit {
  /** Takes more samples. */
  measure(signal: AbortSignal): Promise<void>
  /** The median of all samples so far, ms. */
  readonly p50: number
  readonly p99: number
  readonly samples: number
}

const NAMESPACE = 'kube-unit'
const WARM_UP = 20
const SAMPLES = 200
const BYTES = 2000

export function createUnit(admin: KubeClient): Unit {
  const times: number[] = []
  let index = 0
  const write = async (signal: AbortSignal): Promise<number> => {
    const name = `unit-${index++}`
    const begin = performance.now()
    await admin.request(
      {
        method: 'PATCH',
        path: `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`,
        query: { fieldManager: 'bench' },
        contentType: APPLY,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { content: DATA } },
      },
      signal,
    )
    return performance.now() - begin
  }
  return {
    async measure(signal) {
      if (index === 0) {
        const metadata = { name: NAMESPACE, labels: { [SKIP]: 'true' } }
        await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata } }, signal)
      }
      for (let warm = 0; warm < WARM_UP; warm += 1) await write(signal)
      for (let sample = 0; sample < SAMPLES; sample += 1) times.push(await write(signal))
    },
    get p50() {
      return percentile(times, 0.5)
    },
    get p99() {
      return percentile(times, 0.99)
    },
    get samples() {
      return times.length
    },
  }
}

const DATA = Buffer.alloc(BYTES, 'acr').toString('base64')
