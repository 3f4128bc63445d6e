import { randomUUID } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { type ReleaseTarget, undoArguments } from '../../helm/helm-flags.ts'
import type { InstalledRelease } from '../../helm/release/release-record.ts'
import { explainPending, isPending, type Revision } from '../../helm/release/release-state.ts'
import { listNames } from '../../installation/find-release.ts'
import { otherReleases } from '../../installation/other-releases.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { ANNOTATION_REGISTRIES, releaseSelector } from '../../kube/names.ts'
import { type KubeList, type KubeObject, keyOf, namespacedPath } from '../../kube/types.ts'
import type { SharedTarget } from '../../policy/policy-targets.ts'
import { type ClusterEnd, type ConnectedWork, type RunContext, runCluster } from '../cluster/cluster-run.ts'
import type { ClusterResult } from '../cluster-result.ts'
import { connectWork, withLastingCredential } from '../connect/connect-work.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import { maybeShared } from '../ram/cluster-policy.ts'
import { policyTargets } from '../ram/cluster-targets.ts'
import { type OpenRelease, requireSameHistory } from '../release/open-release.ts'
import { removeReleaseNamespace } from '../release/release-namespace.ts'
import { findConfig, findParts } from '../release/release-parts.ts'
import { findLeftovers, type LeftoverQuery, leftoversOf, removeLeftovers, WHY_COPY } from './leftovers.ts'
import { reportNamingPods } from './naming-pods.ts'
import { retireRelease, runStep, waitRetired } from './retire-release.ts'

/**
 * Retires, uninstalls, cleans, and notes what to remove from RAM, so that nothing is left behind
 * (docs/en/decisions.md#uninstall-order). Never throws.
 */
export function uninstallCluster(
  cluster: PreparedCluster,
  context: RunContext,
  /** Called with the policies to remove from RAM after all clusters are done. */
  note: (targets: readonly SharedTarget[]) => void,
  signal: AbortSignal,
): Promise<ClusterResult> {
  return runCluster({ cluster, context, signal }, (work) =>
    connectWork(work, async (connected) =>
      withLastingCredential(connected, await countHooks(connected.release), (longer) => uninstall(longer, note)),
    ),
  )
}

async function countHooks({ history, content }: OpenRelease): Promise<number> {
  const last = (await history()).at(-1)
  return last === undefined ? 0 : (await content(last.revision)).hooks.length
}

async function uninstall(work: ConnectedWork, note: (targets: readonly SharedTarget[]) => void): Promise<ClusterEnd> {
  const { cluster, context, release, run } = work
  run.phase = 'uninstall'
  const { target } = release
  const say = (line: string): void => {
    run.notes.push(line)
    release.report(line)
  }
  const history = await release.history()
  const last = history.at(-1)
  if (last !== undefined && isPending(last)) throw explainPending(target, history, false)
  const deployed = last === undefined ? undefined : await release.content(last.revision)
  const config = findConfig(deployed?.objects ?? [])
  run.revision = { from: last?.revision ?? null, to: null }
  run.chart = deployed?.chart ?? null

  const secretName = config?.secretName ?? cluster.values?.secretName ?? 'acr-nopass'
  const serviceAccount = config?.release.serviceAccount ?? ''
  if (last === undefined) await requireNoHelper(release)
  const own = leftoversOf(cluster.settings, secretName, config)
  // Comes before the first write, so that the user who confirmed the removal sees which Pods lose a
  // credential.
  say(await reportNamingPods(release, own))
  const retires = last && last.status !== 'uninstalling' && deployed && config && !config.retire
  const newest = retires ? await retire(work, deployed, last, say) : last
  if (last) {
    await removeRelease(release, newest)
    say('release uninstalled')
  } else {
    say(`there is no release ${target.namespace}/${target.release}`)
  }
  const retired = retires || config?.retire === true
  await removeRest(release, { ...own, retired }, say)
  say(await removeReleaseNamespace(release, target.namespace))
  if (context.settings.inputs['ram-cleanup']) {
    const others = await otherReleases(release, cluster.settings)
    if (others === undefined) {
      say(`RAM: kept: ${maybeShared([cluster.name])}; the deployer lacks the right to list Deployments and ConfigMaps`)
    } else if (others.length > 0) {
      const isProven = others.every(({ evidence }) => evidence === 'proven')
      const unproven = isProven ? '' : ', or something has its labels'
      say(`RAM: kept: acr-nopass is installed in this cluster as ${listNames(others)} too${unproven}`)
    } else note(await policyTargets(work, serviceAccount, 'remove'))
  }
  return { status: 'uninstalled' }
}

