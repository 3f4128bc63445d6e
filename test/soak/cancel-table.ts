import type { CancelRecord } from '../action/support/cancel-case.ts'
import { findBreaches } from '../action/support/cancel-case.ts'
import type { HelmName } from '../action/support/cancel-points.ts'

export type Language = 'en' | 'zh'

/** A row of the table: the condition for its records. */
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
    has: ({ point }) => !point.lost && point.after !== 'start' && point.command === 'upgrade',
  },
  {
    en: 'during a first installation',
    zh: '首次安装过程中',
    has: ({ point }) => !point.lost && point.after !== 'start' && point.command === 'install',
  },
  { en: 'the machine is lost, Helm with it', zh: '机器连同 Helm 一起丢失', has: ({ point }) => point.lost },
]

const WORDS = {
  en: {
    head: [
      'Helm',
      'Moment',
      'Jobs',
      'Helm processes left',
      'Folders left',
      'Releases left pending',
      'Post step failed or warned',
      'Pending after a lost machine, and the fix that the next run named worked',
    ],
    all: 'all',
    when: (count: number, date: string, command: string) => `${count} cancels, ${date}. Again: \`${command}\`.`,
  },
  zh: {
    head: [
      'Helm',
      '时刻',
      '作业数',
      '残留的 Helm 进程',
      '残留的目录',
      '停留在 pending 的发布',
      'Post 步骤失败或告警',
      '机器丢失后处于 pending，且下次运行给出的修复命令有效',
    ],
    all: '合计',
    when: (count: number, date: string, command: string) => `取消 ${count} 次，${date}。重跑：\`${command}\`。`,
  },
} as const

/** The text under the table: how it was measured. */
export interface SoakConditions {
  readonly seed: number
  readonly helm: 'both' | HelmName
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * The cancels as a table: for each Helm one row per kind of moment and a total, then the total of
 * both.
 */
export function cancelTable(
  records: readonly CancelRecord[],
  { seed, helm, at }: SoakConditions,
  language: Language,
): string {
  const { head, all, when } = WORDS[language]
  const rows = (['helm4', 'helm3'] as const).flatMap((name) => {
    const own = records.filter(({ point }) => point.helm === name)
    if (own.length === 0) return []
    const moments = MOMENTS.map((moment) => [moment[language], ...countsOf(own.filter(moment.has))])
    return [...moments, [all, ...countsOf(own)]].map((cells) => [name.slice(-1), ...cells])
  })
  const lines = [
    head,
    head.map(() => '---'),
    ...rows,
    ...(helm === 'both' ? [['3, 4', all, ...countsOf(records)]] : []),
  ]
  const options = [
    `--seed ${seed} --count ${records.length}`,
    ...(helm === 'both' ? [] : [`--helm ${helm}`]),
    '--fresh',
  ].join(' ')
  const date = new Date(at).toISOString().slice(0, 10)
  return [
    ...lines.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    when(records.length, date, `npm run soak -- ${options}`),
  ].join('\n')
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
    lost.length === 0 ? '–' : `${lost.filter(({ fixed }) => fixed === true).length} / ${lost.filter(isPending).length}`,
  ]
}

/** The records that broke the promise. */
export function broken(records: readonly CancelRecord[]): readonly CancelRecord[] {
  return records.filter((record) => findBreaches(record).length > 0)
}
