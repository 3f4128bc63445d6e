import type { RowSpec } from '../report/row.ts'

const BARE = { en: 'a Node that does nothing: 1x', zh: '什么都不做的 Node：1x' }

export const START_UP_ROWS: readonly RowSpec[] = [
  {
    id: 'validate',
    title: { en: '`acr-nopass validate`, the whole process', zh: '`acr-nopass validate` 整个进程' },
    measure: 'times',
    bars: [3.3],
    peers: BARE,
  },
  {
    id: 'action-line',
    title: { en: 'The action, from its start to its first line', zh: 'Action 从启动到第一行输出' },
    measure: 'times',
    bars: [2],
    peers: BARE,
  },
]
