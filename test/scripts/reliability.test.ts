import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mergeFigures, type RunFigures } from '../../scripts/generate-reliability/figures.ts'
import { FUZZ_ROWS } from '../../scripts/generate-reliability/fuzz-rows.ts'
import { FAULT_ROWS, reliabilityBlocks } from '../../scripts/generate-reliability/tables.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
/** Titles of a file's tests, as they stand in it. */
const titlesOf = (file: string): string[] =>
  [...read(file).matchAll(/^\s*test\(\s*(?:'([^'\n]+)'|"([^"\n]+)"|`([^`\n]+)`)/gm)].map((found) => {
    return found.slice(1).find((title) => title !== undefined) ?? ''
  })
const FAULT_FILES = globSync('test/cluster/*fault*.test.ts', { cwd: root })

test('every row of the tables of faults names a test that exists', () => {
  const wrong = FAULT_ROWS.filter(({ file, title }) => {
    return !titlesOf(`test/cluster/${file}`).some((one) => one.includes(title))
  })
  assert.deepEqual(
    wrong.map(({ file, title }) => `${file}: ${title}`),
    [],
  )
})

test('every test of a fault has a row', () => {
  const missing = FAULT_FILES.flatMap((path) => {
    const rows = FAULT_ROWS.filter(({ file }) => path.endsWith(`/${file}`))
    return titlesOf(path).filter((title) => !rows.some((row) => title.includes(row.title)))
  })
  assert.deepEqual(missing, [])
  assert.ok(FAULT_FILES.length >= 6)
})

test('every fuzzed property has a row, and every row a property', () => {
  const files = globSync('test/**/*.test.ts', { cwd: root, exclude: ['test/scripts/**'] })
  const fuzzed = files.flatMap((file) => {
    return [...read(file).matchAll(/await fuzz\(\s*t,\s*'([a-z-]+)'/g)].map(([, id]) => `${file} ${id}`)
  })
  assert.deepEqual(fuzzed.sort(), FUZZ_ROWS.map(({ file, id }) => `${file} ${id}`).sort())
})

test('figures keep the slowest of a fault, the most cases of a property, and what a run did not measure', () => {
  const known = { machine: 'm', date: 'd', faults: { old: { ms: 7 }, a: { ms: 9999 } }, fuzz: { p: 5 } }
  const lines = [
    { id: 'a', area: 'cloud', recoveredMs: 120, counts: { n: 3 } },
    { id: 'a', area: 'cloud', recoveredMs: 80 },
    { id: 'p', area: 'fuzz', cases: 100 },
  ]
  const { faults, fuzz } = mergeFigures(known, lines.map((line) => JSON.stringify(line)).join('\n'), '2026-01-01')
  assert.deepEqual(faults, { a: { ms: 120, counts: { n: 3 } }, old: { ms: 7 } })
  assert.deepEqual(fuzz, { p: 100 })
})

test('every fault that is timed has a figure, in both languages', () => {
  const figures = JSON.parse(read('docs/reliability-figures.json')) as RunFigures
  const timed = FAULT_ROWS.flatMap(({ id }) => (id === undefined ? [] : [id]))
  assert.deepEqual(
    timed.filter((id) => figures.faults[id] === undefined),
    [],
  )
  assert.deepEqual(Object.keys(figures.faults).sort(), timed.toSorted())
  assert.deepEqual(
    FUZZ_ROWS.filter(({ id }) => !(Number(figures.fuzz[id]) > 0)),
    [],
  )
  for (const language of ['en', 'zh'] as const) {
    const page = read(`docs/${language}/reliability.md`)
    for (const [marker, text] of Object.entries(reliabilityBlocks(figures, language))) {
      assert.ok(page.includes(`<!-- ${marker} -->\n${text}\n<!-- /${marker} -->`), `${language} ${marker}`)
    }
  }
})
