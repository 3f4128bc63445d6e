import { randomUUID } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { type ReleaseTarget, type UpgradeOptions, undoCommand } from '../../helm/helm-flags.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import {
  abandonedAt,
  explainPending,
  isPending,
  isUninstalling,
  lastGoodRevision,
  type Revision,
} from '../../helm/release/release-state.ts'
import { renderRelease, templateRelease } from '../../helm/release/render-release.ts'
import { missingRights, neededRights, probeRights, requireRights } from '../../release/access-review.ts'
import { findAddons, otherReleases } from '../../release/cluster-reads.ts'
import type { ClusterWork, RunContext } from '../cluster-run.ts'
import { runHelmStep } from '../deploy/helm-step.ts'
import { restoreOvertaken } from '../deploy/other-deployers.ts'
import { hasReleaseNamespace } from '../deploy/release-namespace.ts'
import { findConfig } from '../deploy/release-parts.ts'
import { openReleaseStore, type ReleaseStore, recordKind, refuseRename } from '../deploy/release-store.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import { type ProbePlan, planExistingNamespace, planNewNamespace, reasonNotToVerify } from '../verify/what-to-verify.ts'
import { type ConnectedCluster, targetOf } from './connect-cluster.ts'

/** The state of a cluster before the first write. */
export interface Preflight {
  readonly target: ReleaseTarget
  readonly options: UpgradeOptions
  readonly store: ReleaseStore
  readonly history: readonly Revision[]
  readonly desired: ReleaseContent
  /** Whether rendering is deterministic, without lookups and random values. */
  readonly exact: boolean
  readonly namespaceExists: boolean
  /** False: the deployer may not read whether another acr-nopass is in the cluster. */
  readonly alone: boolean
  readonly notes: readonly string[]
  /** Undefined: only the registries are verified. */
  readonly probe: ProbePlan | undefined
}

export interface ChartRequest extends Pick<UpgradeOptions, 'chart' | 'chartVersion' | 'valuesFiles'> {
  /** The values that the files merge to, where our own schema has judged them. */
  readonly given: Readonly<Record<string, unknown>> | undefined
}

/**
 * Finds every foreseeable failure before anything is written.
 * @throws HELM_PENDING, RELEASE_ELSEWHERE, RELEASE_RENAMED, ADDON_PRESENT, CLUSTER_DUPLICATE, DEPLOYER_FORBIDDEN,
 * VERIFY_NAMESPACE, and helm's own codes
 */
export async function preflightCluster(
  work: Omit<ClusterWork, 'run'>,
  connected: ConnectedCluster,
  { given, ...options }: ChartRequest,
): Promise<Preflight> {
  const { cluster, context, signal } = work
  const { helm, settings } = context
  const { namespace } = cluster.settings
  const { inputs } = settings
  takeRelease(cluster, connected, context)
  const target = targetOf(cluster, connected)
  const upgrade: UpgradeOptions = {
    ...options,
    timeout: inputs.timeout,
    wait: inputs.wait,
    forceConflicts: inputs['force-conflicts'],
    description: context.runName,
  }
  const store = openReleaseStore(helm, connected.client, target)
  const [namespaceExists, { alone, notes }] = await Promise.all([
    hasReleaseNamespace(connected.client, namespace, signal),
    refuseRivals(work, connected),
  ])
  const history = await settledHistory(work, target, connected, store)
  const request = { target, upgrade, given, installed: history.length > 0 }
  const { desired, exact } = await render(work, connected, request)
  const config = findConfig(desired.objects)
  await refuseRename(store, history, desired, signal)
  const named = inputs['verify-namespace'] || undefined
  const verifies = reasonNotToVerify(inputs, config) === undefined
  const fresh = verifies && named === undefined ? planNewNamespace(cluster) : undefined
  const rights = [
    ...(await neededRights(
      connected.client,
      desired,
      {
        namespace,
        createNamespace: namespaceExists === false,
        watches: helm.version.major === 4 && inputs.wait,
        records: recordKind(helm.environment),
      },
      signal,
    )),
    ...(fresh || (verifies && named !== undefined)
      ? probeRights(config?.secretName ?? '', inputs['verify-image'] !== '', named)
      : []),
  ]
  requireRights(await missingRights(connected.client, rights, signal))
  const existing =
    verifies && named !== undefined && config !== undefined
      ? await planExistingNamespace(connected.client, named, config, signal)
      : undefined
  return {
    target,
    options: upgrade,
    store,
    history,
    desired,
    exact,
    namespaceExists: namespaceExists !== false,
    alone,
    notes,
    probe: fresh ?? existing,
  }
}

