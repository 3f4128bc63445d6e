import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ScenarioResult } from '../run-scenario.ts'
import type { Scenario } from '../scenario.ts'
import { type Machine, renderMachine } from './machine.ts'
import { type Conditions, type Language, renderSection, replaceFigure, replacePart } from './page.ts'

/** Pages with sentences that show figures. */
const PAGES: Readonly<Record<Language, readonly string[]>> = {
  en: ['docs/en/performance.md', 'docs/en/compared.md'],
  zh: ['docs/zh/performance.md', 'docs/zh/compared.md'],
}

/** Writes one scenario's figures and pictures to the documentation. */
export async function writePages(
  root: string,
  scenario: Scenario,
  result: ScenarioResult,
  conditions: Conditions,
  machine: Machine,
): Promise<void> {
  const change = async (path: string, edit: (page: string) => string): Promise<void> => {
    const file = join(root, path)
    await writeFile(file, edit(await readFile(file, 'utf8')))
  }
  for (const language of ['en', 'zh'] as const) {
    await change(`docs/${language}/${scenario.page ?? 'performance'}.md`, (page) => {
      const section = renderSection(scenario, result, conditions, language)
      const shown = replacePart(page, scenario.name, section)
      return replacePart(shown, 'machine', renderMachine(machine, conditions.at, language))
    })
    for (const path of PAGES[language]) await change(path, (page) => result.outcomes.reduce(replaceFigure, page))
  }
  for (const [name, svg] of Object.entries(result.pictures ?? {})) {
    const file = join(root, 'docs', 'img', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, svg)
  }
}
