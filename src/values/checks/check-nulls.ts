import { ValuesError } from '../values-error.ts'
import { formatPath, is, lookup, type MapNode } from '../yaml/yaml-node.ts'

/** Keys that the chart's templates require: those of chart/templates/_validation.tpl. */
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
]

/** A null that removes a default that the chart needs. */
export function checkNulls(values: MapNode, given: MapNode): ValuesError[] {
  const reported = new Set<string>()
  return NEEDED.flatMap((dotted) => {
    const path = dotted.split('.')
    if (lookup(values, path) !== undefined) return []
    const cut = path.findIndex((_, index) => is(lookup(given, path.slice(0, index + 1)), null))
    if (cut === -1) return []
    const nulled = path.slice(0, cut + 1)
    const name = formatPath(nulled)
    if (reported.has(name)) return []
    reported.add(name)
    const message = `\`${name}\` is null, which removes its default`
    return [new ValuesError('VALUES_NULL', message, { at: lookup(given, nulled)?.at, path: nulled, value: 'null' })]
  })
}
