import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPages } from '../generate-docs/pages.ts'
import { findUntranslatedDecisions } from './citations.ts'
import { findTranslationGaps } from './pages.ts'

/**
 * Returns one line for each missing Chinese text. English is the source: a change may come without
 * Chinese, but a release may not (`npm run release -- check --tag`).
 */
export function translationGaps(root: string): readonly string[] {
  const read = (page: string): string => readFileSync(join(root, page), 'utf8')
  const pages = new Map(findPages(root).map((page) => [page, read(page)]))
  const decisions = { en: read('docs/en/decisions.md'), zh: read('docs/zh/decisions.md') }
  return [...findTranslationGaps(pages), ...findUntranslatedDecisions(decisions)]
}
