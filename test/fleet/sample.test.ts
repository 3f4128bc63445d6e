import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectSample } from '../support/sample.ts'
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
