import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Scenario, ScenarioResult } from '../scenarios/scenario.ts'
import { type Machine, renderMachine } from './machine.ts'
import { type Conditions, type Language, renderSection, replacePart } from './page.ts'

const LANGUAGES: readonly Language[] = ['en', 'zh']

/** Writes one scenario's figures, and its pictures, into the documentation. */
export async function writePages(
  root: string,
  scenario: Scenario,
  result: ScenarioResult,
  conditions: Conditions,
  machine: Machine,
): Promise<void> {
  for (const language of LANGUAGES) {
    const file = join(root, 'docs', language, `${scenario.page ?? 'performance'}.md`)
    const before = await readFile(file, 'utf8')
    const section = renderSection(scenario, result, conditions, language)
    const page = replacePart(before, scenario.name, section)
    await writeFile(file, replacePart(page, 'machine', renderMachine(machine, conditions.at, language)))
  }
  for (const [name, svg] of Object.entries(result.pictures ?? {})) {
    const file = join(root, 'docs', 'img', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, svg)
  }
}
