import { readdirSync, readFileSync } from 'node:fs'
import type { KubeClient } from '../../../src/kube/client.ts'

/** A name of a pull secret that nearly fills an object; the API server takes it (etcd's limit is 1.5 MiB). */
export const GIANT_NAME: string = 'x'.repeat(1_300_000)

/** Creates ServiceAccounts `<prefix>-0`, … in one namespace, a few at a time; `lists` gives the names in imagePullSecrets of each. */
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
 * The most memory that the process of a Pod ever had resident, bytes; its memory is counted with the shared pages of Node's binary,
 * so a cgroup counts less. Undefined where there is no /proc.
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
        // Ended meanwhile, or another user's.
        return []
      }
    })
  return peaks.length === 0 ? undefined : Math.max(...peaks)
}
