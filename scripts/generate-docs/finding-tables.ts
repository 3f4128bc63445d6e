import { FINDING_IDS, type FindingId } from '../../src/doctor/finding.ts'
import { FLEET_FINDING_IDS } from '../../src/fleet/finding.ts'
import { type Language, table, untranslated } from './languages.ts'
import { readTexts } from './read-texts.ts'

type Row = readonly [symptom: string, fix: string]

export type FindingRows = Readonly<Record<string, { readonly en: Row; readonly zh?: Row }>>

/** The first finding of each table of docs/<language>/troubleshooting.md, by the table's marker. */
const TABLES: Readonly<Record<string, FindingId>> = {
  'findings:node': 'NODE_WITHOUT_PLUGIN',
  'findings:pod': 'POD_UNCOVERED',
  'findings:release': 'NOT_INSTALLED',
  'findings:cloud': 'RAM_DENIED',
  'findings:objects': 'SECRET_MISSING',
}
const COLUMNS = { en: ['symptom', 'finding', 'what to do'], zh: ['现象', '结果', '解决方法'] } as const

export function readFindings(readText: (path: string) => string): FindingRows {
  return readTexts<FindingRows>(readText, 'scripts/generate-docs/findings.yaml', FINDING_IDS, true)
}

/** Reads the texts of the findings that only a check of the fleet can make. */
export function readFleetFindings(readText: (path: string) => string): FindingRows {
  return readTexts<FindingRows>(readText, 'scripts/generate-docs/fleet-findings.yaml', FLEET_FINDING_IDS, true)
}

/** Renders the tables of findings: symptom, ID and fix, in the order of the IDs. */
export function findingTables(language: Language, rows: FindingRows): Record<string, string> {
  return Object.fromEntries(
    Object.entries(TABLES).map(([marker, first]) => [marker, renderRows(idsFrom(first), language, rows)]),
  )
}

/** Renders the table of the fleet's own findings. */
export function fleetFindingTables(language: Language, rows: FindingRows): Record<string, string> {
  return { 'findings:fleet': renderRows(FLEET_FINDING_IDS, language, rows) }
}

function renderRows(ids: readonly string[], language: Language, rows: FindingRows): string {
  const lines = ids.map((id) => {
    const { en = ['', ''], zh } = rows[id] ?? {}
    const [symptom = '', fix = ''] = language === 'en' ? en : (zh ?? en.map(untranslated))
    return [symptom, `\`${id}\``, fix]
  })
  return table(COLUMNS[language], lines)
}

function idsFrom(first: FindingId): readonly FindingId[] {
  const start = FINDING_IDS.indexOf(first)
  const firsts = Object.values(TABLES)
  const end = FINDING_IDS.findIndex((id, index) => index > start && firsts.includes(id))
  return FINDING_IDS.slice(start, end === -1 ? undefined : end)
}
