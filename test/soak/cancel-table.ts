import type { CancelRecord } from '../action/support/cancel-trial.ts'
import { findBreaches } from '../action/support/cancel-trial.ts'

export type Language = 'en' | 'zh'

/** A row of the table: the records that belong to it. */
interface Moment {
  readonly en: string
  readonly zh: string
  readonly has: (record: CancelRecord) => boolean
}

const MOMENTS: readonly Moment[] = [
  {
    en: 'up to 3 s after the start',
    zh: '启动后 3 秒内',
    has: ({ point }) => !point.lost && point.after === 'start',
  },
  {
    en: 'during an upgrade',
    zh: '升级过程中',
    has: ({ point }) => !point.lost && point.after !== 'start' && point.onto === 'upgrade',
  },
  {
    en: 'during a first installation',
    zh: '首次安装过程中',
    has: ({ point }) => !point.lost && point.after !== 'start' && point.onto === 'install',
  },
  { en: 'the machine is lost, Helm with it', zh: '机器连同 Helm 一起丢失', has: ({ point }) => point.lost },
]

const WORDS = {
  en: {
    head: [
      'Moment',
      'Jobs',
      'Helm processes left',
      'Folders left',
      'Releases left pending',
      'Post step failed or warned',
      'Pending after a lost machine, and the cure that the next run named worked',
    ],
    all: 'all',
    when: (count: number, seed: number, helm: string, date: string) =>
      `${count} cancels, seed ${seed}, ${helm}, ${date}. Again: \`npm run soak -- --seed ${seed} --count ${count} --fresh\`.`,
  },
  zh: {
    head: [
      '时刻',
      '作业数',
      '残留的 Helm 进程',
      '残留的目录',
      '停留在 pending 的发布',
      'Post 步骤失败或告警',
      '机器丢失后处于 pending，且下次运行给出的修复命令有效',
    ],
    all: '合计',
    when: (count: number, seed: number, helm: string, date: string) =>
      `取消 ${count} 次，种子 ${seed}，${helm}，${date}。重跑：\`npm run soak -- --seed ${seed} --count ${count} --fresh\`。`,
  },
} as const

/** What is under the table: how it was measured. */
export interface SoakConditions {
  readonly seed: number
  readonly helm: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The cancels as a table: one row a kind of moment, then all of them. */
export function cancelTable(
  records: readonly CancelRecord[],
  { seed, helm, at }: SoakConditions,
  language: Language,
): string {
  const words = WORDS[language]
  const rows = MOMENTS.map(
    (moment) => [moment[language], ...countsOf(records.filter((record) => moment.has(record)))] as const,
  )
  const lines = [words.head, words.head.map(() => '---'), ...rows, [words.all, ...countsOf(records)]]
  const date = new Date(at).toISOString().slice(0, 10)
  return [...lines.map((cells) => `| ${cells.join(' | ')} |`), '', words.when(records.length, seed, helm, date)].join(
    '\n',
  )
}

function countsOf(records: readonly CancelRecord[]): readonly string[] {
  const count = (has: (record: CancelRecord) => boolean): number => records.filter(has).length
  const isPending = ({ release }: CancelRecord): boolean => release.startsWith('pending')
  const lost = records.filter(({ point }) => point.lost)
  return [
    String(records.length),
    String(count(({ processes }) => processes > 0)),
    String(count(({ files }) => files > 0)),
    String(count((record) => isPending(record) && !record.point.lost)),
    String(count(({ point, post, warnings }) => !point.lost && (post !== 0 || warnings > 0))),
    lost.length === 0 ? '–' : `${lost.filter(({ cured }) => cured === true).length} / ${lost.filter(isPending).length}`,
  ]
}

/** Those that broke the promise. */
export function broken(records: readonly CancelRecord[]): readonly CancelRecord[] {
  return records.filter((record) => findBreaches(record).length > 0)
}
