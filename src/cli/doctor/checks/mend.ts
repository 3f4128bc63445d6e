import type { ReleaseName } from '../observed.ts'

/** Makes again whatever of the release's objects was deleted, as the release has it; nothing else changes. */
export function applyAgain({ namespace, name }: ReleaseName): string {
  return `helm -n ${namespace} get manifest ${name} | kubectl -n ${namespace} apply -f -`
}

/** The last lines of the helper's log. */
export function readLog({ namespace, name }: ReleaseName): string {
  return `kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${name} --tail=50`
}
