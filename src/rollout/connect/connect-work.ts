import { parseGoDuration } from '../../lib/go-duration.ts'
import type { ClusterWork, ConnectedWork } from '../cluster/cluster-run.ts'
import { openRelease } from '../release/open-release.ts'
import { connectCluster, kubeconfigMinutes } from './connect-cluster.ts'

/**
 * Does the work with a credential that outlives the chart's hooks. The hooks are known only once
 * the cluster has been read. If ACK's kubeconfig expired while helm waits for hooks, the release
 * would stay pending.
 */
export async function withLastingCredential<T>(
  work: ConnectedWork,
  hooks: number,
  perform: (longer: ConnectedWork) => Promise<T>,
): Promise<T> {
  const seconds = parseGoDuration(work.context.settings.inputs.timeout, 'timeout')
  const isEnough =
    work.cluster.settings.access.kind !== 'ack' || kubeconfigMinutes(seconds, hooks) <= kubeconfigMinutes(seconds, 0)
  return isEnough ? perform(work) : connectWork(work, perform, hooks)
}

/** Does the work with a connection to the cluster that lasts as long as the work may take. */
export async function connectWork<T>(
  work: ClusterWork,
  perform: (connected: ConnectedWork) => Promise<T>,
  hooks = 0,
): Promise<T> {
  const { cluster, context, run, signal } = work
  const { settings, folder, helm } = context
  const { timeout } = settings.inputs
  const { client, target, notes, aheadMs: _aheadMs, ...connected } = await connectCluster(work, hooks)
  run.notes.push(...notes.filter((note) => !run.notes.includes(note)))
  const report = (line: string): void => context.report(cluster.name, line)
  try {
    const release = openRelease({ cluster: cluster.name, client, helm, folder, target, timeout, report, signal })
    return await perform({ ...work, ...connected, release })
  } finally {
    client.close()
  }
}
