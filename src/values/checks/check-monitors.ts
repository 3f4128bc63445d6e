import { placeOf } from '../schema/schema-problem.ts'
import { ValuesError } from '../values-error.ts'
import { child, is, type MapNode } from '../yaml/yaml-node.ts'

/** Alerts whose expression compares with no number of a user's. */
const WITHOUT_THRESHOLD: readonly string[] = ['AcrNopassDown', 'AcrNopassWithoutLeader']

/** A ServiceMonitor without its Service, two monitors, a threshold without effect: those of chart/templates/_validation.tpl. */
export function checkMonitors(values: MapNode): ValuesError[] {
  const metrics = child(values, 'metrics')
  const [byService, byPod] = ['serviceMonitor', 'podMonitor'].map((key) =>
    is(child(child(metrics, key), 'enabled'), true),
  )
  const thresholds = WITHOUT_THRESHOLD.flatMap((name) => {
    const threshold = child(child(child(child(metrics, 'prometheusRule'), 'alerts'), name), 'threshold')
    if (threshold === undefined) return []
    const path = ['metrics', 'prometheusRule', 'alerts', name, 'threshold']
    const message = `the alert \`${name}\` compares with no number that could be set`
    return [new ValuesError('VALUES_NO_EFFECT', message, { at: threshold.at, path, hint: 'Remove the threshold.' })]
  })
  return [
    ...(byService && is(child(metrics, 'enabled'), false)
      ? [
          wrong(values, 'VALUES_NO_EFFECT', 'serviceMonitor', {
            message: '`metrics.serviceMonitor.enabled` needs the Service of `metrics.enabled`',
            hint: 'Write `metrics.enabled: true`, or use `metrics.podMonitor`.',
          }),
        ]
      : []),
    ...(byService && byPod
      ? [
          wrong(values, 'VALUES_COLLISION', 'podMonitor', {
            message:
              '`metrics.serviceMonitor` and `metrics.podMonitor` are both enabled, so every sample would be there twice',
            hint: 'Keep one of them.',
          }),
        ]
      : []),
    ...thresholds,
  ]
}

function wrong(
  values: MapNode,
  code: 'VALUES_NO_EFFECT' | 'VALUES_COLLISION',
  monitor: string,
  { message, hint }: { readonly message: string; readonly hint: string },
): ValuesError {
  const path = ['metrics', monitor, 'enabled']
  return new ValuesError(code, message, { at: placeOf(values, path), path, value: 'true', hint })
}
