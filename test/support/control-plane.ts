import type { ClusterOptions } from '../../src/sandbox/cluster/start-cluster.ts'
import { silentProgress } from '../../src/sandbox/progress.ts'
import { ensureTools } from '../../src/sandbox/toolchest/ensure-tools.ts'

/** The Kubernetes minors on which the cluster rung runs. */
export type Minor = 'newest' | 'oldest'

/** Set to `oldest` for a run of the rung on the oldest minor. */
export const KUBERNETES_VARIABLE = 'ACR_NOPASS_KUBERNETES'

/** The minor of this run: the newest unless the environment says otherwise. */
export function minorOfRun(): Minor {
  return process.env[KUBERNETES_VARIABLE] === 'oldest' ? 'oldest' : 'newest'
}

/** The programs of a control plane of that minor. */
export async function controlPlane(minor: Minor, signal: AbortSignal): Promise<ClusterOptions['tools']> {
  const progress = silentProgress
  if (minor === 'newest') {
    return await ensureTools(['etcd', 'kube-apiserver', 'kube-controller-manager'], { progress, signal })
  }
  const names = ['etcd', 'kube-apiserver-1.30', 'kube-controller-manager-1.30'] as const
  const tools = await ensureTools(names, { progress, signal })
  return {
    etcd: tools.etcd,
    'kube-apiserver': tools['kube-apiserver-1.30'],
    'kube-controller-manager': tools['kube-controller-manager-1.30'],
  }
}
