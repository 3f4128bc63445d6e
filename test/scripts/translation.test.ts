import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { translationGaps } from '../../scripts/check/translation.ts'

test('a page and a decision that exist in English only are gaps', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'translation-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const language of ['en', 'zh']) mkdirSync(join(root, 'docs', language), { recursive: true })
  const decisions = '# D\n\n<a id="lease"></a>\n### Lease\n'
  writeFileSync(join(root, 'docs/en/decisions.md'), decisions)
  writeFileSync(join(root, 'docs/zh/decisions.md'), decisions.replace('lease', 'gone'))
  writeFileSync(join(root, 'docs/en/values.md'), '# V\n')
  assert.deepEqual(translationGaps(root), [
    'docs/en/values.md: docs/zh/values.md does not exist',
    'docs/zh/decisions.md: the anchor #lease of the English page is missing; add it',
  ])
})
