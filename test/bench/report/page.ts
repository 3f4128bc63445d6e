import type { Scenario, ScenarioResult } from '../scenarios/scenario.ts'
import { formatNumbers, isWithin, type Text } from './row.ts'

export type Language = keyof Text

/** Under what a scenario was measured. */
export interface Conditions {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Load averages of one minute before and after. */
  readonly load: readonly [number, number]
}

const WORDS = {
  en: {
    head: ['Figure', 'Measured', 'Bar', '', 'Others, measured or known'],
    unit: (p50: string, p99: string, samples: number) =>
      `one write: ${p50} ms (p50), ${p99} ms (p99), ${samples} samples`,
    load: (before: string, after: string) => `load average ${before} before, ${after} after`,
    measured: (date: string) => `Measured on ${date}`,
    notes: 'Details',
  },
  zh: {
    head: ['指标', '测量值', '目标', '', '其他工具（实测或已知）'],
    unit: (p50: string, p99: string, samples: number) =>
      `一次写入：${p50} ms（p50），${p99} ms（p99），${samples} 个样本`,
    load: (before: string, after: string) => `平均负载：之前 ${before}，之后 ${after}`,
    measured: (date: string) => `测量于 ${date}`,
    notes: '细节',
  },
} as const

/** The part of the page that shows one scenario's figures: a table, under what it was measured, details. */
export function renderSection(
  scenario: Scenario,
  { figures, unit, notes, pictures = {} }: ScenarioResult,
  { at, load }: Conditions,
  language: Language,
): string {
  const words = WORDS[language]
  const rows = scenario.rows.flatMap(({ id, title, measure, bars, peers }) => {
    const numbers = figures[id]
    if (numbers === undefined) return []
    const within = isWithin(numbers, bars)
    const bar = bars === undefined ? '' : `≤ ${formatNumbers(bars, measure)}`
    const mark = within === undefined ? '' : within ? '✅' : '❌'
    return [toRow([title[language], formatNumbers(numbers, measure), bar, mark, peers[language]])]
  })
  const conditions = [
    words.measured(new Date(at).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')),
    ...(unit === undefined ? [] : [words.unit(unit.p50.toFixed(1), unit.p99.toFixed(1), unit.samples)]),
    words.load(load[0].toFixed(1), load[1].toFixed(1)),
  ]
  // The page of a scenario of its own has no other place for them.
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

/** The page with the part between `<!-- bench:name -->` and `<!-- /bench:name -->` replaced. Throws when it has no such part. */
export function replacePart(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no part for ${name}: write ${begin} and ${end} into it`)
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`
}
