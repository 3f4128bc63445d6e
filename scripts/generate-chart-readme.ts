// Writes the values and the alerts of chart/README.md, between their markers, from chart/values.yaml, its schema and the rules.
// `--check` writes nothing and fails when the page is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schema } from '../src/values/schema/schema.ts'
import { alertsTable } from './generate-chart-readme/alerts-table.ts'
import { fillMarkers } from './generate-chart-readme/fill-markers.ts'
import { valuesSection } from './generate-chart-readme/values-section.ts'

const PAGE = 'chart/README.md'
const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const current = readText(PAGE)
const schema = JSON.parse(readText('chart/values.schema.json')) as Schema
const wanted = fillMarkers(current, {
  values: valuesSection(readText('chart/values.yaml'), schema),
  alerts: alertsTable(readText('chart/templates/prometheusrule.yaml')),
})
if (wanted !== current) {
  if (process.argv.includes('--check')) {
    process.stdout.write(`stale ${PAGE}\n`)
    process.stderr.write('cure: node scripts/generate-chart-readme.ts\n')
    process.exitCode = 1
  } else {
    writeFileSync(join(root, PAGE), wanted)
    process.stdout.write(`wrote ${PAGE}\n`)
  }
}
