import { parse } from 'yaml'
import { parseManifest } from '../../../src/helm/release/manifest.ts'

/** One alert, as rendered by the chart. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The content of a PrometheusRule, which is also the format of Prometheus's rule files. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[]
}

/** Reads the rules of the PrometheusRule in a rendered chart; undefined without one. */
export function readRules(manifest: string): RuleFile | undefined {
  const rule = parseManifest(manifest).find(({ kind }) => kind === 'PrometheusRule')
  return rule && (rule.body as unknown as { spec: RuleFile }).spec
}

/** One test case of an alert. */
export interface AlertCase {
  readonly title: string
  readonly alert: string
  /** The values of series in promtool's notation, one per minute. */
  readonly series: Readonly<Record<string, string>>
  /** When the alert is evaluated, such as `20m`. */
  readonly at: string
  /** The expected alerts: the labels of the series and the summary. */
  readonly fires: readonly { readonly labels?: Readonly<Record<string, string>>; readonly summary: string }[]
}

/**
 * promtool's file of unit tests. The expected texts are those of the rule with the labels of each
 * case inserted.
 */
export function promtoolTests(rules: RuleFile, cases: readonly AlertCase[], ruleFile: string): object {
  const alerts = new Map(rules.groups.flatMap((group) => group.rules).map((rule) => [rule.alert, rule]))
  return {
    rule_files: [ruleFile],
    evaluation_interval: '30s',
    tests: cases.map(({ title, alert, series, at, fires }) => ({
      name: title,
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        {
          eval_time: at,
          alertname: alert,
          exp_alerts: fires.map(({ labels = {}, summary }) => ({
            exp_labels: { ...alerts.get(alert)?.labels, ...labels },
            exp_annotations: { ...alerts.get(alert)?.annotations, summary },
          })),
        },
      ],
    })),
  }
}

/** Parses the test cases of a fixture file. */
export function parseCases(text: string): readonly AlertCase[] {
  return (parse(text) as { cases: AlertCase[] }).cases
}
