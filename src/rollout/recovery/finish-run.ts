import { join } from 'node:path'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { findHelm } from '../../helm/obtain/find-helm.ts'
import { createKubeClient, type KubeClient } from '../../kube/client.ts'
import { kubeconfigConnection } from '../../kube/connection.ts'
import { openReleaseStore } from '../deploy/release-store.ts'
import type { OpenWork, RunFolder } from '../run-folder.ts'
import { removeProbe } from '../verify/probe.ts'
import { repairHelm } from './repair-run.ts'

/** How long an interrupted helm may take to exit: it only has to write the release's status. */
const HELM_LIMIT_MS = 120_000

/** Repairs the releases and removes the probes that an interrupted run left. A failure is reported and the rest continues. */
export async function finishRun(
  folder: RunFolder,
  open: OpenWork,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  const repairs = open.helm.map(async (begun) => {
    const helm = await findHelm({ path: begun.helm, environment, home: join(folder.path, 'helm') })
    const client = await clientOf(begun.target, environment)
    const store = openReleaseStore(helm, client, begun.target)
    const limit = AbortSignal.timeout(HELM_LIMIT_MS * 2)
    report(await repairHelm(begun, helm, { client, store }, HELM_LIMIT_MS, limit).finally(() => client.close()))
    folder.noteEnd({ event: 'helm-settled', id: begun.id })
  })
  const removals = open.probes.map(async ({ id, target, objects }) => {
    const client = await clientOf(target, environment)
    await removeProbe(client, objects).finally(() => client.close())
    report(`removed the probe ${id}`)
    folder.noteEnd({ event: 'probe-removed', id })
  })
  for (const outcome of await Promise.allSettled([...repairs, ...removals])) {
    if (outcome.status === 'rejected') report(`could not be put in order: ${outcome.reason?.message ?? outcome.reason}`)
  }
}

async function clientOf({ kubeconfig, context }: ReleaseTarget, environment: NodeJS.ProcessEnv): Promise<KubeClient> {
  return createKubeClient(
    await kubeconfigConnection({ file: kubeconfig, environment, ...(context === undefined ? {} : { context }) }),
  )
}
