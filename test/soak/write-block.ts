import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CancelRecord } from '../action/support/cancel-case.ts'
import { cancelTable, type SoakConditions } from './cancel-table.ts'

/**
 * Writes the table between `<!-- reliability:cancel -->` and `<!-- /reliability:cancel -->` of
 * docs/{en,zh}/reliability.md.
 */
export function writeBlock(root: string, records: readonly CancelRecord[], conditions: SoakConditions): void {
  for (const language of ['en', 'zh'] as const) {
    const file = join(root, 'docs', language, 'reliability.md')
    writeFileSync(file, fillBlock(readFileSync(file, 'utf8'), cancelTable(records, conditions, language)))
  }
}

/** @throws Error when the page does not have the block */
export function fillBlock(page: string, content: string): string {
  const [begin, end] = ['<!-- reliability:cancel -->', '<!-- /reliability:cancel -->']
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no part for it: write ${begin} and ${end} into it`)
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`
}
