import { parse } from 'yaml'
import { parseManifest } from '../../../src/helm/release/manifest.ts'

/** One alert, as the chart renders it. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** What a PrometheusRule holds, and Prometheus reads. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[]
}

/** The rules of the PrometheusRule in a rendered chart; undefined without one. */
export function readRules(manifest: string): RuleFile | undefined {
  const rule = parseManifest(manifest).find(({ kind }) => kind === 'PrometheusRule')
  return rule && (rule.body as unknown as { spec: RuleFile }).spec
}

/** One promise of an alert. */
export interface AlertCase {
  readonly title: string
  readonly alert: string
  /** promtool's series: name to values, one a minute. */
  readonly series: Readonly<Record<string, string>>
  /** When it is looked at, such as `20m`. */
  readonly at: string
  /** What fires then: the labels of the series and the summary. */
  readonly fires: readonly { readonly labels?: Readonly<Record<string, string>>; readonly summary: string }[]
}

/** promtool's file of unit tests; the texts are the rule's own, with the labels of each case put in. */
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

/** The cases of a file of fixtures. */
export function parseCases(text: string): readonly AlertCase[] {
  return (parse(text) as { cases: AlertCase[] }).cases
}
