import { createMetrics } from '../../src/helper/report/metrics.ts'
import { alertsTable } from '../generate-chart-readme/alerts-table.ts'
import { type Language, table, untranslated } from './languages.ts'
import { readTexts } from './read-texts.ts'

interface Panel {
  readonly title: string
  readonly description: string
  readonly gridPos: { readonly x: number; readonly y: number }
  readonly targets: readonly { readonly expr: string }[]
}

type ReadText = (path: string) => string

/** The Chinese texts of metrics and panels. */
const FILE = 'scripts/generate-docs/metrics-zh.yaml'

const COLUMNS = {
  metrics: { en: ['metric', 'type', 'labels', 'help'], zh: ['指标', '类型', '标签', '含义'] },
  dashboard: { en: ['row', 'panel', 'what it shows', 'metrics'], zh: ['行', '面板', '内容', '指标'] },
} as const
/** Metrics in a query. The buckets of a histogram have a suffix. */
const METRIC = /\b(?:acr_nopass|workqueue|leader_election)_[a-z_]+?(?=(?:_bucket)?\b)/g

/** Renders the tables of docs/<language>/metrics.md. */
export function metricsTables(language: Language, readText: ReadText): Record<string, string> {
  const metrics = createMetrics().registry.getMetricsAsArray().map(describeMetric)
  const panels = readPanels(readText)
  const names = [...metrics.map(({ name }) => name), ...panels.map(({ title }) => title)]
  const chinese = readTexts<Readonly<Record<string, string>>>(readText, FILE, names)
  const textOf = (name: string, english: string): string =>
    language === 'en' ? english : (chinese[name] ?? untranslated(english))
  return {
    metrics: table(
      COLUMNS.metrics[language],
      metrics.map(({ name, type, labels, help }) => [`\`${name}\``, type, inCode(labels), textOf(name, help)]),
    ),
    alerts: alertsTable(language, readText),
    dashboard: table(
      COLUMNS.dashboard[language],
      panels.map(({ row, title, description, metrics }) => [row, title, textOf(title, description), inCode(metrics)]),
    ),
  }
}

/** prom-client keeps type and label names, but its types do not declare them. */
function describeMetric(metric: { readonly name: string; readonly help: string }) {
  const { type, labelNames } = metric as typeof metric & { type: string; labelNames: readonly string[] }
  return { name: metric.name, type, labels: labelNames, help: metric.help }
}

/** Reads the panels of the dashboard as Grafana places them: row by row, from left to right. */
function readPanels(readText: ReadText) {
  const { panels } = JSON.parse(readText('chart/dashboards/acr-nopass.json')) as { panels: readonly Panel[] }
  const placed = panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)
  const tops = [...new Set(placed.map(({ gridPos }) => gridPos.y))]
  return placed.map(({ title, description, gridPos, targets }) => ({
    row: String(tops.indexOf(gridPos.y) + 1),
    title,
    description,
    metrics: targets.flatMap(({ expr }) => expr.match(METRIC) ?? []),
  }))
}

function inCode(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `\`${name}\``).join(' ')
}
