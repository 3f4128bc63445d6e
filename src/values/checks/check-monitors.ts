import lists from '../../../schemas/chart-lists.json' with { type: 'json' }
import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

/**
 * Finds a ServiceMonitor without its Service, two monitors, and a threshold without effect.
 * chart/templates/_validation.tpl has the same checks.
 */
export function checkMonitors(metrics: Cursor): ValuesError[] {
  const monitors = [metrics.at('serviceMonitor'), metrics.at('podMonitor')]
  const [byService, byPod] = monitors.map((monitor) => monitor.at('enabled'))
  const thresholds = lists.alertsWithoutThreshold.flatMap((name) => {
    const threshold = metrics.at('prometheusRule', 'alerts', name, 'threshold')
    if (threshold.node === undefined) return []
    const message = `the alert \`${name}\` has no threshold that could be set`
    return [threshold.error('VALUES_NO_EFFECT', message, { hint: 'Remove the threshold.' })]
  })
  const errors: ValuesError[] = []
  if (byService?.value === true && metrics.at('enabled').value === false) {
    const message = '`metrics.serviceMonitor.enabled` needs the Service of `metrics.enabled`'
    const hint = 'Write `metrics.enabled: true`, or use `metrics.podMonitor`.'
    errors.push(byService.error('VALUES_NO_EFFECT', message, { value: 'true', hint }))
  }
  if (byService?.value === true && byPod?.value === true) {
    const both = '`metrics.serviceMonitor` and `metrics.podMonitor` are both enabled'
    const message = `${both}, so every sample would be scraped twice`
    errors.push(byPod.error('VALUES_COLLISION', message, { value: 'true', hint: 'Keep one of them.' }))
  }
  return [...errors, ...monitors.flatMap(longScrapes), ...thresholds]
}

/**
 * Finds monitors whose timeout is longer than the interval, because the Prometheus Operator ignores
 * them.
 */
function longScrapes(monitor: Cursor): ValuesError[] {
  const [interval, timeout] = [monitor.at('interval'), monitor.at('scrapeTimeout')]
  const [between, most] = [secondsOf(interval), secondsOf(timeout)]
  if (monitor.at('enabled').value !== true || between === undefined || most === undefined || most <= between) return []
  const above = `\`${timeout.name}\` (${most} s) is above its \`interval\` (${between} s)`
  const message = `${above}, so Prometheus would ignore the monitor`
  // If the timeout is the chart's default, the user wrote only the interval.
  const own = timeout.isDefault ? interval : timeout
  return [own.error('VALUES_NO_EFFECT', message, { hint: 'Lower the timeout, or raise the interval.' })]
}

function secondsOf({ text = '' }: Cursor): number | undefined {
  const [, digits, unit] = /^([1-9][0-9]{0,5})([smh])$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1)
}
