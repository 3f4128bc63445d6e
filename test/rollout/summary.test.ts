import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { collectUnverified } from '../../src/alibaba/unverified.ts'
import { paintFor } from '../../src/cli/program/terminal.ts'
import { renderOutcome } from '../../src/cli/rollout/render-outcome.ts'
import { NopassError } from '../../src/errors.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { renderErrors, renderSummary, takeFitting } from '../../src/rollout/report/summary.ts'

const PLAIN = paintFor({ isTTY: false, write: () => true } as unknown as NodeJS.WriteStream, { env: {} })

const result: ClusterResult = {
  name: 'hangzhou-a',
  wave: 0,
  status: 'deployed',
  phase: 'verify',
  revision: { from: 3, to: 4 },
  chart: 'acr-nopass-0.1.0',
  startedMs: 120,
  durationMs: 21_300,
  notes: ['RAM: nothing to change', 'a new Pod had the reference after 7 ms'],
}

/** Compares with a reviewed file. `UPDATE_GOLDEN=1` writes the file. */
async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`golden/${name}.md`, import.meta.url)
  if (process.env.UPDATE_GOLDEN) await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}

test('the summary shows the failures first, then their fixes, then the timeline', async () => {
  const results: readonly ClusterResult[] = [
    result,
    {
      ...result,
      name: 'hangzhou-b',
      status: 'unchanged',
      revision: { from: 2, to: 2 },
      startedMs: 21_500,
      durationMs: 4_100,
      notes: [],
    },
    {
      ...result,
      name: 'beijing',
      wave: 1,
      status: 'rolled-back',
      phase: 'deploy',
      revision: { from: 7, to: 9 },
      startedMs: 25_700,
      durationMs: 62_000,
      notes: ['rolled back to revision 7'],
      error: {
        code: 'HELPER_FAILING',
        message: 'registry prod (cri-x in cn-beijing): no | such <instance>',
        hint: 'Check the id, the name, the region and the account.',
        reason: 'INSTANCE_NOT_EXIST',
        requestId: 'A-1',
      },
    },
    {
      ...result,
      name: 'frankfurt',
      wave: 2,
      status: 'skipped',
      phase: 'connect',
      revision: { from: null, to: null },
      chart: null,
      startedMs: null,
      durationMs: 0,
      notes: ['beijing failed in an earlier wave'],
    },
  ]
  await assertGolden('apply', renderSummary({ mode: 'apply', results, durationMs: 88_000, helm: 'v4.3.1' }))
})

test('the full text of a plan is folded, object by object inside one fold for each cluster', async () => {
  const plan = [
    { title: 'RAM: create policy acr-nopass-c1', change: 'add', diff: '+{ "Version": "1" }' },
    { title: 'ConfigMap n/x', change: 'change', diff: '- a: ```\n+ a: b' },
  ] as const
  await assertGolden(
    'plan',
    renderSummary({
      mode: 'plan',
      results: [{ ...result, status: 'planned', plan, notes: [] }],
      durationMs: 30_000,
      helm: 'v4.3.1',
    }),
  )
})

test('errors of values are a table with locations and fixes', async () => {
  const error = new NopassError('INPUT_INVALID', 'no such file', {
    place: { file: 'values.yaml', line: 3, column: 14 },
  })
  await assertGolden('errors', renderErrors('validate', [error]))
})

test('a summary never exceeds 900 KB: whole blocks are omitted and counted', () => {
  const plan = Array.from(
    { length: 400 },
    (_, index) => ({ title: `ConfigMap n/${index}`, change: 'add', diff: '+ x'.repeat(2000) }) as const,
  )
  const text = renderSummary({
    mode: 'plan',
    results: [{ ...result, status: 'planned', plan }],
    durationMs: 1,
    helm: null,
  })
  assert.ok(Buffer.byteLength(text) <= 901 * 1024)
  assert.match(text, /\n\d+ more changes were left out: a summary holds at most 1 MiB\.\n/)
  assert.equal(text.split('<details>').length, text.split('</details>').length)
})

test('a diff with any number of backticks stays in its fence', () => {
  const plan = [{ title: 't', change: 'add', diff: `${'` '.repeat(200_000)}\`\`\`\`` }] as const
  const text = renderSummary({
    mode: 'plan',
    results: [{ ...result, status: 'planned', plan }],
    durationMs: 1,
    helm: null,
  })
  assert.match(text, /\n`{5}diff\n/)
})

for (const [status, count] of [
  ['failed', 2000],
  ['skipped', 5000],
] as const) {
  test(`${count} ${status} clusters: the table, the fixes and the timeline fit, and what was omitted is counted`, () => {
    const error = { code: 'HELM_FAILED', message: 'm'.repeat(300), hint: 'h'.repeat(300) }
    const results = Array.from({ length: count }, (_, index): ClusterResult => {
      const name = `cluster-${index}`
      return status === 'failed'
        ? { ...result, name, status, error }
        : { ...result, name, status, startedMs: null, notes: ['a failure in an earlier wave '.repeat(6)] }
    })
    const text = renderSummary({ mode: 'apply', results, durationMs: 60_000, helm: null })
    assert.ok(Buffer.byteLength(text) <= 901 * 1024)
    const [, left = ''] = /\n\| \| (\d+) more clusters were left out \|/.exec(text) ?? []
    assert.equal([...text.matchAll(/^\| \S+ \| cluster-\d+ \|/gm)].length + Number(left), count)
  })
}

test('unverified facts are reported once, whatever the number of clusters', () => {
  const results = ['a', 'b', 'c'].map((name): ClusterResult => {
    return { ...result, name, status: 'planned', unverified: [{ id: 'RAM_MATCHING', subject: `policy ${name}` }] }
  })
  const unverified = collectUnverified(results.flatMap((one) => one.unverified ?? []))
  const input = { results, unverified, durationMs: 1, helm: '4.3.1' }
  const summary = renderSummary({ ...input, mode: 'plan' })
  const plain = renderOutcome('plan', { ...input, errors: [] }, PLAIN)
  for (const text of [summary, plain]) {
    assert.equal(text.split('RAM_MATCHING (policy a, policy b, policy c)').length, 2)
    assert.equal(text.split('RAM_MATCHING').length, 2)
  }
})

test('the summary of a validation that left the values out says so', () => {
  const checked = { mode: 'validate', results: [], durationMs: 0, helm: null }
  assert.equal(renderSummary(checked), '### acr-nopass validate: valid\n')
  assert.equal(
    renderSummary({ ...checked, unchecked: 'the values <b>' }),
    '### acr-nopass validate: valid, as far as it was checked\n\nthe values &lt;b&gt;\n',
  )
})

test('a line that is too long for a summary leaves out itself alone', () => {
  const lines = takeFitting(['a'.repeat(40), 'worst', 'b'.repeat(40), 'last'], (left) => `${left} more`, 20)
  assert.deepEqual(lines, ['worst', 'last', '2 more'])
})
