import type { ReleaseName } from '../release/find-release.ts'

/** The prefix of the release's cluster-scoped objects (chart/templates/_names.tpl). */
export function clusterName({ namespace, name }: ReleaseName): string {
  return `acr-nopass.${namespace}.${name}`
}

/** The resources whose writes by the helper a policy of the guard limits: the last part of the policy's name. */
export const GUARDED: readonly string[] = ['secrets', 'serviceaccounts', 'events', 'leases', 'configmaps']
