import type { RowSpec } from '../report/row.ts'
import { againstMinimal } from './against-minimal.ts'

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
    id: 'minimal-secret',
    title: { en: 'The minimal program in this run, the same', zh: '本次运行中的最小程序，同上' },
    measure: 'writes',
    peers: {
      en: 'the lower bound on this machine: while it writes, the server makes the ServiceAccount and more',
      zh: '本机的下限：在它写入的同时，服务器还在创建 ServiceAccount 等对象',
    },
  },
  againstMinimal('secret-against-minimal', { en: 'p50 / p99', zh: 'p50 / p99' }, [1.15, 1.2]),
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
