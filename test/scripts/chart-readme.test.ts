import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { alertsTable } from '../../scripts/generate-chart-readme/alerts-table.ts'
import { fillMarkers } from '../../scripts/generate-docs/fill-markers.ts'
import type { Schema } from '../../src/values/schema/schema.ts'

const root = join(import.meta.dirname, '../..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

test('a text is written between its markers, and missing markers are an error', () => {
  const page = 'a\n<!-- x -->\nold\n<!-- /x -->\nb\n'
  const filled = fillMarkers(page, { x: 'new\n' })
  assert.equal(filled, 'a\n<!-- x -->\nnew\n<!-- /x -->\nb\n')
  assert.equal(fillMarkers(filled, { x: 'new' }), filled)
  assert.throws(() => fillMarkers(page, { y: '' }), /no markers <!-- y --> … <!-- \/y -->/)
})

test('values.yaml shows every key of the schema that a user sets, with its default or as a comment', () => {
  const { properties } = JSON.parse(readText('chart/values.schema.json')) as Schema
  const keys = [...readText('chart/values.yaml').matchAll(/^(?:# )?(\w+):(?! \w+ )/gm)].map(([, key]) => key)
  const known = Object.keys(properties ?? {}).filter((key) => key !== 'enabled')
  assert.deepEqual(
    known.filter((key) => !keys.includes(key)),
    [],
  )
})

test('every alert of the template has its row', () => {
  const alerts = [...readText('chart/templates/_alerts.tpl').matchAll(/- alert: (\S+)/g)].map(([, name]) => name)
  const table = alertsTable('en', readText)
  assert.deepEqual(
    [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name),
    alerts,
  )
  assert.doesNotMatch(table, /\{\{|\$/)
})
