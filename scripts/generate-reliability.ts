// Writes the tables of docs/{en,zh}/reliability.md between their markers, from
// docs/reliability-figures.json. Given a file that a test run wrote (ACR_NOPASS_FAULT_FIGURES), it
// first merges the figures of that run. `--check` writes nothing and fails if a page is not
// current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillMarkers } from './generate-chart-readme/fill-markers.ts'
import { mergeFigures, type RunFigures } from './generate-reliability/figures.ts'
import { FAULT_ROWS, reliabilityBlocks } from './generate-reliability/tables.ts'

const root = join(import.meta.dirname, '..')
const stored = join(root, 'docs/reliability-figures.json')
const [file = '--check'] = process.argv.slice(2)
const check = file === '--check'

let figures = existsSync(stored) ? (JSON.parse(readFileSync(stored, 'utf8')) as RunFigures) : undefined
if (!check) {
  figures = mergeFigures(figures, readFileSync(file, 'utf8'), new Date().toISOString().slice(0, 10))
  const known = new Set(FAULT_ROWS.map(({ id }) => id))
  const unknown = Object.keys(figures.faults).filter((id) => !known.has(id))
  if (unknown.length > 0) throw new Error(`no row for ${unknown.join(', ')}: add it to scripts/generate-reliability/`)
  writeFileSync(stored, `${JSON.stringify(figures, null, 2)}\n`)
}
if (figures === undefined) throw new Error('there are no figures yet: pass the file of a run')
for (const language of ['en', 'zh'] as const) {
  const path = `docs/${language}/reliability.md`
  const page = readFileSync(join(root, path), 'utf8')
  const expected = fillMarkers(page, reliabilityBlocks(figures, language))
  if (expected === page) continue
  if (!check) writeFileSync(join(root, path), expected)
  process.stdout.write(`${check ? 'stale' : 'wrote'} ${path}\n`)
  if (check) {
    process.stderr.write('fix: node scripts/generate-reliability.ts FILE-OF-A-RUN\n')
    process.exitCode = 1
  }
}
