import type { RowSpec } from '../report/row.ts'

export const OTHER_WRITER_ROWS: readonly RowSpec[] = [
  {
    id: 'race',
    title: {
      en: '200 new ServiceAccounts that another writer edits at once: foreign entries lost / resurrected',
      zh: '200 个新 ServiceAccount 被另一写入者立即修改：丢失 / 复活的外来条目',
    },
    measure: 'count',
    bars: [0, 0],
    peers: {
      en: 'tamcore 1 to 4 lost (writes the whole list without the version it read), alexellis 0',
      zh: 'tamcore 丢失 1 到 4 个（写入整个列表而不带读取时的版本），alexellis 0',
    },
  },
  {
    id: 'race-attached',
    title: { en: 'The same: own entries missing 10 s later', zh: '同上：10 s 后缺失的自身条目' },
    measure: 'count',
    bars: [0],
    peers: {
      en: 'alexellis 150 of 200 after 3 s (drops a refused write, 20 requests a second)',
      zh: 'alexellis 3 s 后 200 个中缺 150 个（写入被拒即放弃，每秒 20 个请求）',
    },
  },
  {
    id: 'contend',
    title: {
      en: 'A hostile writer on 100 ServiceAccounts for 30 s: foreign entries lost / resurrected',
      zh: '恶意写入者持续 30 s 修改 100 个 ServiceAccount：丢失 / 复活的外来条目',
    },
    measure: 'count',
    bars: [0, 0],
    peers: {
      en: 'tamcore 75 / 84 in 20 s, titansoft 29 / 11 of 125 patches, alexellis 0 / 0',
      zh: 'tamcore 20 s 内 75 / 84，titansoft 125 次修改中 29 / 11，alexellis 0 / 0',
    },
  },
  {
    id: 'contend-back',
    title: {
      en: 'Own entries back in all lists after the edits stopped',
      zh: '修改停止后，自身条目恢复到所有列表的时间',
    },
    measure: 'seconds',
    peers: {
      en: 'by design: a list that is fought over is left alone for a minute and reported; alexellis 46 of 100 missing after 5 s',
      zh: '有意为之：被争夺的列表搁置一分钟并报告；alexellis 5 s 后 100 个中缺 46 个',
    },
  },
]
