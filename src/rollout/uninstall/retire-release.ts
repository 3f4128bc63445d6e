import { randomUUID } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { isServerSide, type ReleaseTarget, upgradeArguments, valuesFile } from '../../helm/helm-flags.ts'
import type { InstalledRelease, ReleaseContent } from '../../helm/release/release-record.ts'
import { longestSeconds, type Revision, revisionOfStep } from '../../helm/release/release-state.ts'
import { renderRelease } from '../../helm/release/render-release.ts'
import { type ReleaseParts, readStatus } from '../../installation/release-watch.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { isRecord } from '../../lib/json.ts'
import { shell } from '../../lib/shell-command.ts'
import type { ConnectedWork } from '../cluster/cluster-run.ts'
import { OUR_CHART } from '../inputs/describe-chart.ts'
import { runHelmStep } from '../release/helm-step.ts'
import { type OpenRelease, requireSameHistory } from '../release/open-release.ts'
import { pushConfig } from '../release/push-config.ts'
import { findConfig, findParts } from '../release/release-parts.ts'
import type { HelmBegun } from '../run-folder.ts'

/**
 * Upgrades the release to `retire: true` in a revision of its own. The helper then removes what it
 * wrote while it still has its permissions. Does not wait for the helper.
 */
export async function retireRelease(
  { cluster, context, release, signal }: ConnectedWork,
  deployed: InstalledRelease,
  last: Revision,
): Promise<{ readonly revision: Revision | undefined; readonly desired: ReleaseContent }> {
  const { helm, folder, target, timeout } = release
  const { settings } = context
  const text = valuesFile(withRetire(deployed))
  const values = await folder.write(`${cluster.name}-retire.values.yaml`, text)
  const options = {
    chart: await context.chart(),
    valuesFiles: [values],
    timeout,
    // A failing registry must not block a removal.
    wait: false,
    // Changes that somebody made in objects that are about to be deleted must not block a removal
    // either.
    forceConflicts: settings.inputs['force-conflicts'] || isServerSide(helm.version, deployed, false),
    description: `${context.runName}: retire`,
  }
  const desired = await renderRelease(helm, target, options, signal).catch((error) => {
    throw error instanceof NopassError && error.code === 'HELM_VALUES_REFUSED'
      ? otherChart(deployed, target, error)
      : error
  })
  requireRetire(desired, deployed, target)
  const step = {
    id: randomUUID(),
    timeoutSeconds: longestSeconds(parseGoDuration(timeout, 'timeout'), desired.hooks.length),
  }
  release.report('removing what the helper wrote (retire)')
  await requireSameHistory(release, last)
  const args = upgradeArguments(helm.version, target, { ...options, step })
  await runStep(release, args, { id: step.id, command: 'upgrade', before: last.revision })
  const revision = revisionOfStep(await release.history(), { id: step.id, before: last.revision })
  await pushConfig(release, findParts(desired.objects, target.namespace))
  return { revision, desired }
}

/**
 * Waits until everything was removed, as the helper reports it about this configuration, or as
 * `isClean` sees it before the report.
 * @throws RETIRE_INCOMPLETE
 */
export async function waitRetired(
  release: OpenRelease,
  parts: ReleaseParts,
  { isClean, hint }: { readonly isClean?: () => Promise<boolean>; readonly hint?: string } = {},
): Promise<void> {
  const { timeout, signal } = release
  const seconds = parseGoDuration(timeout, 'timeout')
  const waited = await pollUntil(seconds * 1000, signal, async () => {
    if (await isClean?.()) return true
    const status = await readStatus(release, parts)
    return status?.retired === true && (parts.configHash === undefined || status.configHash === parts.configHash)
  })
  if (waited !== undefined) return
  const message = `the helper did not report within ${timeout} that everything was removed`
  throw new NopassError('RETIRE_INCOMPLETE', message, { ...(hint !== undefined && { hint }) })
}

/**
 * Adds `retire: true` to the values of the release. In an umbrella chart, each subchart that is our
 * chart gets it.
 */
export function withRetire({ values, subcharts = [] }: InstalledRelease): Readonly<Record<string, unknown>> {
  const keys = subcharts.filter(({ name }) => name === OUR_CHART).map(({ key }) => key)
  if (keys.length === 0) return { ...values, retire: true }
  const parts = keys.map((key) => [key, { ...(isRecord(values[key]) ? values[key] : {}), retire: true }] as const)
  return { ...values, ...Object.fromEntries(parts) }
}

/**
 * Helm ignores a key that its chart does not know. The wait for the helper would then never
 * succeed.
 * @throws UNINSTALL_CHART
 */
export function requireRetire(desired: ReleaseContent, deployed: InstalledRelease, target: ReleaseTarget): void {
  if (findConfig(desired.objects)?.retire !== true) throw otherChart(deployed, target)
}

function otherChart(
  { chart }: InstalledRelease,
  { namespace, release }: ReleaseTarget,
  cause?: NopassError,
): NopassError {
  const message = `release ${namespace}/${release} was installed from ${chart}, and the chart given here does not take \`retire\` for it`
  const uninstall = shell`helm uninstall ${release} --namespace ${namespace}`
  return new NopassError('UNINSTALL_CHART', message, {
    hint: `Give that chart with \`chart\`. Or uninstall without the helper: \`${uninstall}\`, then \`acr-nopass cleanup --detach\`. Nothing was written.`,
    cause,
  })
}

/** Runs helm. A failure of it fails the work. */
export async function runStep(
  release: OpenRelease,
  args: readonly string[],
  step: Pick<HelmBegun, 'id' | 'command' | 'before'>,
): Promise<void> {
  const failure = await runHelmStep(release, args, { ...step, good: step.before })
  if (failure) throw failure.error
}
