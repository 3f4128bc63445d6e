import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openChartCluster } from '../support/chart-cluster.ts'
import { toTable } from '../support/markdown-table.ts'
import { askForRights, testEscalation } from './rights-suite.ts'

const GOLDEN = fileURLToPath(new URL('golden/chart-rights.md', import.meta.url))

const chart = await openChartCluster('chart-rights')
after(() => chart[Symbol.asyncDispose]())

test('P5 the helper may do what the table says and nothing else, as a real API server answers', async () => {
  const table = toTable(await askForRights(chart))
  if (process.env.UPDATE_GOLDEN) await writeFile(GOLDEN, table)
  assert.equal(table, await readFile(GOLDEN, 'utf8'))
})

testEscalation(chart)
