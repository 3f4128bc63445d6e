import type { RowSpec } from '../report/row.ts'

const NONE = {
  en: 'no peer attaches by admission without a webhook of its own',
  zh: '没有同类工具能在不自带 webhook 的情况下通过准入附加',
}

export const ADMISSION_ROWS: readonly RowSpec[] = [
  {
    id: 'secret-after-namespace',
    title: {
      en: 'From the namespace to its Secret, one at a time, p50 / p99',
      zh: '从命名空间出现到 Secret 出现，逐个创建，p50 / p99',
    },
    measure: 'writes',
    bars: [1.2, 4],
    peers: NONE,
  },
  {
    id: 'secret-slowest',
    title: { en: 'The slowest of all', zh: '最慢的一个' },
    measure: 'writes',
    bars: [25],
    peers: NONE,
  },
  {
    id: 'requests-admission',
    title: { en: 'Requests for each new namespace', zh: '每个新命名空间的请求数' },
    measure: 'count',
    bars: [1],
    peers: NONE,
  },
]
