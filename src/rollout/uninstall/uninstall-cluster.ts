import { randomUUID } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { uninstallArguments, upgradeArguments, valuesFile } from '../../helm/helm-flags.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import {
  explainPending,
  isPending,
  longestSeconds,
  type Revision,
  revisionOfStep,
} from '../../helm/release/release-state.ts'
import { renderRelease } from '../../helm/release/render-release.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ANNOTATION_REGISTRIES } from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { keyOf } from '../../kube/types.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import type { SharedTarget } from '../../policy/policy-targets.ts'
import { otherReleases } from '../../release/cluster-reads.ts'
import { readStatus } from '../../release/release-watch.ts'
import type { ClusterResult } from '../cluster-result.ts'
import { type ClusterEnd, type ClusterWork, runCluster } from '../cluster-run.ts'
import { type ConnectedCluster, connectCluster } from '../connect/connect-cluster.ts'
import { beginHelmStep } from '../deploy/helm-step.ts'
import { removeReleaseNamespace } from '../deploy/release-namespace.ts'
import { findConfig, findParts } from '../deploy/release-parts.ts'
import { openReleaseStore, type ReleaseStore, requireSameHistory } from '../deploy/release-store.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import { kubeconfigMinutes } from '../open-cluster.ts'
import { maybeShared, policyTargets } from '../ram/cluster-policy.ts'
import type { RunContext } from '../run-context.ts'
import { pushConfig } from '../verify/verify-release.ts'
import { findAndRemoveLeftovers, findLeftovers, type LeftoverQuery, WHY_COPY } from './leftovers.ts'

/** Retire, uninstall, clean, then RAM, so that nothing is left behind (docs/en/decisions.md#uninstall-order). Never throws. */
export function uninstallCluster(
  cluster: PreparedCluster,
  context: RunContext,
  /** Gets the policies to remove from RAM after all clusters are done. */
  note: (targets: readonly SharedTarget[]) => void,
  signal: AbortSignal,
): Promise<ClusterResult> {
  return runCluster({ cluster, context, signal }, async (work) => {
    const { folder, cloud, mask, helm } = context
    // Retiring, the wait for it and the uninstall each may take helm's timeout.
    const minutes = kubeconfigMinutes(parseGoDuration(context.settings.inputs.timeout, 'timeout'))
    const deps = { cloud, folder, mask, minutes, environment: helm.environment }
    const connected = await connectCluster(cluster.settings, deps, signal)
    try {
      return await uninstall(work, connected, note)
    } finally {
      connected.client.close()
    }
  })
}

async function uninstall(
  work: ClusterWork,
  connected: ConnectedCluster,
  note: (targets: readonly SharedTarget[]) => void,
): Promise<ClusterEnd> {
  const { cluster, context, run, signal } = work
  run.phase = 'uninstall'
  const { helm, settings } = context
  const { namespace, release } = cluster.settings
  const target = { release, namespace, kubeconfig: connected.kubeconfig, context: connected.context }
  const say = (line: string): void => {
    run.notes.push(line)
    context.report(cluster.name, line)
  }
  const store = openReleaseStore(helm, connected.client, target)
  const history = await store.history(signal)
  const last = history.at(-1)
  if (last !== undefined && isPending(last)) throw explainPending(target, history, false)
  const deployed = last === undefined ? undefined : await store.content(last.revision, signal)
  const config = findConfig(deployed?.objects ?? [])
  run.revision = { from: last?.revision ?? null, to: null }
  run.chart = deployed?.chart ?? null

  const secretName = config?.secretName ?? cluster.values?.secretName ?? 'acr-nopass'
  const serviceAccount = config?.release.serviceAccount ?? ''
  const retires = last && deployed && config && !config.retire
  const newest = retires ? await retire(work, connected, { values: deployed.values, store, last }, say) : last
  if (last) {
    await requireSameHistory(store, target, newest, signal)
    const args = uninstallArguments(helm.version, target, { timeout: settings.inputs.timeout, wait: true })
    await runStep(work, {
      id: randomUUID(),
      command: 'uninstall',
      args,
      target,
      before: newest?.revision ?? 0,
    })
    say('release uninstalled')
  } else {
    say(`there is no release ${namespace}/${release}`)
  }
  await removeRest(connected.client, ownOf(cluster, secretName, config), say, signal)
  say(await removeReleaseNamespace(connected.client, namespace, signal))
  if (settings.inputs['ram-cleanup']) {
    const others = await otherReleases(connected.client, cluster.settings, signal)
    if (others === undefined) say(`RAM: kept: ${maybeShared([cluster.name])}`)
    else if (others.length > 0) say(`RAM: kept: acr-nopass works in this cluster as ${others.join(', ')} too`)
    else note(await policyTargets(work, connected, serviceAccount, 'remove'))
  }
  return { status: 'uninstalled' }
}

