import { NopassError } from '../../errors.ts'
import { isServerSide, type UpgradeOptions } from '../../helm/helm-flags.ts'
import { type ManifestObject, objectKey, objectTitle } from '../../helm/release/manifest.ts'
import type { InstalledRelease, ReleaseContent } from '../../helm/release/release-record.ts'
import {
  abandonedAt,
  explainPending,
  hasLostRecords,
  isPending,
  type Revision,
  revisionToRestore,
  revisionUnderFailed,
} from '../../helm/release/release-state.ts'
import { renderRelease, templateRelease } from '../../helm/release/render-release.ts'
import { listNames } from '../../installation/find-release.ts'
import { findAddons, otherReleases } from '../../installation/other-releases.ts'
import { missingRights, requireRights } from '../../kube/read/access-review.ts'
import { keyOf } from '../../kube/types.ts'
import type { ConnectedWork } from '../cluster/cluster-run.ts'
import { type DryRun, describeUnchecked, dryRunRelease, firstRefusal } from '../release/dry-run.ts'
import { runUndo } from '../release/helm-step.ts'
import { recordKind, refuseRename } from '../release/open-release.ts'
import { restoreOvertaken } from '../release/other-deployers.ts'
import { hasReleaseNamespace } from '../release/release-namespace.ts'
import { findConfig } from '../release/release-parts.ts'
import { locateRefusal, type ValuesSource } from './locate-refusal.ts'
import { neededRights, probeRights } from './needed-rights.ts'
import {
  type ProbePlan,
  planExistingNamespace,
  planNewNamespace,
  reasonNotToVerify,
  verifiesNode,
} from './what-to-verify.ts'

/** The state of a cluster before the first write. */
export interface Preflight {
  readonly options: UpgradeOptions
  readonly history: readonly Revision[]
  readonly desired: ReleaseContent
  /** True if rendering is deterministic, without lookups and random values. */
  readonly exact: boolean
  readonly namespaceExists: boolean
  /** The newest revision; undefined if there is no release. */
  readonly deployed: InstalledRelease | undefined
  /** True if the deploy removes the helper, which has to remove what it wrote before. */
  readonly removesHelper: boolean
  /** The API server's response to each desired object. */
  readonly dryRuns: readonly DryRun[]
  /** False if the deployer may not read whether another acr-nopass is in the cluster. */
  readonly alone: boolean
  /** Undefined if only the registries are verified. */
  readonly probe: ProbePlan | undefined
  /** True if a Pod without a pull secret is verified instead, because there is no helper. */
  readonly isByNode: boolean
}

/** A cluster that was reached and passed the preflight. */
export interface OpenCluster extends ConnectedWork, Preflight {}

export interface ChartRequest extends Pick<UpgradeOptions, 'chart' | 'valuesFiles'> {
  /** The merged values of all files, if our own schema has checked them. */
  readonly given: Readonly<Record<string, unknown>> | undefined
  /** The positions of these values in the user's files. Undefined if `given` is undefined. */
  readonly source: ValuesSource | undefined
}

/**
 * Finds every foreseeable failure before anything is written.
 * @throws HELM_PENDING, RELEASE_ELSEWHERE, RELEASE_RENAMED, ADDON_PRESENT, CLUSTER_DUPLICATE,
 *   DEPLOYER_FORBIDDEN, VERIFY_NAMESPACE; HELM_CONFLICT, HELM_CRD_MISSING and other codes of helm
 */