/**
 * If helm has no record, something else installed the helper, and nothing here stops it. What this
 * helper needs must not be removed then.
 * @throws HELPER_AT_WORK
 */
export async function requireNoHelper(
  caller: KubeCaller & { readonly target: Pick<ReleaseTarget, 'namespace' | 'release'> },
): Promise<void> {
  const { namespace, release } = caller.target
  const query = { labelSelector: releaseSelector(release) }
  const { items } = await get<KubeList<Deployment>>(caller, namespacedPath('/apis/apps/v1', namespace, 'deployments'), {
    query,
  })
  const running = (items ?? []).find(
    ({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec?.replicas !== 0,
  )
  if (running === undefined) return
  const message = `Helm has no record of release ${namespace}/${release}, and its helper still runs (Deployment ${keyOf(running.metadata)})`
  throw new NopassError('HELPER_AT_WORK', message, {
    hint: 'Remove it with the tool that installed it, such as Argo CD, then run this command again; or set HELM_DRIVER as it was for the installation. Nothing was written.',
  })
}

interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number }
}

/** Upgrades the release to `retire: true`, and waits until the helper has removed what it wrote. */
async function retire(
  work: ConnectedWork,
  deployed: InstalledRelease,
  last: Revision,
  say: (line: string) => void,
): Promise<Revision | undefined> {
  const { cluster, release } = work
  const { revision, desired } = await retireRelease(work, deployed, last)
  const config = findConfig(desired.objects)
  const own = leftoversOf(cluster.settings, config?.secretName ?? '', config)
  await waitRetired(release, findParts(desired.objects, release.target.namespace), {
    isClean: () => isClean(release, own),
  })
  say('the helper removed what it wrote')
  return revision
}

/**
 * Uninstalls the release as it was last seen.
 * @throws RELEASE_CHANGED if another deployer has changed the release since
 */
export async function removeRelease(release: OpenRelease, newest: Revision | undefined): Promise<void> {
  const { helm, target, timeout } = release
  await requireSameHistory(release, newest)
  const args = undoArguments(helm.version, target, { good: null, timeout, wait: true })
  await runStep(release, args, { id: randomUUID(), command: 'uninstall', before: newest?.revision ?? 0 })
}

/**
 * Deletes the pull Secrets with the deployer's permissions, if it has them. The helper may not
 * delete them.
 */
async function removeRest(
  release: OpenRelease,
  own: LeftoverQuery & { readonly retired: boolean },
  say: (line: string) => void,
): Promise<void> {
  const found = await unlessStatus(findLeftovers(release, own), 403)
  if (found === undefined) {
    const where = own.namespaces === undefined ? 'all namespaces' : `namespaces ${own.namespaces.join(', ')}`
    const what = own.retired ? 'pull secrets without content' : 'what the helper wrote'
    say(`left: ${what} (the deployer lacks the right to list ServiceAccounts and Secrets in ${where})`)
    return
  }
  const { deleted, detached, left } = await removeLeftovers(release, own.secretName, found)
  say(`pull secrets deleted: ${deleted.length}`)
  if (detached.length > 0) say(`removed references that the helper had left: ${detached.length}`)
  for (const line of left) say(`left: ${line}`)
  for (const name of found.copies) say(`kept Secret ${name}: ${WHY_COPY}`)
  for (const { account, why } of found.kept) {
    say(`kept ServiceAccount ${keyOf(account.metadata)} with its entry ${own.secretName}: ${why}`)
  }
}

/**
 * True if the helper has removed everything. This is read from the cluster itself if the deployer
 * may read it, because the helper's status is throttled.
 */
async function isClean(release: OpenRelease, own: LeftoverQuery): Promise<boolean> {
  const left = await unlessStatus(findLeftovers(release, own), 403)
  if (left === undefined || left.accounts.length > 0) return false
  return left.secrets.every(({ metadata }) => !metadata.annotations?.[ANNOTATION_REGISTRIES])
}
