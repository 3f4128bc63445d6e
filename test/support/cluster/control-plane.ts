import type { ClusterOptions } from '../../../sandbox/cluster/start-cluster.ts'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { silentProgress } from '../silent-progress.ts'
import { KUBERNETES_VARIABLE } from '../version-variables.ts'

/**
 * The Kubernetes versions of the cluster suite. `1.24` does not support the guard and is used only
 * on demand.
 */
export type Minor = 'newest' | 'oldest' | '1.24'

/** The Kubernetes version of this run; the newest by default. */
export function minorOfRun(): Minor {
  const given = process.env[KUBERNETES_VARIABLE]
  return given === 'oldest' || given === '1.24' ? given : 'newest'
}

/** Returns the programs of a control plane of that version. */
export async function controlPlane(minor: Minor, signal: AbortSignal): Promise<ClusterOptions['tools']> {
  const progress = silentProgress
  if (minor === 'newest') {
    return await ensureTools(['etcd', 'kube-apiserver', 'kube-controller-manager'], { progress, signal })
  }
  const suffix = minor === 'oldest' ? '1.30' : minor
  const [server, manager] = [`kube-apiserver-${suffix}`, `kube-controller-manager-${suffix}`] as const
  const tools = await ensureTools(['etcd', server, manager], { progress, signal })
  return { etcd: tools.etcd, 'kube-apiserver': tools[server], 'kube-controller-manager': tools[manager] }
}
