import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { reportErrors } from '../../action/report-errors.ts'
import { NopassError } from '../../src/errors.ts'
import type { ClusterResult, ClusterStatus } from '../../src/rollout/cluster-result.ts'
import type { ClusterSettings } from '../../src/rollout/inputs/settings.ts'
import { describeOutputs } from '../../src/rollout/report/outputs.ts'

function result(
  name: string,
  wave: number,
  status: ClusterStatus,
  phase: ClusterResult['phase'] = 'verify',
): ClusterResult {
  const plan = [{ title: 't', change: 'add', diff: 'd' }] as const
  return {
    name,
    wave,
    status,
    phase,
    revision: { from: null, to: 1 },
    chart: null,
    startedMs: 0,
    durationMs: 1,
    notes: [],
    plan,
  }
}

const clusters = [
  { name: 'b', wave: 1, environment: 'production' },
  { name: 'a', wave: 0, environment: undefined },
] as unknown as readonly ClusterSettings[]

test('matrix and waves contain only name, wave and environment, in the format of strategy.matrix', () => {
  const { matrix, waves } = describeOutputs(clusters, [])
  assert.deepEqual(matrix, {
    include: [
      { name: 'b', wave: 1, environment: 'production' },
      { name: 'a', wave: 0 },
    ],
  })
  assert.deepEqual(waves, [
    { wave: 0, matrix: { include: [{ name: 'a', wave: 0 }] } },
    { wave: 1, matrix: { include: [{ name: 'b', wave: 1, environment: 'production' }] } },
  ])
})

test('results contain no plan, so that 256 clusters fit into an output', () => {
  const outputs = describeOutputs(
    clusters,
    Array.from({ length: 256 }, (_, index) => result(`cluster-${index}`, 0, 'deployed')),
  )
  assert.ok(outputs.results.every((one) => !('plan' in one)))
  assert.ok(JSON.stringify(outputs.results).length < 256 * 1024)
})

test('changed, failed and skipped list the clusters by their result', () => {
  const results = [
    result('a', 0, 'deployed'),
    result('b', 0, 'rolled-back'),
    result('c', 0, 'unchanged'),
    result('d', 1, 'skipped'),
    result('e', 1, 'cancelled'),
    result('f', 1, 'failed'),
  ]
  const { changed, failed, skipped } = describeOutputs(clusters, results)
  assert.deepEqual({ changed, failed, skipped }, { changed: ['a'], failed: ['b', 'f'], skipped: ['d', 'e'] })
})

test('a cluster where only RAM was written is listed as changed; a failed cluster is not', () => {
  const results = [
    { ...result('a', 0, 'unchanged'), ramChanged: true },
    result('b', 0, 'unchanged'),
    { ...result('c', 0, 'failed'), ramChanged: true },
  ] as const
  assert.deepEqual(describeOutputs(clusters, results).changed, ['a'])
})

test('a run that ends before its first cluster has the outputs that conditions of later steps compare, as empty lists', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-outputs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'output')
  await writeFile(file, '')
  t.mock.method(process.stdout, 'write', () => true)
  process.env.GITHUB_OUTPUT = file
  const stdout = { write: () => true }
  reportErrors([new NopassError('INPUT_INVALID', 'wrong')], { stdout, env: {} } as unknown as NodeJS.Process, 'apply')
  process.exitCode = 0
  const text = await readFile(file, 'utf8')
  const outputs = [...text.matchAll(/^(\w+)<<(.*)\n(.*)\n\2$/gm)].map(([, name, , value]) => [name, value])
  assert.deepEqual(Object.fromEntries(outputs), { results: '[]', changed: '[]', failed: '[]', skipped: '[]' })
})
