// Writes into pages the tables of error codes, of the action's inputs, of doctor's findings and of
// metrics, the answers of live accounts, and the snippets from files that the tests run. `--check`
// writes nothing and fails if a page is not current.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inputTables, readInputTexts } from './generate-docs/action/input-tables.ts'
import { errorTables, readChineseRows } from './generate-docs/errors-page.ts'
import { fillMarkers } from './generate-docs/fill-markers.ts'
import { findingTables, fleetFindingTables, readFindings, readFleetFindings } from './generate-docs/finding-tables.ts'
import { LANGUAGES } from './generate-docs/languages.ts'
import { fillLiveMarkers, liveTable, readLiveAnswers } from './generate-docs/live-answers.ts'
import { metricsTables } from './generate-docs/metrics-tables.ts'
import { findPages } from './generate-docs/pages.ts'
import { fillSnippets } from './generate-docs/snippets.ts'
import { writeGenerated } from './generate-docs/write-generated.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const expected: Record<string, string> = {}
const inputs = readInputTexts(readText)
const chineseErrors = readChineseRows(readText)
const findings = readFindings(readText)
const fleetFindings = readFleetFindings(readText)
const answers = readLiveAnswers(root)
for (const language of LANGUAGES) {
  const fill = (page: string, texts: Readonly<Record<string, string>>): void => {
    const path = `docs/${language}/${page}.md`
    expected[path] = fillMarkers(readText(path), texts)
  }
  fill('action', inputTables(language, inputs))
  fill('errors', errorTables(language, chineseErrors))
  fill('troubleshooting', findingTables(language, findings))
  fill('fleet', fleetFindingTables(language, fleetFindings))
  fill('metrics', metricsTables(language, readText))
  fill('release', { live: liveTable(language, answers) })
}
for (const page of new Set([...findPages(root), ...Object.keys(expected)])) {
  const text = fillSnippets(expected[page] ?? readText(page), readText)
  const [, folder] = page.split('/')
  const language = LANGUAGES.find((one) => one === folder)
  expected[page] = language === undefined ? text : fillLiveMarkers(text, language, answers)
}

writeGenerated(root, expected, 'node scripts/generate-docs.ts')
