import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { alertsTable } from '../../scripts/generate-chart-readme/alerts-table.ts'
import { readBlocks } from '../../scripts/generate-chart-readme/read-blocks.ts'
import { valuesSection } from '../../scripts/generate-chart-readme/values-section.ts'
import { fillMarkers } from '../../scripts/generate-docs/fill-markers.ts'
import type { Schema } from '../../src/values/schema/schema.ts'

const root = join(import.meta.dirname, '../..')
const schema = JSON.parse(readFileSync(join(root, 'chart/values.schema.json'), 'utf8')) as Schema
const values = readFileSync(join(root, 'chart/values.yaml'), 'utf8')

test('a text is written between its markers, and missing markers are an error', () => {
  const page = 'a\n<!-- x -->\nold\n<!-- /x -->\nb\n'
  const filled = fillMarkers(page, { x: 'new\n' })
  assert.equal(filled, 'a\n<!-- x -->\nnew\n<!-- /x -->\nb\n')
  assert.equal(fillMarkers(filled, { x: 'new' }), filled)
  assert.throws(() => fillMarkers(page, { y: '' }), /no markers <!-- y --> … <!-- \/y -->/)
})

test('every key of the schema that a user sets has its section, in the order of values.yaml', () => {
  const keys = readBlocks(values).map(({ key }) => key)
  const known = Object.keys(schema.properties ?? {}).filter((key) => key !== 'enabled')
  assert.deepEqual(keys.toSorted(), known.toSorted())
  assert.deepEqual(
    [...valuesSection(values, schema).matchAll(/^### `(\w+)`$/gm)].map(([, key]) => key),
    keys,
  )
})

test('prose, examples, nested comments and defaults are copied', () => {
  const text = `# Head.

# Ports: two.
#   ports: { http: 1 }
# After.
ports:
  # Of health.
  http: 8080
  status: 8081
`
  assert.equal(
    valuesSection(text, schema),
    `### \`ports\`

Ports: two.

\`\`\`yaml
ports: { http: 1 }
\`\`\`

After.

| key | default | |
| --- | --- | --- |
| \`ports.http\` | \`8080\` | Of health. |
| \`ports.status\` | \`8081\` | Status page |
`,
  )
})

test('every alert of the template has its row', () => {
  const template = readFileSync(join(root, 'chart/templates/_alerts.tpl'), 'utf8')
  const alerts = [...template.matchAll(/- alert: (\S+)/g)].map(([, name]) => name)
  const table = alertsTable(template)
  assert.deepEqual(
    [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name),
    alerts,
  )
  assert.doesNotMatch(table, /\{\{|\$/)
})
