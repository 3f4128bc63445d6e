import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { AREAS } from '../../scripts/mutate/areas.ts'
import * as standIn from '../../scripts/mutate/collected-tests.ts'
import { formatArea, formatRevert, formatReverts, isComplete } from '../../scripts/mutate/report.ts'
import { isDrawn } from '../../scripts/mutate/sample-checker.ts'
import { FOUND } from '../simulation/found.ts'
import { applyRevert, REVERTS, THEMES } from '../simulation/reverts.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function mutant(line: number, folder = '/checkout') {
  const location = { start: { line, column: 0 }, end: { line, column: 9 } }
  return { fileName: `${folder}/src/policy/steps.ts`, location, replacement: 'false' }
}

test('a seed draws the same sample in every checkout, and another seed another one', () => {
  const lines = Array.from({ length: 2000 }, (_, line) => line)
  const draw = (seed: number, folder?: string) =>
    lines.filter((line) => isDrawn(mutant(line, folder), { seed, share: 0.25 }))
  assert.deepEqual(draw(1, '/elsewhere/.cache/stryker/sandbox-1'), draw(1))
  assert.notDeepEqual(draw(2), draw(1))
  assert.ok(draw(1).length > 400 && draw(1).length < 600, String(draw(1).length))
  assert.deepEqual(
    lines.filter((line) => isDrawn(mutant(line), { seed: 1, share: 1 })),
    lines,
  )
})

test('a report names the figures, the seed and each change that no test noticed', () => {
  const change = { file: 'src/policy/steps.ts', line: 7, kind: 'BooleanLiteral', replacement: 'false' }
  const mutants = [
    { ...change, noticed: true, timedOut: false },
    { ...change, noticed: true, timedOut: true },
    { ...change, noticed: false, timedOut: false, untried: 'no test runs it' } as const,
  ]
  assert.equal(
    formatArea('policy', { mutants, rate: 2 / 3 }, { share: 0.2, seed: 9 }),
    'policy: 2 of 3 changes noticed, 66.7 %, 1 of them by the time limit, a share of 0.2 by --seed 9\n  src/policy/steps.ts:7 BooleanLiteral (no test runs it): false',
  )
})

test('every revert of the recorded runs applies exactly once to the present source, within a line', () => {
  for (const revert of REVERTS) {
    const text = readFileSync(`${root}/${revert.file}`, 'utf8')
    assert.notEqual(applyRevert(text, revert), text)
    assert.doesNotMatch(revert.from, /\n/)
  }
})

test('a revert that applies to no place, or to two places, is refused', () => {
  const revert = { file: 'src/a.ts', from: 'one', to: 'two' }
  assert.equal(applyRevert('if (one) return', revert), 'if (two) return')
  const message = (count: number) => `src/a.ts: the text of a revert has to occur once and occurs ${count} times: one`
  assert.throws(() => applyRevert('if (three) return', revert), { message: message(0) })
  assert.throws(() => applyRevert('if (one) return one', revert), { message: message(2) })
})

test('every theme of the recorded runs has runs and reverts, and a row in the decisions of both languages', () => {
  assert.deepEqual([...new Set(REVERTS.map(({ theme }) => theme))], [...THEMES])
  assert.deepEqual([...new Set(FOUND.map(({ theme }) => theme))].sort(), [...THEMES].sort())
  const rowsOf = (language: string): string[] => {
    const page = readFileSync(`${root}/docs/${language}/decisions.md`, 'utf8')
    const table = page.split('<a id="recorded-runs"></a>')[1]?.split('<a id=')[0] ?? ''
    return [...table.matchAll(/^\| ([^|-][^|]*) \|/gm)].map(([, theme = '']) => theme).slice(1)
  }
  assert.deepEqual(rowsOf('en'), [...THEMES])
  assert.equal(rowsOf('zh').length, THEMES.length)
})

