import type { ReleaseName } from '../../release/release-facts.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'

/** The base of the names of the release's objects outside of namespaces (chart/templates/_names.tpl). */
export function clusterName({ namespace, name }: ReleaseName): string {
  return `acr-nopass.${namespace}.${name}`
}

/** The admission policies that add the reference: one for each selector that registries have (chart/templates/pod-policy.yaml). */
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
