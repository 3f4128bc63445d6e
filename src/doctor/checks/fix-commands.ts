import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { ReleaseName } from '../../installation/release-evidence.ts'
import { type ShellCommand, shell, shellWords } from '../../lib/shell-command.ts'
import { VERSION } from '../../version.ts'

type ByHelm = Pick<ReleaseFacts, 'namespace' | 'name' | 'helmRelease' | 'evidence'>

/**
 * The published chart. A folder such as `./chart` may hold another chart where the user runs the
 * command.
 */
export const CHART = shellWords`oci://ghcr.io/acr-nopass/charts/acr-nopass --version ${VERSION}`

/** Returns the name of the Helm release. With an alias, this is the umbrella chart's release. */
function helmName({ name, helmRelease }: ByHelm): string {
  return helmRelease ?? name
}

/**
 * True if the release belongs to an umbrella chart. `helm upgrade` or `uninstall` with our chart
 * would then break the umbrella release, and its values have another form.
 */
export function isAliased({ name, helmRelease }: ByHelm): boolean {
  return helmRelease !== undefined && helmRelease !== name
}

/**
 * Restores the release's objects that were deleted or changed. Writes as Helm's own field manager:
 * a further owner of the fields would make the next upgrade by Helm 4 fail with a conflict.
 * Undefined if the release is not proven: a tenant may have written its manifest, with permissions
 * for that tenant.
 */
export function applyAgain(release: ByHelm): ShellCommand | undefined {
  if (release.evidence !== 'proven') return undefined
  return shell`helm -n ${release.namespace} get manifest ${helmName(release)} | ${applyStdin(release)} -`
}

/**
 * Saves the release's manifest, deletes an object and applies the manifest again. Undefined if the
 * release is not proven, see {@link applyAgain}.
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
  return shell`helm -n ${release.namespace} get manifest ${name} > ${file} && kubectl delete ${objects} && ${applyStdin(release)} ${file}`
}

/**
 * Applies a manifest. Of an umbrella chart's manifest, only the objects of our chart are applied.
 */
function applyStdin(release: ByHelm) {
  const { namespace, name } = release
  const ours = isAliased(release) ? shellWords` -l app.kubernetes.io/instance=${name}` : shellWords``
  return shellWords`kubectl -n ${namespace} apply --server-side --force-conflicts --field-manager=helm${ours} -f`
}

/** Prints the last lines of the helper's log. */
export function logsCommand({ namespace, name }: ReleaseName): ShellCommand | undefined {
  return shell`kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${name} --tail=50`
}
