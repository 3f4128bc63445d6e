import { API_ROWS } from './api-rows.ts'
import { CLOUD_ROWS } from './cloud-rows.ts'
import type { FaultRow } from './fault-row.ts'
import type { RunFigures } from './figures.ts'
import { FUZZ_ROWS } from './fuzz-rows.ts'
import { OBJECT_ROWS } from './object-rows.ts'

export type Language = 'en' | 'zh'

/** All injected faults, in the order of the page. */
export const FAULT_ROWS: readonly FaultRow[] = [...API_ROWS, ...CLOUD_ROWS, ...OBJECT_ROWS]

const HEADS: Readonly<Record<Language, readonly string[]>> = {
  en: ['Fault', 'What a user sees', 'What the helper does', 'Current again after', 'Test'],
  zh: ['故障', '用户看到什么', 'helper 做什么', '恢复用时', '测试'],
}
const FUZZ_HEADS: Readonly<Record<Language, readonly string[]>> = {
  en: ['Input', 'What always holds', 'Cases', 'Test'],
  zh: ['输入', '始终成立', '用例数', '测试'],
}
const RUN_HEADS: Readonly<Record<Language, readonly [string, string, string]>> = {
  en: ['Machine', 'Last run', ': '],
  zh: ['机器', '最近一次运行', '：'],
}

/** The texts between the markers of docs/<language>/reliability.md, by marker. */
export function reliabilityBlocks(figures: RunFigures, language: Language): Record<string, string> {
  const areas: Readonly<Record<string, readonly FaultRow['area'][]>> = {
    'reliability:api-server': ['watch', 'api-server', 'writers', 'process'],
    'reliability:cloud': ['cloud'],
    'reliability:objects': ['objects'],
  }
  const blocks = Object.entries(areas).map(([marker, shown]) => {
    const rows = FAULT_ROWS.filter(({ area }) => shown.includes(area))
    return [
      marker,
      table(
        HEADS[language],
        rows.map((row) => faultCells(row, figures, language)),
      ),
    ]
  })
  const [machine, date, colon] = RUN_HEADS[language]
  const run = `- ${machine}${colon}${figures.machine}\n- ${date}${colon}${figures.date}`
  const fuzz = FUZZ_ROWS.map(({ id, file, [language]: words }) => {
    return [...words, number(figures.fuzz[id] ?? 0), link(file)]
  })
  return {
    ...Object.fromEntries(blocks),
    'reliability:run': run,
    'reliability:fuzz': table(FUZZ_HEADS[language], fuzz),
  }
}

function faultCells(row: FaultRow, figures: RunFigures, language: Language): readonly string[] {
  const figure = row.id === undefined ? undefined : figures.faults[row.id]
  const words = row[language].map((text) => {
    return text.replaceAll(/\{(\w+)\}/g, (_place, name: string) => number(figure?.counts?.[name] ?? 0))
  })
  return [...words, figure === undefined ? '-' : time(figure.ms, language), link(`test/cluster/${row.file}`)]
}

function link(file: string): string {
  const name = file.split('/').at(-1)?.replace('.test.ts', '') ?? file
  return `[${name}](../../${file})`
}

/** Seconds with one decimal, because more depend on the machine rather than the helper. */
function time(ms: number, language: Language): string {
  const unit = language === 'en' ? ' s' : ' 秒'
  if (ms < 100) return `< 0.1${unit}`
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)}${unit}`
}

function number(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