export async function preflightCluster(
  work: ConnectedWork,
  { given, source, ...chart }: ChartRequest,
): Promise<Preflight> {
  const { cluster, context, release } = work
  const { helm, settings } = context
  const { namespace } = cluster.settings
  const { inputs } = settings
  takeRelease(work)
  const options: UpgradeOptions = {
    ...chart,
    timeout: inputs.timeout,
    wait: inputs.wait,
    forceConflicts: inputs['force-conflicts'],
    description: context.runName,
  }
  const [namespaceExists, alone] = await Promise.all([hasReleaseNamespace(release, namespace), refuseRivals(work)])
  const history = await settledHistory(work)
  const last = history.at(-1)
  const deployed = last && (await release.content(last.revision))
  const under = revisionUnderFailed(history)
  const working = under === undefined ? deployed : await release.content(under.revision)
  const removesHelper = working !== undefined && last?.status !== 'uninstalled' && isHelperRemoved(cluster, working)
  const { desired, exact } = await render(
    work,
    { ...options, withoutLookups: removesHelper },
    given,
    last !== undefined,
  )
  const config = findConfig(desired.objects)
  await refuseRename(release, history, desired)
  const verifies = reasonNotToVerify(inputs, config) === undefined
  const isByNode = verifiesNode(inputs, config, cluster.values)
  const named = verifies || isByNode ? inputs['verify-namespace'] || undefined : undefined
  const fresh = verifies && named === undefined ? planNewNamespace(cluster) : undefined
  const rights = [
    ...(await neededRights(release, desired, {
      namespace,
      createNamespace: namespaceExists === false,
      watches: helm.version.major === 4 && inputs.wait,
      records: recordKind(helm.environment),
    })),
    ...(fresh || named || isByNode
      ? probeRights(isByNode ? undefined : config?.secretName, inputs['verify-image'] !== '', named)
      : []),
  ]
  requireRights(await missingRights(release, rights))
  const existing = named && config && !isByNode ? await planExistingNamespace(release, named, config) : undefined
  const dryRuns = await requireAccepted(work, { desired, deployed, last, namespaceExists, source })
  return {
    options,
    history,
    desired,
    exact,
    namespaceExists: namespaceExists !== false,
    deployed,
    removesHelper,
    dryRuns,
    alone,
    probe: fresh ?? existing,
    isByNode,
  }
}

/** True if these values switch off a helper that the release has. */
function isHelperRemoved({ values }: ConnectedWork['cluster'], deployed: InstalledRelease): boolean {
  return values?.helper.enabled === false && findConfig(deployed.objects)?.hasHelper === true
}

/**
 * Renders the release. For a plan, the API server validates the objects. For an apply, it validates
 * them when they are written. Templates of the user may use `lookup`.
 */
async function render(
  { cluster: { values }, context: { helm, settings }, identity, release: { target }, signal }: ConnectedWork,
  options: UpgradeOptions,
  given: ChartRequest['given'],
  installed: boolean,
): Promise<Pick<Preflight, 'desired' | 'exact'>> {
  const { bundled } = settings.chart
  const isPlain = settings.inputs.mode === 'apply' && values?.extraObjects.length === 0
  if (!isPlain || bundled === undefined || given === undefined) {
    return { desired: await renderRelease(helm, target, options, signal), exact: false }
  }
  const known = { chart: bundled, values: given, version: identity.version, installed }
  return { desired: await templateRelease(helm, target, options, known, signal), exact: true }
}

/**
 * Does a dry run of every object as helm would apply it now, before the first write.
 * @throws NopassError for the first refused object
 */
async function requireAccepted(
  { release, context, run }: ConnectedWork,
  {
    desired,
    deployed,
    last,
    namespaceExists,
    source,
  }: Pick<Preflight, 'desired' | 'deployed'> & {
    readonly source: ValuesSource | undefined
    readonly last: Revision | undefined
    readonly namespaceExists: boolean | undefined
  },
): Promise<readonly DryRun[]> {
  const { helm, settings } = context
  const installed = last?.status === 'uninstalled' ? undefined : deployed
  const force = settings.inputs['force-conflicts']
  const dryRuns = await dryRunRelease(release, desired.objects, {
    force,
    serverSide: isServerSide(helm.version, installed, force),
    takesOver: installed !== undefined && !installed.serverSide,
    hooks: desired.hooks,
    deployed: new Set((installed?.objects ?? []).map(objectKey)),
    coming: namespaceExists === false ? [release.target.namespace] : [],
  })
  const refusal = firstRefusal(dryRuns.map((run) => located(run, desired.objects, source)))
  if (refusal) throw refusal
  run.notes.push(...describeUnchecked(dryRuns))
  if (desired.hooks.length > 0) {
    run.notes.push(
      `not checked by a dry run: ${desired.hooks.length} hooks of the chart, which helm creates during the upgrade`,
    )
  }
  return dryRuns
}

/** A refusal with the keys of the values that it is about. */
function located(run: DryRun, objects: readonly ManifestObject[], source: ValuesSource | undefined): DryRun {
  const { verdict } = run
  const object = objects.find((one) => objectTitle(one) === run.object)
  if (verdict.verdict !== 'refused' || object === undefined || source === undefined) return run
  return { ...run, verdict: { ...verdict, error: locateRefusal(verdict.error, object, source) } }
}

