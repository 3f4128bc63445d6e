import { parse } from 'yaml'
import { FINDING_IDS, type FindingId } from '../../src/doctor/finding.ts'
import { cell, type Language, untranslated } from './languages.ts'

const FILE = 'scripts/generate-docs/findings.yaml'

type Row = readonly [symptom: string, fix: string]

export type FindingRows = Readonly<Record<string, { readonly en: Row; readonly zh?: Row }>>

/** The first finding of each table of docs/<language>/troubleshooting.md, by the table's marker. */
const TABLES: Readonly<Record<string, FindingId>> = {
  'findings:pod': 'POD_UNCOVERED',
  'findings:release': 'NOT_INSTALLED',
  'findings:cloud': 'RAM_DENIED',
  'findings:objects': 'SECRET_MISSING',
}
const COLUMNS = { en: '| symptom | finding | what to do |', zh: '| 现象 | 结果 | 解决方法 |' } as const

export function readFindings(readText: (path: string) => string): FindingRows {
  const rows = parse(readText(FILE)) as FindingRows
  const known: readonly string[] = FINDING_IDS
  const wrong = [
    ...known.filter((id) => rows[id]?.en?.length !== 2).map((id) => `${id} needs an English symptom and fix`),
    ...Object.keys(rows)
      .filter((id) => !known.includes(id))
      .map((id) => `${id} does not exist`),
  ]
  if (wrong.length > 0) throw new Error(`${FILE}: ${wrong.join(', ')}`)
  return rows
}

/** Renders the tables of findings: symptom, ID and fix, in the order of the IDs. */
export function findingTables(language: Language, rows: FindingRows): Record<string, string> {
  const wordsOf = (id: FindingId): readonly string[] => {
    const { en = ['', ''], zh } = rows[id] ?? {}
    return language === 'en' ? en : (zh ?? en.map(untranslated))
  }
  return Object.fromEntries(
    Object.entries(TABLES).map(([marker, first]) => {
      const lines = idsFrom(first).map((id) => {
        const [symptom = '', fix = ''] = wordsOf(id)
        return `| ${cell(symptom)} | \`${id}\` | ${cell(fix)} |`
      })
      return [marker, [COLUMNS[language], '| --- | --- | --- |', ...lines].join('\n')]
    }),
  )
}

function idsFrom(first: FindingId): readonly FindingId[] {
  const start = FINDING_IDS.indexOf(first)
  const firsts = Object.values(TABLES)
  const end = FINDING_IDS.findIndex((id, index) => index > start && firsts.includes(id))
  return FINDING_IDS.slice(start, end === -1 ? undefined : end)
}
