import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ANY, FIGURES, type Figure } from '../bench/figures.ts'
import { renderSection, replaceFigure, replacePart } from '../bench/report/page.ts'
import { SCENARIOS } from '../bench/scenarios.ts'

const against = { en: 'a | b', zh: '甲' }
const figure = (id: string, more: Partial<Figure>): Figure => {
  return { id, scenario: 'one', title: { en: id, zh: id }, measure: 'times', ...more }
}

test('the page shows each figure with its bar, also if it is missed, and the conditions of the measurement', () => {
  const section = renderSection(
    { title: { en: 'One', zh: '一' } },
    {
      outcomes: [
        { figure: figure('fast', { bars: [1, 3], against }), numbers: [0.9, 2], within: true },
        { figure: figure('slow', { bars: [1] }), numbers: [1.5], within: false },
        { figure: figure('early', { measure: 'count', bars: [ANY, 0] }), numbers: [7, 0], within: true },
      ],
      notes: ['a note'],
    },
    { at: Date.UTC(2026, 10, 25, 14, 30), load: [0.5, 2] },
    'en',
  )
  assert.deepEqual(section.split('\n'), [
    '| Figure | Compared with | Measured | Bar |  |',
    '| --- | --- | --- | --- | --- |',
    '| fast | a \\| b | 0.90x / 2x | ≤ 1x / 3x | ✅ |',
    '| slow |  | 1.50x | ≤ 1x | ❌ |',
    '| early |  | 7 / 0 | ≤ – / 0 | ✅ |',
    '',
    'Measured on 2026-11-25 14:30 UTC; load average 0.5 before, 2.0 after.',
    '',
    '<details><summary>Details</summary>',
    '',
    '- a note',
    '',
    '</details>',
  ])
})

test('a part of the page can be replaced repeatedly, and nothing else changes', () => {
  const page = 'before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter <!-- bench:two --><!-- /bench:two -->'
  const once = replacePart(page, 'one', 'new')
  assert.equal(once, page.replace('old', 'new'))
  assert.equal(replacePart(once, 'one', 'new'), once)
  assert.throws(() => replacePart(page, 'three', 'new'), /no part for three/)
})

test('a sentence shows a figure as it was measured', () => {
  const page = '| <!-- figure:lost -->1<!-- /figure --> | <!-- figure:fast -->2x<!-- /figure --> |'
  const outcome = { figure: figure('fast', {}), numbers: [0.95, 1.2], within: undefined }
  assert.equal(replaceFigure(page, outcome), page.replace('2x', '0.95x / 1.20x'))
})

for (const path of ['docs/en/compared.md', 'docs/zh/compared.md', 'docs/en/performance.md', 'docs/zh/performance.md']) {
  test(`sentences show figures that are measured: ${path}`, async () => {
    const page = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
    const shown = [...page.matchAll(/<!-- figure:(\S+) -->/g)].map(([, id]) => id)
    assert.ok(shown.length > 0)
    assert.deepEqual(
      shown.filter((shownId) => !FIGURES.some(({ id }) => id === shownId)),
      [],
    )
  })
}

for (const language of ['en', 'zh']) {
  test(`the page has a section for every scenario: ${language}`, async () => {
    const machines = [...new Set(SCENARIOS.map(({ page }) => page))].map((page) => ({ name: 'machine', page }))
    for (const { name, page: file = 'performance' } of [...SCENARIOS, ...machines]) {
      const page = await readFile(new URL(`../../docs/${language}/${file}.md`, import.meta.url), 'utf8')
      assert.equal(replacePart(page, name, 'x').includes(`<!-- bench:${name} -->\nx\n<!-- /bench:${name} -->`), true)
    }
  })
}

test('every figure has a unique name, a scenario, texts in both languages and bars for its numbers', () => {
  const names = new Set(SCENARIOS.map(({ name }) => name))
  assert.equal(new Set([...FIGURES.map(({ id }) => id), ...names]).size, FIGURES.length + names.size)
  const texts = ({ title, against = title }: Figure) => [title, against].flatMap(({ en, zh }) => [en, zh])
  assert.deepEqual(
    FIGURES.filter((one) => !names.has(one.scenario) || texts(one).includes('')),
    [],
  )
  assert.deepEqual([...names], [...new Set(FIGURES.map(({ scenario: name }) => name))].toSorted(byPage([...names])))
})

function byPage(names: readonly string[]): (a: string, b: string) => number {
  return (a, b) => names.indexOf(a) - names.indexOf(b)
}