/**
 * Refuses a second entry for the same release in the same cluster, because the two would undo each
 * other.
 */
function takeRelease({ cluster, context: { taken }, identity }: ConnectedWork): void {
  const { namespace, release } = cluster.settings
  const key = `${identity.kubeSystemUid} ${namespace}/${release}`
  const other = taken.get(key)
  if (other !== undefined && other !== cluster.name) {
    throw new NopassError('CLUSTER_DUPLICATE', `${cluster.name} and ${other} are the same release in the same cluster`)
  }
  taken.set(key, cluster.name)
}

/**
 * Returns true if it is known that no other acr-nopass is in the cluster.
 * @throws RELEASE_ELSEWHERE, ADDON_PRESENT
 */
export async function refuseRivals({
  cluster,
  context: { settings },
  run,
  release,
}: Pick<ConnectedWork, 'cluster' | 'context' | 'run' | 'release'>): Promise<boolean> {
  if (!settings.chart.ours) return true
  const others = await otherReleases(release, cluster.settings)
  const proven = others?.find(({ evidence }) => evidence === 'proven')
  if (proven !== undefined)
    throw new NopassError('RELEASE_ELSEWHERE', `acr-nopass is already installed here as ${keyOf(proven)}`)
  const [addon] = await findAddons(release)
  const coexist = cluster.settings.coexist || settings.inputs.coexist
  if (addon !== undefined && !coexist) throw new NopassError('ADDON_PRESENT', `${addon} runs in kube-system`)
  if (others === undefined) {
    run.notes.push(
      'not checked: whether another acr-nopass is installed, because the deployer lacks the right to list Deployments and ConfigMaps',
    )
  }
  if (addon !== undefined) run.notes.push(`beside the vendor's ${addon}`)
  // Anyone who may create Deployments may set these labels. Unproven labels stop no rollout, but no
  // permission is removed while they exist.
  if (others !== undefined && others.length > 0) {
    run.notes.push(
      `objects have the labels of ${listNames(others)}, but may not belong to a release of acr-nopass (${others[0]?.why}); RAM is not narrowed`,
    )
  }
  return others?.length === 0
}

/**
 * Returns the history of a release that is not pending. If allowed, an abandoned pending release is
 * repaired first.
 */
async function settledHistory({ context, release, signal, now }: ConnectedWork): Promise<readonly Revision[]> {
  const { settings } = context
  const { target } = release
  const history = await release.history()
  const last = history.at(-1)
  if (last?.status === 'uninstalling') throw explainPending(target, history, false)
  if (last === undefined || !isPending(last)) return history
  // A plan is made only of a release that is not pending, so no approved plan contains the repair.
  const mayRecover =
    settings.inputs['recover-pending'] && settings.inputs.mode === 'apply' && context.approved === undefined
  if (!mayRecover || hasLostRecords(history) || now() < abandonedAt(last, history)) {
    throw explainPending(target, history, true, await rollbackHooks(release, last))
  }
  signal.throwIfAborted()
  const over = last.revision
  const good = revisionToRestore(history, over)?.revision ?? null
  const how = good === null ? 'uninstall' : 'rollback'
  release.report(`repairing the release that an interrupted run left ${last.status} (${how})`)
  const failure = await runUndo(release, { good, over })
  if (failure) throw failure.error
  if (good !== null) {
    const { notes } = await restoreOvertaken(release, over, good)
    notes.forEach(release.report)
  }
  return release.history()
}

/** Returns the hooks that a pending rollback runs before it changes anything. */
async function rollbackHooks({ content }: ConnectedWork['release'], last: Revision): Promise<readonly string[]> {
  if (last.status !== 'pending-rollback') return []
  // The error about the pending release matters more than an error about its record.
  const installed = await content(last.revision).catch(() => undefined)
  const isOfRollback = ({ body }: ManifestObject): boolean => {
    const { annotations } = (body.metadata ?? {}) as { annotations?: Readonly<Record<string, unknown>> | null }
    const events = annotations?.['helm.sh/hook']
    return typeof events === 'string' && events.split(',').some((event) => event.trim() === 'pre-rollback')
  }
  return (installed?.hooks ?? []).filter(isOfRollback).map((hook) => `the hook ${objectTitle(hook)}`)
}
