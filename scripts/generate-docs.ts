// Writes docs/en/errors.md from the list of error codes, the pages of doctor's findings, and the snippets in pages from the files that the tests run.
// `--check` writes nothing and fails when a page is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage } from './generate-docs/errors-page.ts'
import { findPages } from './generate-docs/pages.ts'
import { fillSnippets } from './generate-docs/snippets.ts'
import { troubleshootingPage } from './generate-docs/troubleshooting/page.ts'
import { ROWS_EN } from './generate-docs/troubleshooting/rows-en.ts'
import { ROWS_ZH } from './generate-docs/troubleshooting/rows-zh.ts'
import { WORDS_EN, WORDS_ZH } from './generate-docs/troubleshooting/words.ts'

const root = join(import.meta.dirname, '..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const wanted: Record<string, string> = {
  'docs/en/errors.md': errorsPage(),
  'docs/en/troubleshooting.md': troubleshootingPage(WORDS_EN, ROWS_EN),
  'docs/zh/troubleshooting.md': troubleshootingPage(WORDS_ZH, ROWS_ZH),
}
for (const page of findPages(root)) {
  if (page in wanted) continue
  wanted[page] = fillSnippets(readText(page), readText)
}

const check = process.argv.includes('--check')
const stale = Object.entries(wanted).filter(([path, text]) => {
  try {
    return readText(path) !== text
  } catch {
    return true
  }
})
for (const [path, text] of stale) {
  if (!check) writeFileSync(join(root, path), text)
  process.stdout.write(`${check ? 'stale' : 'wrote'} ${path}\n`)
}
if (check && stale.length > 0) {
  process.stderr.write('cure: node scripts/generate-docs.ts\n')
  process.exitCode = 1
}
