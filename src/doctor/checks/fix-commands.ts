import type { ReleaseName } from '../../release/release-facts.ts'

/**
 * Puts back whatever of the release's objects was deleted or changed, as the release has it. As Helm's own field manager: one
 * more owner of the fields would make the next upgrade by Helm 4 fail with a conflict.
 */
export function applyAgain({ namespace, name }: ReleaseName): string {
  return `helm -n ${namespace} get manifest ${name} | ${apply(namespace)} -`
}

/** Deletes an object and applies the release again, once its manifest is in a file. */
export function replaceFromRelease({ namespace, name }: ReleaseName, object: string): string {
  const file = `${name}.yaml`
  return `helm -n ${namespace} get manifest ${name} > ${file} && kubectl delete ${object} && ${apply(namespace)} ${file}`
}

function apply(namespace: string): string {
  return `kubectl -n ${namespace} apply --server-side --force-conflicts --field-manager=helm -f`
}

/** The last lines of the helper's log. */
export function readLog({ namespace, name }: ReleaseName): string {
  return `kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${name} --tail=50`
}
