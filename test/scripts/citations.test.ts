import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findCitationProblems, findUntranslatedDecisions, readAnchors } from '../../scripts/check/citations.ts'

// The name has no ending, because the check would otherwise read the cases of this file as
// citations.
const PAGE = 'docs/en/decisions'
const page = (...ids: string[]): string =>
  `# Decisions\n\n## Area\n${ids.map((id) => `<a id="${id}"></a>\n### About ${id}\nText.\n`).join('\n')}`
const problems = (source: string, en = page('lease', 'memory'), zh = page('lease', 'memory')): string[] =>
  findCitationProblems(new Map([['src/a.ts', source]]), { en, zh })

test('a comment that links to a decision is accepted, one that links to an anchor that does not exist is rejected', () => {
  assert.deepEqual(problems(`/** Why: ${PAGE}.md#lease */\n// see (${PAGE}.md#memory).\n`), [])
  assert.deepEqual(problems(`const a = 1\n// ${PAGE}.md#leese\n`), [
    `src/a.ts:2: decisions.md${'#'}leese: the page has no such anchor`,
  ])
})

test('an anchor without a heading does not count', () => {
  assert.deepEqual(readAnchors('<a id="lease"></a>\nText.\n\n<a id="memory"></a>\n### Memory\n'), ['memory'])
})

test('both languages have the same anchors, each once', () => {
  assert.deepEqual(problems(`// ${PAGE}.md#memory`, page('lease', 'memory'), page('lease')), [])
  assert.deepEqual(findUntranslatedDecisions({ en: page('lease', 'memory'), zh: page('lease') }), [
    'docs/zh/decisions.md: the anchor #memory of the English page is missing; add it',
  ])
  assert.deepEqual(problems('', page('lease'), page('lease', 'memory')), [
    'docs/en/decisions.md: the anchor #memory of the Chinese page is missing; add it',
  ])
  assert.deepEqual(problems('', page('lease', 'lease'), page('lease')), [
    'docs/en/decisions.md: the anchor #lease exists twice; rename one of them',
  ])
})

test('the pages have the same decisions in the same order', () => {
  const read = (language: string): string[] =>
    readAnchors(readFileSync(join(import.meta.dirname, '../../docs', language, 'decisions.md'), 'utf8'))
  assert.ok(read('en').length > 30)
  assert.deepEqual(read('zh'), read('en'))
})
