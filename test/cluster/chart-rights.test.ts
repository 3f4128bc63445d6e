import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { fromTable, toTable } from '../support/markdown-table.ts'
import { testDeployerRights } from './deployer-rights-suite.ts'
import { columnsOf, reviewRights, reviewWithoutGuard, testEscalation } from './rights-suite.ts'

const GOLDEN = fileURLToPath(new URL('golden/chart-rights.md', import.meta.url))
const UNGUARDED = fileURLToPath(new URL('golden/chart-rights-without-guard.md', import.meta.url))

const chart = await openChartCluster('chart-rights')
after(() => chart[Symbol.asyncDispose]())

/** Returns the rows and columns of a golden table that apply to this minor version. */
async function expected(file: string, titles: readonly string[]): Promise<(string | undefined)[][]> {
  const golden = fromTable(await readFile(file, 'utf8'))
  const columns = ['request', ...titles].map((title) => golden[0]?.indexOf(title) ?? -1)
  assert.ok(columns.length > 2 && !columns.includes(-1))
  return golden.map((row) => columns.map((index) => row[index]))
}

let guarded: string[][] = []

test("P5 the helper's permissions on a real API server are those of the table and no others", async () => {
  guarded = await reviewRights(chart)
  if (process.env.UPDATE_GOLDEN && chart.minor === 'newest') await writeFile(GOLDEN, toTable(guarded))
  assert.deepEqual(guarded, await expected(GOLDEN, columnsOf(chart.minor)))
})

test('P5 without the guard the helper also has the permissions of the second table, in each mode and scope, and no others', async () => {
  const [head = [], ...rows] = await reviewWithoutGuard(chart)
  const [, ...titles] = head
  const indexes = titles.map((title) => guarded[0]?.indexOf(title) ?? -1)
  const before = rows.map(([request = ''], row) => [
    request,
    ...indexes.map((column) => guarded[row + 1]?.[column] ?? ''),
  ])
  const freed = rows.filter((cells, row) => cells.join() !== before[row]?.join())
  for (const [row, cells] of rows.entries()) {
    for (const [column, cell] of cells.entries()) {
      const was = before[row]?.[column]
      assert.ok(cell === was || (was === 'guard' && cell === 'yes'), `${cells[0]}, ${head[column]}: ${was} -> ${cell}`)
    }
  }
  if (process.env.UPDATE_GOLDEN && chart.minor === 'newest') await writeFile(UNGUARDED, toTable([head, ...freed]))
  assert.deepEqual([head, ...freed], await expected(UNGUARDED, titles))
})

testEscalation(chart)
testDeployerRights(chart)