/** Upgrades the release to `retire: true`, so that the helper removes what it wrote while it still has its permissions. */
async function retire(
  work: ClusterWork,
  connected: ConnectedCluster,
  release: {
    readonly values: Readonly<Record<string, unknown>>
    readonly store: ReleaseStore
    readonly last: Revision
  },
  say: (line: string) => void,
): Promise<Revision | undefined> {
  const { cluster, context, signal } = work
  const { helm, folder, settings } = context
  const { inputs } = settings
  const { namespace, release: name } = cluster.settings
  const target = { release: name, namespace, kubeconfig: connected.kubeconfig, context: connected.context }
  const values = await folder.write(
    `${cluster.name}-retire.values.yaml`,
    valuesFile({ ...release.values, retire: true }),
  )
  const options = {
    chart: settings.chart.reference,
    chartVersion: settings.chart.version,
    valuesFiles: [values],
    timeout: inputs.timeout,
    // A failing registry must not block an uninstall.
    wait: false,
    createNamespace: false,
    forceConflicts: inputs['force-conflicts'],
    description: `${context.runName}: retire`,
  }
  const desired = await renderRelease(helm, target, options)
  const seconds = parseGoDuration(inputs.timeout, 'timeout')
  const step = { id: randomUUID(), timeoutSeconds: longestSeconds(seconds, desired.hooks.length) }
  context.report(cluster.name, 'removing what the helper wrote (retire)')
  await requireSameHistory(release.store, target, release.last, signal)
  await runStep(work, {
    id: step.id,
    command: 'upgrade',
    args: upgradeArguments(helm.version, target, { ...options, step }),
    target,
    before: release.last.revision,
  })
  const revision = revisionOfStep(await release.store.history(signal), step.id)
  const parts = findParts(desired.objects, namespace)
  const limitMs = seconds * 1000
  const config = findConfig(desired.objects)
  const own = ownOf(cluster, config?.secretName ?? '', config)
  await pushConfig(connected.client, parts, signal)
  const waited = await pollUntil(limitMs, signal, async () => {
    if (await isClean(connected.client, own, signal)) return true
    const status = await readStatus(connected.client, parts, signal)
    return status?.retired === true && (parts.configHash === undefined || status.configHash === parts.configHash)
  })
  if (waited === undefined) {
    throw new NopassError(
      'RETIRE_INCOMPLETE',
      `the helper did not report within ${inputs.timeout} that everything was removed`,
    )
  }
  say('the helper removed what it wrote')
  return revision
}

/** The release, and the namespaces that its deployer may read. */
function ownOf(
  { settings }: PreparedCluster,
  secretName: string,
  config: ReturnType<typeof findConfig>,
): LeftoverQuery {
  const own = { secretName, instance: `${settings.namespace}.${settings.release}` }
  if (config?.namespaces === undefined) return own
  return { ...own, namespaces: [...new Set([settings.namespace, ...config.namespaces])] }
}

/** Deletes the pull secrets, which the helper may not do, with the permissions of the deployer where it has them. */
async function removeRest(
  client: KubeClient,
  own: LeftoverQuery,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const removal = await findAndRemoveLeftovers(client, own, signal).catch((error) => {
    if (error instanceof KubeApiError && error.status === 403) return undefined
    throw error
  })
  if (removal === undefined) {
    const where = own.namespaces === undefined ? 'all namespaces' : `namespaces ${own.namespaces.join(', ')}`
    say(`left: pull secrets without content (the deployer may not list ServiceAccounts and Secrets in ${where})`)
    return
  }
  say(`${removal.detached} ServiceAccounts detached also, ${removal.deleted} pull secrets deleted`)
  for (const left of removal.left) say(`left: ${left}`)
  for (const name of removal.copies) say(`kept Secret ${name}: ${WHY_COPY}`)
  for (const { account, why } of removal.kept) {
    say(`kept ServiceAccount ${keyOf(account.metadata)} with its entry ${own.secretName}: ${why}`)
  }
}

/** Whether the helper has removed everything, read from the cluster itself where the deployer may, because the status is throttled. */
async function isClean(client: KubeClient, own: LeftoverQuery, signal: AbortSignal): Promise<boolean> {
  const left = await findLeftovers(client, own, signal).catch((error) => {
    if (error instanceof KubeApiError && error.status === 403) return undefined
    throw error
  })
  if (left === undefined || left.accounts.length > 0) return false
  return left.secrets.every(({ metadata }) => !metadata.annotations?.[ANNOTATION_REGISTRIES])
}

async function runStep(
  { cluster, context: { helm, folder } }: ClusterWork,
  step: {
    readonly id: string
    readonly command: 'upgrade' | 'uninstall'
    readonly args: readonly string[]
    readonly target: Parameters<typeof uninstallArguments>[1]
    readonly before: number
  },
): Promise<void> {
  const { id, command, args, target, before } = step
  const about = { id, cluster: cluster.name, command, target, before, good: before, rollback: true } as const
  const begun = await beginHelmStep(helm, folder, args, about)
  const end = await begun.ended
  // One that failed or was killed stays open for the post step.
  if (end.exitCode !== 0) throw readHelmError(end.stderr, { command })
  begun.settle()
}
