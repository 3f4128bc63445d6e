import type { Revision } from '../../helm/release/release-state.ts'
import type { RunContext } from '../cluster/cluster-run.ts'
import { connectCluster } from '../connect/connect-cluster.ts'
import type { HistoryReader } from '../ram/other-deployers-since.ts'
import { openRelease } from '../release/open-release.ts'

/**
 * Reads the history of a cluster's release again, after the work on the cluster has ended. Each
 * cluster is connected once more, because a kubeconfig of ACK expires with that work.
 */
export function createHistoryReader(context: RunContext, signal: AbortSignal) {
  const { folder, helm, settings } = context
  const again: RunContext = {
    ...context,
    // No cluster's name has a dot.
    folder: { ...folder, write: (name, text) => folder.write(`again.${name}`, text) },
    report: () => undefined,
  }
  const opened = new Map<string, ReturnType<typeof open>>()

  async function open(name: string) {
    const cluster = context.prepared.find((one) => one.name === name)
    if (cluster === undefined) throw new Error(`cluster ${name} is not part of this run`)
    const { client, target } = await connectCluster({ cluster, context: again, signal })
    const { timeout } = settings.inputs
    return openRelease({ cluster: name, client, helm, folder, target, timeout, report: () => undefined, signal })
  }

  const read: HistoryReader = async (name): Promise<readonly Revision[]> => {
    const release = opened.get(name) ?? open(name)
    opened.set(name, release)
    return (await release).history()
  }
  return {
    read,
    async close(): Promise<void> {
      const releases = await Promise.allSettled(opened.values())
      for (const one of releases) if (one.status === 'fulfilled') one.value.client.close()
    },
  }
}
