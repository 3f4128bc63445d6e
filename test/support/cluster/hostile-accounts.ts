import { readdirSync, readFileSync } from 'node:fs'
import type { KubeClient } from '../../../src/kube/client.ts'

/**
 * A name of a pull Secret that almost fills an object. The API server accepts it (etcd's limit is
 * 1.5 MiB).
 */
export const GIANT_NAME: string = 'x'.repeat(1_300_000)

/**
 * Creates ServiceAccounts `<prefix>-0`, … with the imagePullSecrets in `lists`, a few at a time.
 */
export async function createAccounts(
  admin: KubeClient,
  namespace: string,
  accounts: { readonly prefix: string; readonly count: number; readonly list: readonly string[] },
): Promise<void> {
  const imagePullSecrets = accounts.list.map((name) => ({ name }))
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < accounts.count) {
      const body = { metadata: { name: `${accounts.prefix}-${next++}` }, imagePullSecrets }
      await admin.request({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/**
 * Returns the peak resident memory of a Pod's process in bytes. It includes shared pages of Node's
 * binary, which a cgroup does not count. Undefined without /proc.
 */
export function peakMemoryOf(podUid: string): number | undefined {
  if (process.platform !== 'linux') return undefined
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(podUid)) return []
        const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        return kilobytes === undefined ? [] : [Number(kilobytes) * 1024]
      } catch {
        // The process has ended or belongs to another user.
        return []
      }
    })
  return peaks.length === 0 ? undefined : Math.max(...peaks)
}
