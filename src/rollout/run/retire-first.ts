import type { InstalledRelease } from '../../helm/release/release-record.ts'
import { type Revision, revisionUnderFailed } from '../../helm/release/release-state.ts'
import { rollBackFailed } from '../deploy/roll-back-failed.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { findConfig, findParts } from '../release/release-parts.ts'
import { leftoversOf } from '../uninstall/leftovers.ts'
import { reportNamingPods } from '../uninstall/naming-pods.ts'
import { retireRelease, waitRetired } from '../uninstall/retire-release.ts'

const STILL_THERE =
  'Run `acr-nopass doctor`: it shows what keeps the helper from removing what it wrote. Then run this command again. The helper still runs, with `retire: true`.'

/** What an apply does before the deploy that removes the helper, for a plan. */
export async function planRetirement({ release, cluster, deployed }: OpenCluster): Promise<readonly string[]> {
  const config = findConfig(deployed?.objects ?? [])
  if (config === undefined) return []
  const pods = await reportNamingPods(release, leftoversOf(cluster.settings, config.secretName, config))
  return [`the helper is switched off: before, a revision with \`retire: true\` removes what the helper wrote; ${pods}`]
}

/**
 * Deploys `retire: true` in a revision of its own, and waits until the helper reports that
 * everything was removed (docs/en/decisions.md#helper-off). Without this report the chart refuses
 * `helper.enabled: false`. Returns the history after it.
 * @throws RETIRE_INCOMPLETE: then the helper is still there
 */
export async function retireFirst(
  open: OpenCluster,
  installed: InstalledRelease,
  note: (line: string) => void,
): Promise<readonly Revision[]> {
  const { release, cluster } = open
  const under = revisionUnderFailed(open.history)
  const repaired = under && (await rollBackFailed(release, open.history, under))
  repaired?.notes.forEach(note)
  const history = repaired?.history ?? open.history
  const deployed = under === undefined ? installed : await release.content(under.revision)
  const [last, config] = [history.at(-1), findConfig(deployed.objects)]
  if (last === undefined || config === undefined) return history
  note(await reportNamingPods(release, leftoversOf(cluster.settings, config.secretName, config)))
  const { objects } = config.retire ? deployed : (await retireRelease(open, deployed, last)).desired
  await waitRetired(release, findParts(objects, release.target.namespace), { hint: STILL_THERE })
  note('the helper removed what it wrote')
  return release.history()
}
