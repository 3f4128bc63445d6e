import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestbedError } from '../../tools/testbed-error.ts'
import { isQuestionId, QUESTION_IDS, QUESTIONS, type QuestionId } from '../live/questions.ts'
import { parseEvidence } from '../live/read-evidence.ts'
import { type Language, table } from './languages.ts'

/** Where `npm run live` writes its results, and from where pages take them once committed. */
const FOLDER = 'docs/evidence'
const FILE = /^live-.*\.json$/

/** The newest answer of a live account to a question. */
export interface LiveAnswer {
  readonly answer: 'yes' | 'no'
  /** `YYYY-MM-DD`. */
  readonly date: string
  /** The file in docs/evidence. */
  readonly file: string
}

export type LiveAnswers = ReadonlyMap<QuestionId, LiveAnswer>

/**
 * Reads the committed results. The newest `yes` or `no` to each question counts.
 * @throws LIVE_EVIDENCE for a result that is not from Alibaba Cloud
 */
export function readLiveAnswers(root: string): LiveAnswers {
  const folder = join(root, FOLDER)
  const results = listFiles(folder).map((file) => {
    const evidence = parseEvidence(readFileSync(join(folder, file), 'utf8'), `${FOLDER}/${file}`)
    if (evidence.cloud === 'alibaba-cloud') return { file, evidence }
    throw new TestbedError('LIVE_EVIDENCE', `${FOLDER}/${file}: it was answered by an emulator`)
  })
  const answers = new Map<QuestionId, LiveAnswer>()
  for (const { file, evidence } of results.sort((a, b) => (a.evidence.endedAt < b.evidence.endedAt ? -1 : 1))) {
    for (const id of QUESTION_IDS) {
      const answer = evidence.answers[id]?.answer
      if (answer === 'yes' || answer === 'no') answers.set(id, { answer, date: evidence.endedAt.slice(0, 10), file })
    }
  }
  return answers
}

function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => FILE.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const COLUMNS = {
  en: ['question', 'until it is answered', 'live account'],
  zh: ['问题', '得到答案之前', '真实账号'],
} as const
const WORDS = {
  en: { yes: 'yes', no: 'no', open: 'not proven' },
  zh: { yes: '是', no: '否', open: '尚未验证' },
} as const

/** Renders one row per question. Other pages link to a row by its anchor. */
export function liveTable(language: Language, answers: LiveAnswers): string {
  const rows = QUESTION_IDS.map((id) => {
    const { question, until } = QUESTIONS[id]
    const found = answers.get(id)
    const { open, ...words } = WORDS[language]
    const state = found === undefined ? open : `${words[found.answer]}, [${found.date}](../evidence/${found.file})`
    return [`<a id="${anchorOf(id)}"></a>${question[language]}`, until[language], state]
  })
  return table(COLUMNS[language], rows)
}

const anchorOf = (id: QuestionId): string => `live-${id.toLowerCase().replaceAll('_', '-')}`

const MARKER = /<!-- live: (\w+) -->.*?<!-- \/live -->/g

/**
 * Fills `<!-- live: ID -->…<!-- /live -->` in a page of docs/ with what a live account answered, as
 * a link to the question's row.
 * @throws Error for an unknown ID
 */
export function fillLiveMarkers(page: string, language: Language, answers: LiveAnswers): string {
  return page.replaceAll(MARKER, (_, id: string) => {
    if (!isQuestionId(id)) throw new Error(`<!-- live: ${id} -->: there is no such question`)
    return `<!-- live: ${id} -->[${describe(language, answers.get(id))}](release.md#${anchorOf(id)})<!-- /live -->`
  })
}

function describe(language: Language, found: LiveAnswer | undefined): string {
  if (language === 'en') {
    if (found === undefined) return 'not proven on a live account'
    return `${found.answer === 'yes' ? 'confirmed' : 'refuted'} on ${found.date}`
  }
  if (found === undefined) return '尚未在真实账号上验证'
  return `${found.date} 的验证结果：${found.answer === 'yes' ? '成立' : '不成立'}`
}
