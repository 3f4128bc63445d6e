import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { renderSection, replacePart } from '../bench/report/page.ts'
import type { Scenario } from '../bench/scenarios/scenario.ts'
import { SCENARIOS } from '../bench/scenarios.ts'

const scenario: Scenario = {
  name: 'one',
  title: { en: 'One', zh: '一' },
  minutes: 1,
  rows: [
    {
      id: 'fast',
      title: { en: 'Fast', zh: '快' },
      measure: 'writes',
      bars: [1, 3],
      peers: { en: 'a | b', zh: '甲' },
    },
    { id: 'slow', title: { en: 'Slow', zh: '慢' }, measure: 'writes', bars: [1], peers: { en: '', zh: '' } },
    { id: 'absent', title: { en: 'Absent', zh: '无' }, measure: 'count', peers: { en: '', zh: '' } },
  ],
  run: () => Promise.reject(new Error('not run here')),
}

test('the page shows each figure with its bar, misses as well, and under what it was measured', () => {
  const section = renderSection(
    scenario,
    { figures: { fast: [0.9, 2], slow: [1.5] }, unit: { p50: 4, p99: 12.34, samples: 400 }, notes: ['a note'] },
    { at: Date.UTC(2026, 10, 25, 14, 30), load: [0.5, 2] },
    'en',
  )
  assert.deepEqual(section.split('\n'), [
    '| Figure | Measured | Bar |  | Others, measured or known |',
    '| --- | --- | --- | --- | --- |',
    '| Fast | 0.90x / 2x | ≤ 1x / 3x | ✅ | a \\| b |',
    '| Slow | 1.50x | ≤ 1x | ❌ |  |',
    '',
    'Measured on 2026-11-25 14:30 UTC; one write: 4.0 ms (p50), 12.3 ms (p99), 400 samples; load average 0.5 before, 2.0 after.',
    '',
    '<details><summary>Details</summary>',
    '',
    '- a note',
    '',
    '</details>',
  ])
})

test('a part of the page is replaced as often as one likes, and nothing else is touched', () => {
  const page = 'before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter <!-- bench:two --><!-- /bench:two -->'
  const once = replacePart(page, 'one', 'new')
  assert.equal(once, page.replace('old', 'new'))
  assert.equal(replacePart(once, 'one', 'new'), once)
  assert.throws(() => replacePart(page, 'three', 'new'), /no part for three/)
})

for (const language of ['en', 'zh']) {
  test(`the page has a place for every scenario: ${language}`, async () => {
    const machines = [...new Set(SCENARIOS.map(({ page }) => page))].map((page) => ({ name: 'machine', page }))
    for (const { name, page: file = 'performance' } of [...SCENARIOS, ...machines]) {
      const page = await readFile(new URL(`../../docs/${language}/${file}.md`, import.meta.url), 'utf8')
      assert.equal(replacePart(page, name, 'x').includes(`<!-- bench:${name} -->\nx\n<!-- /bench:${name} -->`), true)
    }
  })
}

test('every row has a name of its own, and its texts in both languages', () => {
  const rows = SCENARIOS.flatMap((one) => one.rows)
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  assert.deepEqual(
    rows.filter(({ title, peers }) => ![title.en, title.zh, peers.en, peers.zh].every((text) => text !== '')),
    [],
  )
})