test('a report names the recorded runs that a revert breaks, and the reverts and runs that show nothing', () => {
  const theme = 'clocks'
  const revert = { theme, file: 'src/a.ts', from: 'one', to: 'two', effect: 'the helper waits too long' } as const
  const result = { revert, broken: [{ finding: 'a clock is fast', rule: 'late' }] }
  assert.equal(formatRevert(result), '✔ clocks: src/a.ts: the helper waits too long\n    late: a clock is fast')
  const idle = { revert, broken: [] }
  assert.equal(formatRevert(idle), '✖ clocks: src/a.ts: the helper waits too long\n    no recorded run breaks')
  const right = { results: [result], already: [], unbroken: [] }
  assert.equal(formatReverts(right), 'found: 1 of 1 reverts break a recorded run')
  assert.ok(isComplete(right))
  const wrong = { results: [result, idle], already: [{ finding: 'a pause', rule: 'older' }], unbroken: ['a restore'] }
  assert.equal(
    formatReverts(wrong),
    [
      'found: 1 of 2 reverts break a recorded run',
      '  breaks without a revert (older): a pause',
      '  breaks on no revert: a restore',
    ].join('\n'),
  )
  for (const part of [
    { results: [] },
    { results: [result, idle] },
    { already: wrong.already },
    { unbroken: wrong.unbroken },
  ])
    assert.ok(!isComplete({ ...right, ...part }))
})

/** `a/{b,c}.ts` names `a/b.ts` and `a/c.ts`. */
function alternatives(pattern: string): readonly string[] {
  const [, before = '', list, after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(pattern) ?? []
  return list === undefined ? [pattern] : list.split(',').flatMap((one) => alternatives(before + one + after))
}

test('every area has code and tests, and the weekly workflow runs every area and the recorded runs', () => {
  const workflow = readFileSync(`${root}/.github/workflows/mutate.yml`, 'utf8')
  const areas = parse(workflow).jobs.mutate.strategy.matrix.area
  assert.deepEqual(areas, [...Object.keys(AREAS), 'found'])
  for (const [name, area] of Object.entries(AREAS))
    for (const pattern of [...area.mutate, ...area.tests].flatMap(alternatives))
      assert.ok(globSync(pattern, { cwd: root }).length > 0, `${name}: ${pattern}`)
})

test('the tests of a file can be repeated, each with its hooks and in order, and a failure affects only one run', async () => {
  const calls: string[] = []
  let isWrong = true
  const load = async (): Promise<void> => {
    standIn.before(() => calls.push('before'))
    standIn.beforeEach(() => calls.push('each'))
    standIn.after(() => calls.push('after'))
    standIn.test('one', (t) => {
      t.after(() => calls.push('end of one'))
      calls.push(t.name)
      assert.ok(!isWrong, 'it is wrong')
    })
    standIn.test('skipped', { skip: true }, () => assert.fail())
    standIn.test('two', { skip: false }, async (t) => t.test('inner', () => void calls.push('inner')))
  }
  const { tests, cleanUp } = await standIn.collectTests(['a.test.ts'], load)
  assert.deepEqual(
    tests.map(({ id, file }) => [id, file]),
    [
      ['a.test.ts #0 one', 'a.test.ts'],
      ['a.test.ts #1 two', 'a.test.ts'],
    ],
  )
  await assert.rejects(async () => tests[0]?.run(), { message: 'it is wrong' })
  isWrong = false
  for (const one of tests) await one.run()
  await cleanUp()
  const once = ['each', 'one', 'end of one']
  assert.deepEqual(calls, ['before', ...once, ...once, 'each', 'inner', 'after'])
})

test('what no test has set up is not cleaned up', async () => {
  const calls: string[] = []
  const load = async (): Promise<void> => {
    standIn.after(() => calls.push('after'))
    standIn.test('one', () => undefined)
  }
  const { cleanUp } = await standIn.collectTests(['a.test.ts'], load)
  await cleanUp()
  assert.deepEqual(calls, [])
})
