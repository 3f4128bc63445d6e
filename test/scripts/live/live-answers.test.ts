import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { fillLiveMarkers, liveTable, readLiveAnswers } from '../../../scripts/generate-docs/live-answers.ts'
import type { Evidence } from '../../../scripts/live/evidence.ts'
import { QUESTION_IDS } from '../../../scripts/live/questions.ts'

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../contract/golden/live.json'), 'utf8'),
) as Evidence
const root = mkdtempSync(join(tmpdir(), 'acr-nopass-answers-'))
const folder = join(root, 'docs', 'evidence')
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
})
after(() => rmSync(root, { recursive: true }))

/** Writes a result of a real account, with other answers than those of the golden run. */
function write(
  day: string,
  answers: Partial<Record<string, 'yes' | 'no' | 'not answered'>>,
  changes: object = {},
  name = day,
): void {
  const entries = Object.entries(golden.answers).map(([id, answer]) => [
    id,
    { ...answer, answer: answers[id] ?? 'not answered' },
  ])
  const result = {
    ...golden,
    cloud: 'alibaba-cloud',
    endedAt: `${day}T10:00:00.000Z`,
    answers: Object.fromEntries(entries),
    ...changes,
  }
  writeFileSync(join(folder, `live-${name}.json`), JSON.stringify(result))
}

test('each question has the newest answer, and a question that was not answered keeps an older one', () => {
  write('2026-12-05', { RAM_READ: 'no', RAM_EFFECT: 'yes' })
  // The second run of a day has a name that sorts before that of the first run.
  write('2027-01-09', { MATCH_CASE: 'no' })
  const later = { endedAt: '2027-01-09T11:00:00.000Z' }
  write('2027-01-09', { RAM_READ: 'yes', MATCH_CASE: 'yes' }, later, '2027-01-09-0123456789abcdef')
  writeFileSync(join(folder, 'notes.txt'), 'no result')
  const second = { answer: 'yes', date: '2027-01-09', file: 'live-2027-01-09-0123456789abcdef.json' }
  assert.deepEqual(Object.fromEntries(readLiveAnswers(root)), {
    RAM_READ: second,
    RAM_EFFECT: { answer: 'yes', date: '2026-12-05', file: 'live-2026-12-05.json' },
    MATCH_CASE: second,
  })
  rmSync(folder, { recursive: true })
  assert.equal(readLiveAnswers(root).size, 0)
})

test('a result of an emulator, of another format or with an unknown question is refused', () => {
  const reasonOf = (changes: object): string => {
    write('2026-12-05', {}, changes)
    try {
      readLiveAnswers(root)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const file = 'docs/evidence/live-2026-12-05.json'
  assert.equal(reasonOf({}), '')
  assert.equal(reasonOf({ cloud: 'emulator' }), `${file}: it was answered by an emulator`)
  assert.equal(reasonOf({ schema: 2 }), `${file}: /schema must be equal to constant`)
  assert.equal(reasonOf({ accountId: '1' }), `${file}: the document must NOT have additional properties`)
  assert.equal(reasonOf({ answers: { NO_SUCH: golden.answers.RAM_READ } }), `${file}: NO_SUCH is not a question`)
  writeFileSync(join(folder, 'live-2026-12-05.json'), '{')
  assert.throws(() => readLiveAnswers(root), { message: `${file}: it is not JSON` })
})

test('the table has a row for each question, with an anchor, and the date and file of its answer', () => {
  write('2026-12-05', { RAM_READ: 'yes', RAM_EFFECT: 'no' })
  const answers = readLiveAnswers(root)
  const states = (language: 'en' | 'zh') =>
    Object.fromEntries(
      liveTable(language, answers)
        .split('\n')
        .slice(2)
        .map((line) => [/id="live-([a-z-]+)"/.exec(line)?.[1], line.split(' | ').at(-1)?.replace(' |', '')]),
    )
  const open = (text: string) =>
    Object.fromEntries(QUESTION_IDS.map((id) => [id.toLowerCase().replaceAll('_', '-'), text]))
  const link = '[2026-12-05](../evidence/live-2026-12-05.json)'
  assert.deepEqual(states('en'), { ...open('not proven'), 'ram-read': `yes, ${link}`, 'ram-effect': `no, ${link}` })
  assert.deepEqual(states('zh'), { ...open('尚未验证'), 'ram-read': `是, ${link}`, 'ram-effect': `否, ${link}` })
})

test('a marker in a page tells what a live account answered, and links to the row', () => {
  write('2026-12-05', { RAM_READ: 'yes', RAM_EFFECT: 'no' })
  const answers = readLiveAnswers(root)
  const fill = (id: string, language: 'en' | 'zh' = 'en') =>
    fillLiveMarkers(`a <!-- live: ${id} -->old<!-- /live --> b`, language, answers)
  const filled = (id: string, text: string, anchor: string) =>
    `a <!-- live: ${id} -->[${text}](release.md#live-${anchor})<!-- /live --> b`
  assert.equal(fill('RAM_READ'), filled('RAM_READ', 'confirmed on 2026-12-05', 'ram-read'))
  assert.equal(fill('RAM_EFFECT'), filled('RAM_EFFECT', 'refuted on 2026-12-05', 'ram-effect'))
  assert.equal(fill('MATCH_CASE'), filled('MATCH_CASE', 'not proven on a live account', 'match-case'))
  assert.equal(fill('RAM_READ', 'zh'), filled('RAM_READ', '2026-12-05 的验证结果：成立', 'ram-read'))
  assert.equal(fill('MATCH_CASE', 'zh'), filled('MATCH_CASE', '尚未在真实账号上验证', 'match-case'))
  assert.throws(() => fill('NO_SUCH'), /NO_SUCH -->: there is no such question/)
})
