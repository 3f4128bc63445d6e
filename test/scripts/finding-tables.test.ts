import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { fillMarkers } from '../../scripts/generate-docs/fill-markers.ts'
import { findingTables, readFindings } from '../../scripts/generate-docs/finding-tables.ts'
import { untranslated } from '../../scripts/generate-docs/languages.ts'
import { FINDING_IDS } from '../../src/doctor/finding.ts'

const rows = readFindings((path) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8'))

test('the tables of findings contain each finding once', () => {
  for (const language of ['en', 'zh'] as const) {
    const tables = Object.values(findingTables(language, rows)).join('\n')
    const ids = [...tables.matchAll(/ \| `([A-Z_]+)` \| /g)].map(([, id]) => id)
    assert.deepEqual(ids.toSorted(), FINDING_IDS.toSorted())
  }
})

test('a finding without a Chinese row has its English row on the Chinese page, with the mark', () => {
  const { en } = rows.RETIRING ?? { en: ['', ''] as const }
  const tables = Object.values(findingTables('zh', { ...rows, RETIRING: { en } })).join('\n')
  assert.ok(tables.includes(`| ${untranslated(en[0])} | \`RETIRING\` | ${untranslated(en[1])} |`))
})

test('a finding without an English row, and a row without a finding, are rejected', () => {
  const { RETIRING: _, ...rest } = rows
  const read = (): string => stringify({ ...rest, GONE: rows.RETIRING })
  assert.throws(() => readFindings(read), /findings\.yaml: RETIRING is missing, GONE does not exist$/)
})

test('a page without the markers of a table is rejected', () => {
  assert.equal(fillMarkers('<!-- a -->\nold\n<!-- /a -->\n', { a: 'new' }), '<!-- a -->\nnew\n<!-- /a -->\n')
  assert.throws(() => fillMarkers('<!-- a -->\nold\n', { a: 'new' }), /no markers <!-- a --> … <!-- \/a -->/)
})
