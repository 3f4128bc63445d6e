import type { Text } from '../figures.ts'
import type { Outcome, ScenarioResult } from '../run-scenario.ts'
import type { Scenario } from '../scenario.ts'
import { formatNumbers } from './numbers.ts'

export type Language = keyof Text

/** The conditions of a scenario's measurement. */
export interface Conditions {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Load averages over one minute, before and after. */
  readonly load: readonly [number, number]
}

const WORDS = {
  en: {
    head: ['Figure', 'Compared with', 'Measured', 'Bar', ''],
    load: (before: string, after: string) => `load average ${before} before, ${after} after`,
    measured: (date: string) => `Measured on ${date}`,
    notes: 'Details',
  },
  zh: {
    head: ['指标', '比较对象', '测量值', '上限', ''],
    load: (before: string, after: string) => `平均负载：之前 ${before}，之后 ${after}`,
    measured: (date: string) => `测量于 ${date}`,
    notes: '细节',
  },
} as const

/**
 * The part of the page with one scenario's figures: a table, the conditions of the measurement,
 * details.
 */
export function renderSection(
  scenario: Pick<Scenario, 'title' | 'page'>,
  { outcomes, notes, pictures = {} }: ScenarioResult,
  { at, load }: Conditions,
  language: Language,
): string {
  const words = WORDS[language]
  const rows = outcomes.map(({ figure: { title, against, measure, bars }, numbers, within }) => {
    const bar = bars === undefined ? '' : `≤ ${formatNumbers(bars, measure)}`
    const mark = within === undefined ? '' : within ? '✅' : '❌'
    const measured = formatNumbers(numbers, measure)
    return toRow([title[language], against?.[language] ?? '', measured, bar, mark])
  })
  const conditions = [
    words.measured(new Date(at).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')),
    words.load(load[0].toFixed(1), load[1].toFixed(1)),
  ]
  // A scenario's own page has no other place for them.
  const shown = scenario.page === undefined ? [] : Object.keys(pictures)
  return [
    ...shown.flatMap((name) => [`![${scenario.title[language]}](../img/${name})`, '']),
    toRow(words.head),
    toRow(words.head.map(() => '---')),
    ...rows,
    '',
    conditions.join(language === 'zh' ? '；' : '; ') + (language === 'zh' ? '。' : '.'),
    '',
    `<details><summary>${words.notes}</summary>`,
    '',
    ...notes.map((note) => `- ${note}`),
    '',
    '</details>',
  ].join('\n')
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/**
 * The page with the part between `<!-- bench:name -->` and `<!-- /bench:name -->` replaced. Throws
 * if it does not have the part.
 */
export function replacePart(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no part for ${name}: write ${begin} and ${end} into it`)
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`
}

/**
 * The page with the figure's numbers between `<!-- figure:id -->` and `<!-- /figure -->`, in any
 * sentence that shows them.
 */
export function replaceFigure(page: string, { figure: { id, measure }, numbers }: Outcome): string {
  return page.replace(
    new RegExp(`(<!-- figure:${id} -->).*?(<!-- /figure -->)`, 'g'),
    (_all, begin: string, end: string) => begin + formatNumbers(numbers, measure) + end,
  )
}
