import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import type { RefreshEvent } from '../../src/helper/credentials/registry-driver.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { readRules } from '../support/chart/alerts.ts'
import { openHelm, scenario } from '../support/chart/chart.ts'
import { readPromql } from '../support/chart/promql.ts'
import { fromTable } from '../support/markdown-table.ts'

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())
const manifest = await helm.render({ values: [scenario('everything')] })

interface Panel {
  readonly id: number
  readonly title: string
  readonly description?: string
  readonly datasource: { readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly refId: string; readonly expr: string }[]
}

interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[]
  }
}

const dashboard = readDashboard()
const alerts = (readRules(manifest)?.groups ?? []).flatMap(({ rules }) => rules)
const expressions = [
  ...alerts.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
]

/**
 * Labels that are not the helper's own: Prometheus adds them to every series of a target, and `le`
 * belongs to a histogram's buckets.
 */
const OF_PROMETHEUS = ['namespace', 'job', 'pod', 'le']
/** All results of a refresh. */
const RESULTS: Readonly<Record<RefreshEvent['kind'], true>> = {
  refreshed: true,
  unchanged: true,
  revoked: true,
  failed: true,
  refused: true,
  proven: true,
}

test('alerts and dashboard query metrics that the helper has, by labels that they have', () => {
  const known = new Map(
    createMetrics()
      .registry.getMetricsAsArray()
      .map((metric) => [metric.name, labelsOf(metric)]),
  )
  const queries = expressions.flatMap(readPromql)
  assert.ok(new Set(queries.map(({ metric }) => metric)).size >= 10)
  for (const { metric, matchers, groupedBy } of queries) {
    const labels = known.get(metric)
    assert.ok(labels, `no metric is named ${metric}`)
    assert.equal(matchers.namespace !== undefined && matchers.job !== undefined, true, `${metric} of any installation`)
    for (const label of [...Object.keys(matchers), ...groupedBy]) {
      assert.ok(OF_PROMETHEUS.includes(label) || labels.includes(label), `${metric} has no label ${label}`)
    }
  }
})

test('every metric of the helper has a panel', () => {
  const shown = new Set(
    dashboard.panels
      .flatMap(({ targets }) => targets.flatMap(({ expr }) => readPromql(expr)))
      .map(({ metric }) => metric),
  )
  const names = createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => !shown.has(name)),
    [],
  )
})

for (const language of ['en', 'zh']) {
  test(`the page of the metrics (${language}) lists every metric, alert and panel that the chart installs`, async () => {
    const page = await readFile(new URL(`../../docs/${language}/metrics.md`, import.meta.url), 'utf8')
    const rowsOf = (name: string, columns: number): readonly (readonly string[])[] => {
      const [, text = ''] = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)<!-- /${name} -->`).exec(page) ?? []
      const [, ...rows] = fromTable(text)
      for (const row of rows) assert.ok(row.length === columns && row.at(-1) !== '', row.join(' | '))
      return rows
    }
    const metrics = createMetrics().registry.getMetricsAsArray()
    assert.deepEqual(
      rowsOf('metrics', 4).map(([name, type, labels]) => [name, type, labels]),
      metrics.map((metric) => {
        const { name, type } = metric as typeof metric & { type: string }
        return [inCode([name]), type, inCode(labelsOf(metric))]
      }),
    )
    assert.deepEqual(
      rowsOf('alerts', 5).map(([name, severity, after]) => [name, severity, after]),
      alerts.map(({ alert, labels, ...rule }) => {
        return [inCode([alert]), labels.severity, rule.for ?? (language === 'en' ? 'at once' : '立即')]
      }),
    )
    // Grafana shows the panels in the order of their places.
    const lines = Map.groupBy(
      dashboard.panels.toSorted((a, b) => a.gridPos.x - b.gridPos.x),
      ({ gridPos }) => gridPos.y,
    )
    const ordered = [...lines].sort(([a], [b]) => a - b).map(([, panels]) => panels)
    assert.deepEqual(
      rowsOf('dashboard', 4).map(([line, title, , shown]) => [line, title, shown]),
      ordered.flatMap((panels, index) => {
        return panels.map(({ title, targets }) => {
          const names = targets.flatMap(({ expr }) => readPromql(expr)).map(({ metric }) => metric)
          return [String(index + 1), title, inCode([...new Set(names)])]
        })
      }),
    )
  })
}

function inCode(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(' ')
}

test('the check of alerts and dashboard covers every part of an expression', () => {
  for (const expression of expressions) {
    const names = expression.match(/\b(acr_nopass|workqueue|leader_election)_[a-z_]+/g) ?? []
    assert.equal(readPromql(expression).length, names.length, expression)
    assert.ok(names.length > 0, expression)
  }
})

test('alerts query results of refreshes that exist', () => {
  const queries = alerts.flatMap(({ expr }) => readPromql(expr)).flatMap(({ matchers: { result } }) => result ?? [])
  assert.equal(queries.length, 2)
  for (const matcher of queries) {
    for (const value of matcher.replace(/^=~?"|"$/g, '').split('|')) assert.ok(value in RESULTS, matcher)
  }
})

test('Grafana can load the dashboard: ids, positions, data sources and variables are consistent', () => {
  assert.match(dashboard.uid, /^[a-zA-Z0-9_-]{1,40}$/)
  assert.ok(dashboard.schemaVersion >= 36)
  const { panels } = dashboard
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length)
  const variables = new Set(['__rate_interval', ...dashboard.templating.list.map(({ name }) => name)])
  for (const [, name = ''] of JSON.stringify(dashboard).matchAll(/\$\{?([a-zA-Z_]+)/g)) {
    assert.ok(variables.has(name), `no variable is named ${name}`)
  }
  const cells = new Set<string>()
  for (const { title, description, datasource, gridPos, targets } of panels) {
    assert.ok(description, `${title} has no description`)
    assert.equal(datasource.uid, `\${datasource}`)
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length)
    assert.ok(gridPos.x + gridPos.w <= 24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!cells.has(`${x},${y}`), `${title} lies on another panel`)
        cells.add(`${x},${y}`)
      }
    }
  }
})

function readDashboard(): Dashboard {
  const maps = parseManifest(manifest).filter(({ kind }) => kind === 'ConfigMap')
  const texts = maps.flatMap(({ body }) => (body as { data?: Record<string, string> }).data?.['acr-nopass.json'] ?? [])
  assert.equal(texts.length, 1)
  return JSON.parse(texts[0] ?? '') as Dashboard
}

/** prom-client keeps the label names, but its types do not declare them. */
function labelsOf(metric: object): readonly string[] {
  return 'labelNames' in metric ? (metric.labelNames as string[]) : []
}
