import { ensureTools } from '../../tools/build/ensure-tools.ts'
import type { Progress } from '../../tools/progress.ts'
import { openHelperCluster } from '../cluster/helper-cluster.ts'
import { createAccounts, GIANT_NAME, peakMemoryOf } from '../support/cluster/hostile-accounts.ts'
import { eventually } from '../support/eventually.ts'

export interface HostileSizes {
  /** ServiceAccounts as large as etcd accepts. */
  readonly giant: number
  /** Ordinary ones, all in one namespace. */
  readonly plain: number
}

/** The limit that the chart sets, in MiB. */
const LIMIT = 256
const MEBIBYTE = 1024 * 1024

/**
 * Fills two namespaces with ServiceAccounts and measures the helper's memory. Returns 1 if the
 * memory exceeds its limit, or a new namespace is not served.
 */
export async function runHostileNamespace(
  sizes: HostileSizes,
  { progress, print }: { readonly progress: Progress; readonly print: (text: string) => void },
  signal: AbortSignal,
): Promise<number> {
  await ensureTools(['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4'], { progress, signal })
  return await progress.step('ServiceAccounts', async (step) => {
    step.update('starting a cluster')
    await using helperCluster = await openHelperCluster('soak-hostile')
    const { admin } = helperCluster
    const served = async (namespace: string): Promise<number> => {
      const begin = performance.now()
      await helperCluster.chart.createNamespace(namespace)
      await eventually(async () => {
        signal.throwIfAborted()
        if (!(await helperCluster.isUsable(namespace))) throw new Error(`${namespace} is not served`)
      }, 120_000)
      return performance.now() - begin
    }
    const rows: { readonly what: string; readonly ms: number; readonly peak: number | undefined }[] = []
    const measure = async (what: string, namespace: string): Promise<void> => {
      const ms = await served(namespace)
      rows.push({ what, ms, peak: peakMemoryOf((await helperCluster.leader()).uid) })
    }
    step.update(`${sizes.giant} ServiceAccounts of 1.3 MB`)
    await helperCluster.chart.createNamespace('hostile')
    await createAccounts(admin, 'hostile', { prefix: 'giant', count: sizes.giant, list: [GIANT_NAME] })
    await helperCluster.install({ replicas: 1 })
    await helperCluster.settled()
    await measure(`a start beside ${sizes.giant} of 1.3 MB`, 'shop-1')
    step.update(`${sizes.plain} plain ServiceAccounts`)
    await helperCluster.chart.createNamespace('crowd')
    await createAccounts(admin, 'crowd', { prefix: 'plain', count: sizes.plain, list: [] })
    await measure(`${sizes.plain} plain ones created in one namespace`, 'shop-2')
    step.update('the crowd is attached')
    const { uid } = await helperCluster.leader()
    await eventually(async () => {
      const status = await helperCluster.status()
      if (status?.serviceAccounts?.pending !== 0 || status.serviceAccounts.current < sizes.plain)
        throw new Error('pending')
    }, 10 * 60_000)
    await measure('all of them attached', 'shop-3')
    for (const { what, ms, peak } of rows) {
      const memory = peak === undefined ? 'memory unknown' : `peak ${Math.round(peak / MEBIBYTE)} MiB`
      print(`${what}: a new namespace served in ${Math.round(ms)} ms, ${memory}`)
    }
    const over = rows.some(({ peak = 0 }) => peak > LIMIT * MEBIBYTE)
    const restarted = (await helperCluster.leader()).uid !== uid
    if (over) print(`✖ more than ${LIMIT} MiB`)
    if (restarted) print('✖ the helper was restarted')
    return over || restarted ? 1 : 0
  })
}
