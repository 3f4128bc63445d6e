import type { ReleaseFacts } from '../../installation/find-release.ts'
import { clusterName, type ReleaseName } from '../../installation/release-evidence.ts'
import { type ShellCommand, shell, shellWords } from '../../lib/shell-command.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { VERSION } from '../../version.ts'

type ByHelm = Pick<ReleaseFacts, 'namespace' | 'name' | 'helmRelease' | 'evidence'>

/** The published chart: a folder such as `./chart` may be another one where the command is run. */
export const CHART = shellWords`oci://ghcr.io/acr-nopass/charts/acr-nopass --version ${VERSION}`

/** The Helm release, which is an umbrella chart's under an alias. */
function helmName({ name, helmRelease }: ByHelm): string {
  return helmRelease ?? name
}

/**
 * Whether the release belongs to an umbrella chart, which must not be upgraded or uninstalled as
 * ours and has other values.
 */
export function isAliased({ name, helmRelease }: ByHelm): boolean {
  return helmRelease !== undefined && helmRelease !== name
}

/**
 * Puts back whatever of the release's objects was deleted or changed, as the release has it. As
 * Helm's own field manager: one more owner of the fields would make the next upgrade by Helm 4 fail
 * with a conflict. Undefined: the release is not proven, and its manifest may be a tenant's, with
 * permissions for the tenant.
 */
export function applyAgain(release: ByHelm): ShellCommand | undefined {
  if (release.evidence !== 'proven') return undefined
  return shell`helm -n ${release.namespace} get manifest ${helmName(release)} | ${apply(release)} -`
}

/**
 * Saves the release's manifest, deletes an object and applies the manifest again; undefined as for
 * {@link applyAgain}.
 */
export function replaceFromRelease(
  release: ByHelm,
  kinds: ReturnType<typeof shellWords>,
  names: readonly string[],
): ShellCommand | undefined {
  if (release.evidence !== 'proven') return undefined
  const name = helmName(release)
  const file = shellWords`${name}.yaml`
  const objects = names.reduce((before, one) => shellWords`${before} ${one}`, kinds)
  return shell`helm -n ${release.namespace} get manifest ${name} > ${file} && kubectl delete ${objects} && ${apply(release)} ${file}`
}

/** Only our part of an umbrella chart's manifest. */
function apply(release: ByHelm) {
  const { namespace, name } = release
  const ours = isAliased(release) ? shellWords` -l app.kubernetes.io/instance=${name}` : shellWords``
  return shellWords`kubectl -n ${namespace} apply --server-side --force-conflicts --field-manager=helm${ours} -f`
}

/** The last lines of the helper's log. */
export function logsCommand({ namespace, name }: ReleaseName): ShellCommand | undefined {
  return shell`kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${name} --tail=50`
}

/**
 * The admission policies that add the reference, one per selector of registries
 * (chart/templates/pod-policy.yaml).
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