interface RenderRequest {
  readonly target: ReleaseTarget
  readonly upgrade: UpgradeOptions
  readonly given: ChartRequest['given']
  readonly installed: boolean
}

/** A plan renders with the API server's validation; an apply gets that when it writes. Templates of the user may use `lookup`. */
async function render(
  { cluster: { values }, context: { helm, settings }, signal }: Omit<ClusterWork, 'run'>,
  { identity }: ConnectedCluster,
  { target, upgrade, given, installed }: RenderRequest,
): Promise<Pick<Preflight, 'desired' | 'exact'>> {
  const { bundled } = settings.chart
  if (
    settings.inputs.mode !== 'apply' ||
    bundled === undefined ||
    given === undefined ||
    values?.extraObjects.length !== 0
  )
    return { desired: await renderRelease(helm, target, upgrade, signal), exact: false }
  const known = { chart: bundled, values: given, version: identity.version, installed }
  return { desired: await templateRelease(helm, target, upgrade, known, signal), exact: true }
}

/** Two entries for the same release in the same cluster would undo each other. */
function takeRelease(cluster: PreparedCluster, { identity }: ConnectedCluster, { taken }: RunContext): void {
  const { namespace, release } = cluster.settings
  const key = `${identity.kubeSystemUid} ${namespace}/${release}`
  const other = taken.get(key)
  if (other !== undefined && other !== cluster.name) {
    throw new NopassError('CLUSTER_DUPLICATE', `${cluster.name} and ${other} are one cluster and one release`)
  }
  taken.set(key, cluster.name)
}

async function refuseRivals(
  { cluster, context: { settings }, signal }: Omit<ClusterWork, 'run'>,
  { client }: ConnectedCluster,
): Promise<Pick<Preflight, 'alone' | 'notes'>> {
  if (!settings.chart.ours) return { alone: true, notes: [] }
  const others = await otherReleases(client, cluster.settings, signal)
  const [other] = others ?? []
  if (other !== undefined)
    throw new NopassError('RELEASE_ELSEWHERE', `acr-nopass is already installed here as ${other}`)
  const [addon] = await findAddons(client, signal)
  const coexist = cluster.settings.coexist || settings.inputs.coexist
  if (addon !== undefined && !coexist) throw new NopassError('ADDON_PRESENT', `${addon} works in kube-system`)
  const notes = [
    ...(others === undefined
      ? ['not checked whether another acr-nopass is installed: the deployer lacks the right to list Deployments']
      : []),
    ...(addon === undefined ? [] : [`beside the vendor's ${addon}`]),
  ]
  return { alone: others !== undefined, notes }
}

/** The history of a release that is not pending; an abandoned one is repaired first if that is allowed. */
async function settledHistory(
  { cluster, context, signal }: Omit<ClusterWork, 'run'>,
  target: ReleaseTarget,
  { client }: Pick<ConnectedCluster, 'client'>,
  store: ReleaseStore,
): Promise<readonly Revision[]> {
  const { helm, settings, folder, now, report } = context
  const history = await store.history(signal)
  const last = history.at(-1)
  if (isUninstalling(last)) throw explainPending(target, history, false)
  if (last === undefined || !isPending(last)) return history
  // A plan is made of a release that is not pending, so no approved plan contains the repair.
  const mayRecover =
    settings.inputs['recover-pending'] && settings.inputs.mode === 'apply' && context.approved === undefined
  if (!mayRecover || now() < abandonedAt(last, history)) throw explainPending(target, history)
  signal.throwIfAborted()
  const good = lastGoodRevision(history, last.revision)
  const { timeout } = settings.inputs
  const repair = (revision: number | undefined, before: number): Promise<NopassError | undefined> => {
    const { command, args } = undoCommand(helm.version, target, { revision, timeout })
    const about = { id: randomUUID(), cluster: cluster.name, command, target, before, rollback: true }
    return runHelmStep(helm, folder, args, { ...about, good: revision ?? null })
  }
  const how = good === undefined ? 'uninstall' : 'rollback'
  report(cluster.name, `repairing the release that an interrupted run left ${last.status} (${how})`)
  const error = await repair(good?.revision, last.revision)
  if (error) throw error
  if (good !== undefined) {
    const restoreDeps = { client, store, target, rollback: repair }
    const { notes } = await restoreOvertaken(restoreDeps, last.revision, good.revision, signal)
    for (const note of notes) report(cluster.name, note)
  }
  return store.history(signal)
}
