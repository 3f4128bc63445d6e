import type { RowSpec } from '../report/row.ts'

const NOT_MEASURED = { en: 'no peer was measured at this size', zh: '没有在此规模下测量同类工具' }

export const SCALE_ROWS: readonly RowSpec[] = [
  {
    id: 'scale-cold',
    title: {
      en: 'Cold start for each namespace, over 1,000 / 2,000 / 5,000 / 10,000',
      zh: '每个命名空间的冷启动，共 1,000 / 2,000 / 5,000 / 10,000 个',
    },
    measure: 'writes',
    peers: { en: 'titansoft about 800 s at 1,000 (arithmetic)', zh: 'titansoft 在 1,000 个时约 800 s（推算）' },
  },
  {
    id: 'scale-rotation',
    title: { en: 'Rotation for each namespace, over the same', zh: '每个命名空间的轮换，规模同上' },
    measure: 'writes',
    peers: { en: 'imps writes N(N+1)/2 times', zh: 'imps 写入 N(N+1)/2 次' },
  },
  {
    id: 'scale-linear',
    title: {
      en: 'Cost of one namespace, among the most against among the fewest: cold start / rotation',
      zh: '单个命名空间的成本，最大规模与最小规模之比：冷启动 / 轮换',
    },
    measure: 'times',
    bars: [1.25, 1.25],
    peers: { en: 'linear: 1x', zh: '线性：1x' },
  },
  {
    id: 'scale-memory',
    title: {
      en: '10,000 namespaces with their ServiceAccounts: memory (RSS) when all is done / at most',
      zh: '10,000 个命名空间及其 ServiceAccount：内存（RSS）完成后 / 峰值',
    },
    measure: 'mebibytes',
    bars: [100, 140],
    peers: NOT_MEASURED,
  },
  {
    id: 'scale-memory-admission',
    title: { en: 'The same with `admission`', zh: '同上，使用 `admission`' },
    measure: 'mebibytes',
    bars: [85, 120],
    peers: NOT_MEASURED,
  },
  {
    id: 'scale-cpu',
    title: {
      en: 'Idle there: CPU of one core, by ServiceAccount / by admission',
      zh: '此规模下空闲：占一个核的 CPU，ServiceAccount / 准入',
    },
    measure: 'percent',
    bars: [0.5, 0.5],
    peers: NOT_MEASURED,
  },
]
