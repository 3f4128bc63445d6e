import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

/**
 * Keys that the chart's templates require (the same list as in chart/templates/_validation.tpl).
 */
export const NEEDED: readonly string[] = [
  'targets.namespaces.include',
  'targets.namespaces.exclude',
  'targets.namespaces.selector',
  'targets.serviceAccounts.include',
  'targets.serviceAccounts.exclude',
  'region',
  'attach',
  'admissionImages',
  'guard',
  'scope',
  'secretName',
  'adopt',
  'retire',
  'dryRun',
  'heal',
  'watchPods',
  'verify.enabled',
  'verify.interval',
  'refreshRate',
  'secretLabels',
  'authFormat',
  'network',
  'endpoints',
  'logLevel',
  'image.repository',
  'image.pullPolicy',
  'serviceAccount',
  'replicas',
  'podSecurityContext.runAsNonRoot',
  'securityContext.allowPrivilegeEscalation',
  'securityContext.readOnlyRootFilesystem',
  'securityContext.capabilities.drop',
  'ports.http',
  'ports.status',
  'metrics.enabled',
  'metrics.service',
  'metrics.serviceMonitor',
  'metrics.podMonitor',
  'metrics.prometheusRule',
  'metrics.dashboard',
  'networkPolicy',
  'networkPolicy.dnsPorts',
  'podDisruptionBudget.enabled',
  'podDisruptionBudget.maxUnavailable',
  'node.identity',
  'node.fallback',
  'node.unbounded',
  'node.serviceAccount.useRrsaRole',
  'node.serviceAccounts',
]

/** Finds each null that removes a default that the chart needs. */
export function checkNulls(values: Cursor, given: Cursor): ValuesError[] {
  const nulled = NEEDED.flatMap((dotted) => {
    const path = dotted.split('.')
    if (values.at(...path).node !== undefined) return []
    const places = path.map((_, index) => given.at(...path.slice(0, index + 1)))
    return places.find(({ value }) => value === null) ?? []
  })
  const byName = new Map(nulled.map((one) => [one.name, one]))
  return [...byName].map(([name, one]) => {
    return one.error('VALUES_NULL', `\`${name}\` is null, which removes its default`, { value: 'null' })
  })
}
