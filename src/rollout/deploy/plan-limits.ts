import { judgeImages, type NamespaceUnions, unionsByNamespace } from '../../acr/limited-images.ts'
import type { ManifestObject } from '../../helm/release/manifest.ts'
import { entriesOf } from '../../installation/helper-status.ts'
import { loadConfig } from '../../installation/load-config.ts'
import { readStatus } from '../../installation/release-watch.ts'
import { createTargets } from '../../installation/targets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { stableJson } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { familyOf, isLimited } from '../../values/limited-entries.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { findConfig } from '../release/release-parts.ts'
import { describeCount, describeImages } from './limit-notes.ts'
import { listNamespaces, listRunningImages } from './limit-reads.ts'

/**
 * Returns what an apply would mean for limited credentials in this cluster: how many there are, and
 * which images of running Pods they could not pull after a change of the limits. Only reads.
 */
export async function planLimits({
  desired,
  deployed,
  release,
}: Pick<OpenCluster, 'desired' | 'deployed' | 'release'>): Promise<readonly string[]> {
  const config = configOf(desired.objects)
  if (config === 'unknown') return ['limits: not checked, because the configuration is of another version']
  if (config === undefined || !config.registries.some(isLimited) || config.retire) return []
  const namespaces = await listNamespaces(release, config)
  if (namespaces === undefined) {
    return ['limits: not checked, because the deployer lacks the right to list Namespaces']
  }
  // The release's own namespace holds all credentials. Its Pods pull only with the credentials of
  // the entries that target it, as in any other namespace.
  const unions = unionsByNamespace(config, namespaces, createTargets(config).targeting)
  const before = deployed && configOf(deployed.objects)
  const isChanged = before !== undefined && (before === 'unknown' || limitsText(before) !== limitsText(config))
  return [describeCount(unions), ...(isChanged ? await imageNotes(release, config, unions) : [])]
}

function configOf(objects: readonly ManifestObject[]): HelperConfig | 'unknown' | undefined {
  const found = findConfig(objects)
  return found && orElse(() => loadConfig(found.text).config, 'unknown' as const)
}

/** Two configurations with the same text limit every namespace in the same way. */
function limitsText({ registries, targets }: HelperConfig): string {
  return stableJson(
    registries
      .filter(isLimited)
      .map((entry) => [familyOf(entry), entry.repositories, { ...targets.namespaces, ...entry.targets?.namespaces }]),
  )
}

async function imageNotes(
  caller: OpenCluster['release'],
  config: HelperConfig,
  unions: NamespaceUnions,
): Promise<readonly string[]> {
  const place = { namespace: config.release.namespace, statusConfigMap: config.release.status }
  const status = await unlessStatus(readStatus(caller, place), 403, 404)
  const reported = (status?.registries ?? []).map((item) => ({ ...item, entries: entriesOf(item) }))
  const images = await listRunningImages(caller, config, new Set(unions.keys()))
  const judged = judgeImages(images ?? [], unions, reported)
  const names = config.registries.map(({ name }) => name).filter((name) => judged.unreported.includes(name))
  const unchecked =
    names.length === 0
      ? []
      : [`limits: images of ${names.join(', ')} not checked, because the helper has not reported the domains`]
  if (images === undefined) {
    return [
      ...unchecked,
      'limits: images of running Pods not checked, because the deployer lacks the right to list Pods',
    ]
  }
  const found = describeImages(judged)
  if (found !== undefined) return [...unchecked, found]
  return unchecked.length > 0 ? unchecked : ['limits: no running Pod has an image of an instance with a limit']
}
