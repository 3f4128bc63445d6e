import type { HelperConfig } from '../values/generated/helper-config.ts'
import { clusterName, type ReleaseName } from './release-evidence.ts'

/**
 * Names the admission policies that add the reference. There is one policy per selector of
 * registries (chart/templates/pod-policy.yaml).
 */
export function podPolicyNames(
  release: ReleaseName,
  config: Pick<HelperConfig, 'registries' | 'targets'>,
): readonly string[] {
  const selectors = config.registries.map(({ targets }) =>
    JSON.stringify({ ...config.targets.namespaces, ...targets?.namespaces }.selector ?? {}),
  )
  return [...new Set(selectors)].map((_, index) =>
    index === 0 ? clusterName(release) : `${clusterName(release)}.${index + 1}`,
  )
}
