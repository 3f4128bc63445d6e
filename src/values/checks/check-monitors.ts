import { placeOf } from '../schema/schema-problem.ts'
import { ValuesError } from '../values-error.ts'
import { child, is, lookup, type MapNode, type YamlNode } from '../yaml/yaml-node.ts'

/** Alerts whose expression compares with no number of a user's. */
const WITHOUT_THRESHOLD: readonly string[] = ['AcrNopassDown', 'AcrNopassWithoutLeader']

/** A ServiceMonitor without its Service, two monitors, a threshold without effect: those of chart/templates/_validation.tpl. */
export function checkMonitors(values: MapNode): ValuesError[] {
  const metrics = child(values, 'metrics')
  const [byService, byPod] = ['serviceMonitor', 'podMonitor'].map((key) =>
    is(child(child(metrics, key), 'enabled'), true),
  )
  const thresholds = WITHOUT_THRESHOLD.flatMap((name) => {
    const path = ['metrics', 'prometheusRule', 'alerts', name, 'threshold']
    const threshold = lookup(values, path)
    if (threshold === undefined) return []
    const message = `the alert \`${name}\` has no threshold that could be set`
    return [new ValuesError('VALUES_NO_EFFECT', message, { at: threshold.at, path, hint: 'Remove the threshold.' })]
  })
  const errors: ValuesError[] = []
  if (byService && is(child(metrics, 'enabled'), false)) {
    const message = '`metrics.serviceMonitor.enabled` needs the Service of `metrics.enabled`'
    const hint = 'Write `metrics.enabled: true`, or use `metrics.podMonitor`.'
    errors.push(wrong(values, 'VALUES_NO_EFFECT', 'serviceMonitor', message, hint))
  }
  if (byService && byPod) {
    const both = '`metrics.serviceMonitor` and `metrics.podMonitor` are both enabled'
    const message = `${both}, so every sample would be scraped twice`
    errors.push(wrong(values, 'VALUES_COLLISION', 'podMonitor', message, 'Keep one of them.'))
  }
  const scrapes = ['serviceMonitor', 'podMonitor'].flatMap((monitor) => longScrapes(metrics, monitor))
  return [...errors, ...scrapes, ...thresholds]
}

/** The operator of Prometheus ignores such a monitor. */
function longScrapes(metrics: YamlNode | undefined, monitor: string): ValuesError[] {
  const node = child(metrics, monitor)
  const [interval, timeout] = [child(node, 'interval'), child(node, 'scrapeTimeout')]
  const [between, most] = [secondsOf(interval), secondsOf(timeout)]
  if (!is(child(node, 'enabled'), true) || between === undefined || most === undefined || most <= between) return []
  // Where the timeout is the chart's own, the interval is what the user wrote.
  const isOwn = timeout?.origin === 'chart'
  const path = ['metrics', monitor, isOwn ? 'interval' : 'scrapeTimeout']
  const message = `\`metrics.${monitor}.scrapeTimeout\` (${most} s) is above its \`interval\` (${between} s)`
  const hint = 'Lower the timeout, or raise the interval.'
  return [new ValuesError('VALUES_POD', message, { at: (isOwn ? interval : timeout)?.at, path, hint })]
}

function secondsOf(node: YamlNode | undefined): number | undefined {
  const text = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : ''
  const [, digits, unit] = /^([1-9][0-9]{0,5})([smh])$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1)
}

function wrong(
  values: MapNode,
  code: 'VALUES_NO_EFFECT' | 'VALUES_COLLISION',
  monitor: string,
  message: string,
  hint: string,
): ValuesError {
  const path = ['metrics', monitor, 'enabled']
  return new ValuesError(code, message, { at: placeOf(values, path), path, value: 'true', hint })
}
