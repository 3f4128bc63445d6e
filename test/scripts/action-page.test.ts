import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { renderActionYml } from '../../scripts/build/action-yml.ts'
import { actionPage, readActionTexts } from '../../scripts/generate-docs/action/page.ts'
import { INPUTS } from '../../src/rollout/inputs/input-table.ts'

const root = join(import.meta.dirname, '../..')
const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
const sources = readActionTexts(readText)

test('every input has one row in both languages, with its default and all its choices', () => {
  for (const language of ['en', 'zh'] as const) {
    const page = actionPage(language, sources)
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
  const withTypo = (path: string) => readText(path).replace('    max-parallel:', '    max-paralel:')
  assert.throws(() => readActionTexts(withTypo), /max-parallel is missing, max-paralel does not exist/)
})

test('the condition shown for each output is in the example workflow, which actionlint checks', () => {
  const workflow = parse(readText('examples/workflows/approved-plan.yml')) as {
    jobs: Record<string, { steps: readonly { if?: string }[] }>
  }
  const conditions = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap((step) => step.if ?? []))
  const shown = Object.values(sources.texts.outputs.rows).map((row) => row.if)
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
