// Writes the pages of error codes and of the action, the tables of doctor's findings, the answers
// of live accounts, and the snippets in pages from files that the tests run. `--check` writes
// nothing and fails if a page is not current.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { actionPage, readActionTexts } from './generate-docs/action/page.ts'
import { errorsPage, readChineseRows } from './generate-docs/errors-page.ts'
import { fillMarkers } from './generate-docs/fill-markers.ts'
import { findingTables, readFindings } from './generate-docs/finding-tables.ts'
import { LANGUAGES } from './generate-docs/languages.ts'
import { fillLiveMarkers, liveTable, readLiveAnswers } from './generate-docs/live-answers.ts'
import { findPages } from './generate-docs/pages.ts'
import { fillSnippets } from './generate-docs/snippets.ts'
import { writeGenerated } from './generate-docs/write-generated.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const expected: Record<string, string> = {}
const action = readActionTexts(readText)
const chineseErrors = readChineseRows(readText)
const findings = readFindings(readText)
const answers = readLiveAnswers(root)
for (const language of LANGUAGES) {
  expected[`docs/${language}/action.md`] = actionPage(language, action)
  expected[`docs/${language}/errors.md`] = errorsPage(language, chineseErrors)
  const page = `docs/${language}/troubleshooting.md`
  expected[page] = fillMarkers(readText(page), findingTables(language, findings))
  const release = `docs/${language}/release.md`
  expected[release] = fillMarkers(readText(release), { live: liveTable(language, answers) })
}
for (const page of new Set([...findPages(root), ...Object.keys(expected)])) {
  const text = fillSnippets(expected[page] ?? readText(page), readText)
  const [, folder] = page.split('/')
  const language = LANGUAGES.find((one) => one === folder)
  expected[page] = language === undefined ? text : fillLiveMarkers(text, language, answers)
}

writeGenerated(root, expected, 'node scripts/generate-docs.ts')
