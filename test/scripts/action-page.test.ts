import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { OUTPUTS, renderActionYml } from '../../scripts/build/action-yml.ts'
import { inputTables, readInputTexts } from '../../scripts/generate-docs/action/input-tables.ts'
import { INPUTS } from '../../src/rollout/inputs/input-table.ts'

const root = join(import.meta.dirname, '../..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
const texts = readInputTexts(readText)

test('every input has one row in both languages, with its default and all its choices', () => {
  for (const language of ['en', 'zh'] as const) {
    const page = Object.values(inputTables(language, texts)).join('\n')
    for (const [name, spec] of Object.entries(INPUTS)) {
      const rows = page
        .split('\n')
        .filter((line) => line.startsWith(`| \`${name}\` | `) && line.split(' | ').length === 5)
      assert.equal(rows.length, 1, `${name} (${language}): ${rows.length} rows`)
      const row = rows[0] ?? ''
      const code = spec.default === '' ? '' : `\`${spec.default}\``
      assert.equal(row.split(' | ')[2], code, `${name} (${language}): default`)
      for (const choice of spec.choices ?? []) assert.match(row, new RegExp(`\`${choice}\``), `${name}: ${choice}`)
    }
  }
})

test('an input without its texts, and texts without an input, are rejected', () => {
  const withTypo = (path: string) => readText(path).replace('max-parallel:', 'max-paralel:')
  assert.throws(() => readInputTexts(withTypo), /max-parallel is missing, max-paralel does not exist/)
})

test('every mode and every output has one row in both languages', () => {
  for (const language of ['en', 'zh']) {
    const rows = [...readText(`docs/${language}/action.md`).matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)
    const expected = [...(INPUTS.mode.choices ?? []), ...Object.keys(OUTPUTS)].filter((name) => !(name in INPUTS))
    assert.deepEqual(rows.filter((name = '') => !(name in INPUTS)).sort(), expected.sort(), language)
  }
})

test('the condition shown for each output is in the example workflow, which actionlint checks', () => {
  const workflow = parse(readText('examples/workflows/approved-plan.yml')) as {
    jobs: Record<string, { steps: readonly { if?: string }[] }>
  }
  const conditions = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap((step) => step.if ?? []))
  const shown = [...readText('docs/en/action.md').matchAll(/\| `if: (.*)` \|$/gm)].map(([, text = '']) =>
    text.replaceAll('\\|', '|'),
  )
  const ofRollouts = Object.values(OUTPUTS).filter((about) => !/^(check|login): /.test(about))
  assert.equal(shown.length, ofRollouts.length)
  assert.deepEqual(
    shown.filter((condition) => !conditions.includes(condition)),
    [],
  )
})

test('action.yml names the choices of an input, how a list is separated, and what the defaults write', () => {
  const { inputs } = parse(renderActionYml()) as { inputs: Record<string, { description: string }> }
  const about = (name: string): string => inputs[name]?.description ?? ''
  assert.match(about('ram'), /writes RAM.* One of: auto, worker-role, rrsa, none\.$/)
  assert.match(about('values-files'), /Separated by commas or line breaks\.$/)
  assert.match(about('verify'), /Creates and deletes a namespace/)
})
