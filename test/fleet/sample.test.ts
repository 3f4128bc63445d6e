import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { expectSample } from '../support/sample.ts'
import { releaseObjects } from './release-objects.ts'
import { openSampleFleet } from './sample-fleet.ts'

test('the page about all clusters shows what a check prints', async () => {
  await using fleet = await openSampleFleet()
  const { code, text } = await fleet.run()
  assert.equal(code, 1)
  // The page has room for the table and the first of the clusters.
  const [table = '', first = ''] = text.split('\n\n')
  expectSample('fleet', `${table}\n\n${first}`, [
    [new RegExp(`${fleet.folder}/`, 'g'), ''],
    [/\bin \d+ min\b/g, 'in 40 min'],
  ])
})

test('the page about all clusters shows what a check prints about changes', async () => {
  await using fleet = await openSampleFleet()
  await writeFile(join(fleet.folder, 'yesterday.json'), (await fleet.run('-o', 'json')).text)
  fleet.change('staging', () => releaseObjects())
  fleet.change('production-beijing', () => releaseObjects({ replicas: 0, added: 'x' }))
  const { text } = await fleet.run('--since', 'yesterday.json')
  const [since = '', table = '', changes = ''] = text.split('\n\n')
  expectSample('fleet-since', [since, table, changes].join('\n\n'), [
    [/\b20\d\d-[\d:.T-]+Z/g, '2026-12-01T08:00:00.000Z'],
    [/\bin \d+ min\b/g, 'in 40 min'],
  ])
})
