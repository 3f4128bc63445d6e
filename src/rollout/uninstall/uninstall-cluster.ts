import { randomUUID } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { uninstallArguments, upgradeArguments, valuesFile } from '../../helm/helm-flags.ts'
import {
  explainPending,
  isPending,
  isUninstalling,
  longestSeconds,
  type Revision,
  revisionOfStep,
} from '../../helm/release/release-state.ts'
import { renderRelease } from '../../helm/release/render-release.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ANNOTATION_REGISTRIES } from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { keyOf } from '../../kube/types.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import type { SharedTarget } from '../../policy/policy-targets.ts'
import { otherReleases } from '../../release/cluster-reads.ts'
import { readStatus } from '../../release/release-watch.ts'
import type { ClusterResult } from '../cluster-result.ts'
import { type ClusterEnd, type ClusterWork, type RunContext, runCluster } from '../cluster-run.ts'
import { type ConnectedCluster, targetOf } from '../connect/connect-cluster.ts'
import { runHelmStep } from '../deploy/helm-step.ts'
import { removeReleaseNamespace } from '../deploy/release-namespace.ts'
import { findConfig, findParts } from '../deploy/release-parts.ts'
import { openReleaseStore, type ReleaseStore, requireSameHistory } from '../deploy/release-store.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import { connectWork } from '../open-cluster.ts'
import { maybeShared } from '../ram/cluster-policy.ts'
import { policyTargets } from '../ram/cluster-targets.ts'
import type { HelmBegun } from '../run-folder.ts'
import { pushConfig } from '../verify/verify-status.ts'
import { findLeftovers } from './find-leftovers.ts'
import { type LeftoverQuery, WHY_COPY } from './leftovers.ts'
import { findAndRemoveLeftovers } from './remove-leftovers.ts'

/** Retire, uninstall, clean, then RAM, so that nothing is left behind (docs/en/decisions.md#uninstall-order). Never throws. */
export function uninstallCluster(
  cluster: PreparedCluster,
  context: RunContext,
  /** Gets the policies to remove from RAM after all clusters are done. */
  note: (targets: readonly SharedTarget[]) => void,
  signal: AbortSignal,
): Promise<ClusterResult> {
  return runCluster({ cluster, context, signal }, async (work) => {
    const connected = await connectWork(work)
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
  const target = targetOf(cluster, connected)
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
  const retires = last && !isUninstalling(last) && deployed && config && !config.retire
  const newest = retires ? await retire(work, connected, { values: deployed.values, store, last }, say) : last
  if (last) {
    await requireSameHistory(store, target, newest, signal)
    const args = uninstallArguments(helm.version, target, { timeout: settings.inputs.timeout, wait: true })
    await runStep(work, args, { id: randomUUID(), command: 'uninstall', target, before: newest?.revision ?? 0 })
    say('release uninstalled')
  } else {
    say(`there is no release ${namespace}/${release}`)
  }
  const retired = retires || config?.retire === true
  await removeRest(connected.client, { ...ownOf(cluster, secretName, config), retired }, say, signal)
  say(await removeReleaseNamespace(connected.client, namespace, signal))
  if (settings.inputs['ram-cleanup']) {
    const others = await otherReleases(connected.client, cluster.settings, signal)
    if (others === undefined) say(`RAM: kept: ${maybeShared([cluster.name])}`)
    else if (others.length > 0) say(`RAM: kept: acr-nopass is installed in this cluster as ${others.join(', ')} too`)
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
  const target = targetOf(cluster, connected)
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
    forceConflicts: inputs['force-conflicts'],
    description: `${context.runName}: retire`,
  }
  const desired = await renderRelease(helm, target, options, signal)
  const seconds = parseGoDuration(inputs.timeout, 'timeout')
  const step = { id: randomUUID(), timeoutSeconds: longestSeconds(seconds, desired.hooks.length) }
  context.report(cluster.name, 'removing what the helper wrote (retire)')
  await requireSameHistory(release.store, target, release.last, signal)
  const args = upgradeArguments(helm.version, target, { ...options, step })
  await runStep(work, args, { id: step.id, command: 'upgrade', target, before: release.last.revision })
  const revision = revisionOfStep(await release.store.history(signal), step.id)
  const parts = findParts(desired.objects, target.namespace)
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
  own: LeftoverQuery & { readonly retired: boolean },
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const removal = await unlessStatus(findAndRemoveLeftovers(client, own, signal), 403)
  if (removal === undefined) {
    const where = own.namespaces === undefined ? 'all namespaces' : `namespaces ${own.namespaces.join(', ')}`
    const what = own.retired ? 'pull secrets without content' : 'what the helper wrote'
    say(`left: ${what} (the deployer lacks the right to list ServiceAccounts and Secrets in ${where})`)
    return
  }
  say(`pull secrets deleted: ${removal.deleted}`)
  if (removal.detached > 0) say(`references removed that the helper left: ${removal.detached}`)
  for (const left of removal.left) say(`left: ${left}`)
  for (const name of removal.copies) say(`kept Secret ${name}: ${WHY_COPY}`)
  for (const { account, why } of removal.kept) {
    say(`kept ServiceAccount ${keyOf(account.metadata)} with its entry ${own.secretName}: ${why}`)
  }
}

/** Whether the helper has removed everything, read from the cluster itself where the deployer may, because the status is throttled. */
async function isClean(client: KubeClient, own: LeftoverQuery, signal: AbortSignal): Promise<boolean> {
  const left = await unlessStatus(findLeftovers(client, own, signal), 403)
  if (left === undefined || left.accounts.length > 0) return false
  return left.secrets.every(({ metadata }) => !metadata.annotations?.[ANNOTATION_REGISTRIES])
}

async function runStep(
  { cluster, context: { helm, folder } }: ClusterWork,
  args: readonly string[],
  step: Pick<HelmBegun, 'id' | 'command' | 'target' | 'before'>,
): Promise<void> {
  const about = { ...step, cluster: cluster.name, good: step.before, rollback: true }
  const error = await runHelmStep(helm, folder, args, about)
  if (error) throw error
}
