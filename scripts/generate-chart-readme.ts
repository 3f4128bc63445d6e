// Writes the values and the alerts of the chart's READMEs, between their markers, from
// chart/values.yaml, its schema, the rules, and scripts/generate-chart-readme/zh.yaml. `--check`
// writes nothing and fails if a page is not current.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schema } from '../src/values/schema/schema.ts'
import { alertsTable } from './generate-chart-readme/alerts-table.ts'
import { chinese, ENGLISH } from './generate-chart-readme/chart-words.ts'
import { valuesSection } from './generate-chart-readme/values-section.ts'
import { fillMarkers } from './generate-docs/fill-markers.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
const schema = JSON.parse(readText('chart/values.schema.json')) as Schema
const check = process.argv.includes('--check')

const pages = { 'chart/README.md': ENGLISH, 'chart/README.zh-CN.md': chinese(schema, readText) }
for (const [page, words] of Object.entries(pages)) {
  const current = readText(page)
  const expected = fillMarkers(current, {
    values: valuesSection(readText('chart/values.yaml'), schema, words),
    alerts: alertsTable(readText('chart/templates/_alerts.tpl'), words),
  })
  if (expected === current) continue
  process.stdout.write(`${check ? 'stale' : 'wrote'} ${page}\n`)
  if (check) {
    process.stderr.write('fix: node scripts/generate-chart-readme.ts\n')
    process.exitCode = 1
  } else writeFileSync(join(root, page), expected)
}
