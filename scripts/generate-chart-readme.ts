// Writes the alerts of the chart's READMEs, between their markers, from the chart's rules and from
// scripts/generate-chart-readme/zh.yaml. `--check` writes nothing and fails if a page is not
// current.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { alertsTable } from './generate-chart-readme/alerts-table.ts'
import { fillMarkers } from './generate-docs/fill-markers.ts'
import { writeGenerated } from './generate-docs/write-generated.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = { 'chart/README.md': 'en', 'chart/README.zh-CN.md': 'zh' } as const
const expected = Object.entries(pages).map(([page, language]) => [
  page,
  fillMarkers(readText(page), { alerts: alertsTable(language, readText) }),
])
writeGenerated(root, Object.fromEntries(expected), 'node scripts/generate-chart-readme.ts')
