import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { readPlanFile, writePlanFile } from '../../src/rollout/inputs/plan-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-plan-'))
const [workspace, elsewhere, file] = ['workspace', 'elsewhere', 'plan.json'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
for (const path of [workspace, elsewhere, join(workspace, 'sub')]) mkdirSync(path)
symlinkSync(elsewhere, join(workspace, 'out'))
symlinkSync(join(workspace, 'sub'), join(workspace, 'in'))
symlinkSync(workspace, join(folder, 'by-link'))
after(() => rmSync(folder, { recursive: true, force: true }))

const plan = [{ title: 'Secret a', change: 'add' as const, diff: '+ a' }]
const result = (change: Partial<ClusterResult>): ClusterResult => ({ name: 'a', ...change }) as ClusterResult

test('an approval allows exactly what was planned, and nothing for a cluster without a plan', () => {
  writePlanFile(file, [
    result({ name: 'a', digest: 'd1', steps: ['s1', 's2'], plan }),
    result({ name: 'b', digest: 'd2', plan: [] }),
    result({ name: 'failed' }),
    result({ name: 'unplanned', digest: 'd3' }),
    result({ name: 'undigested', plan }),
  ])
  assert.deepEqual(
    [...readPlanFile(file)],
    [
      ['a', { digest: 'd1', steps: ['s1', 's2'] }],
      ['b', { digest: 'd2', steps: [] }],
    ],
  )
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    version: 2,
    clusters: [
      { name: 'a', digest: 'd1', steps: ['s1', 's2'], changes: plan },
      { name: 'b', digest: 'd2', steps: [], changes: [] },
    ],
  })
})

for (const [title, text, message] of [
  ['of another version', '{"version":1,"clusters":[]}', /^plan-file: \S+ was written by another version$/],
  ['that is cut', '{"version":2,"clus', /^plan-file: \S+ cannot be read as a plan$/],
  ['without clusters', '{"version":2}', /^plan-file: \S+ cannot be read as a plan$/],
  ['whose steps are no list', '{"version":2,"clusters":[{"name":"a","digest":"d"}]}', /cannot be read as a plan$/],
  ['that is empty', '', /cannot be read as a plan$/],
] as const) {
  test(`a plan ${title} approves nothing`, () => {
    writeFileSync(file, text)
    assert.throws(() => readPlanFile(file), { code: 'INPUT_INVALID', message })
  })
}

test('a plan that does not exist approves nothing', () => {
  assert.throws(() => readPlanFile(join(folder, 'absent')), {
    code: 'INPUT_INVALID',
    message: /cannot be read as a pl/,
  })
})

test('no link of the workspace leads a plan out of it', () => {
  const write = (path: string) => writePlanFile(path, [], workspace)
  const message = /^plan-file: a link leads \S+\/out\/plan\.json out of the workspace$/
  assert.throws(() => write(join(workspace, 'out', 'plan.json')), { code: 'INPUT_INVALID', message })
  assert.throws(() => statSync(join(elsewhere, 'plan.json')), { code: 'ENOENT' })
  // A link within the workspace, a folder of the job, and a workspace that is itself behind a link.
  for (const path of [join(workspace, 'in', 'p'), join(workspace, 'p'), join(elsewhere, 'p')]) write(path)
  writePlanFile(join(folder, 'by-link', 'q'), [], join(folder, 'by-link'))
  assert.throws(() => writePlanFile(join(folder, 'by-link', 'out', 'q'), [], join(folder, 'by-link')), {
    code: 'INPUT_INVALID',
  })
  // Without a workspace, which only a runner has, any folder is fine.
  writePlanFile(join(workspace, 'out', 'r'), [])
  assert.deepEqual([...readPlanFile(join(elsewhere, 'r'))], [])
})
