import { FINDING_IDS, type FindingId } from '../../../src/doctor/finding.ts'
import { type Language, languageSwitch, untranslated } from '../languages.ts'

/** `[symptom, fix]` of every finding. */
export type FindingRows = Readonly<Record<FindingId, readonly [symptom: string, fix: string]>>

export interface PageWords {
  readonly language: Language
  readonly title: string
  readonly introduction: string
  readonly columns: readonly [string, string, string]
  /** Headings of the parts, in the order of the findings. */
  readonly parts: readonly string[]
  readonly closing: string
}

/** The findings that begin a new part of the page. */
const PARTS: readonly FindingId[] = ['POD_UNCOVERED', 'NOT_INSTALLED', 'RAM_DENIED', 'SECRET_MISSING']

/** docs/<language>/troubleshooting.md: the symptom, the finding, and the fix. */
export function troubleshootingPage(words: PageWords, rows: Partial<FindingRows>, english: FindingRows): string {
  const parts = PARTS.map((first, index) => {
    const lines = idsFrom(first).map((id) => {
      const [symptom, fix] = rows[id] ?? english[id].map(untranslated)
      return `| ${symptom} | \`${id}\` | ${fix} |`
    })
    const head = `| ${words.columns.join(' | ')} |\n| --- | --- | --- |`
    return `## ${words.parts[index]}\n${head}\n${lines.join('\n')}\n`
  })
  const switchLine = languageSwitch(`docs/${words.language}/troubleshooting.md`)
  return `# ${words.title}\n\n${switchLine}\n\n${words.introduction}\n${parts.join('\n')}\n${words.closing}`
}

function idsFrom(first: FindingId): readonly FindingId[] {
  const start = FINDING_IDS.indexOf(first)
  const end = FINDING_IDS.findIndex((id, index) => index > start && PARTS.includes(id))
  return FINDING_IDS.slice(start, end === -1 ? undefined : end)
}
