import type { RowSpec } from '../report/row.ts'
import { againstMinimal } from './against-minimal.ts'

export const NEW_NAMESPACE_ROWS: readonly RowSpec[] = [
  {
    id: 'usable-after-account',
    title: {
      en: 'Usable after its ServiceAccount exists, one at a time, p50 / p99',
      zh: 'ServiceAccount 出现之后可用，逐个创建，p50 / p99',
    },
    measure: 'writes',
    bars: [1, 3],
    peers: {
      en: 'tamcore 1.8x / 9.2x (Secret first, then the reference), alexellis 18x / 20x, titansoft 1,745x (polls, 5 requests a second); lower bound 0.87x / 2.5x',
      zh: 'tamcore 1.8x / 9.2x（先写 Secret 再写引用），alexellis 18x / 20x，titansoft 1,745x（轮询，每秒 5 个请求）；下限 0.87x / 2.5x',
    },
  },
  {
    id: 'minimal-usable',
    title: {
      en: 'The minimal program in this run, the same (200 namespaces)',
      zh: '本次运行中的最小程序，同上（200 个命名空间）',
    },
    measure: 'writes',
    peers: { en: 'the lower bound on this machine', zh: '本机的下限' },
  },
  againstMinimal('usable-against-minimal', { en: 'p50 / p99', zh: 'p50 / p99' }, [1.15, 1.2]),
  {
    id: 'usable-after-asked',
    title: { en: 'Usable after the namespace was asked for, p50 / p99', zh: '从请求创建命名空间到可用，p50 / p99' },
    measure: 'writes',
    peers: {
      en: 'tamcore 3.3x / 17x, alexellis 20x / 23x, titansoft 1,745x; lower bound 2.5x / 13x (most of it is the server making the ServiceAccount)',
      zh: 'tamcore 3.3x / 17x，alexellis 20x / 23x，titansoft 1,745x；下限 2.5x / 13x（大部分是服务器创建 ServiceAccount 的时间）',
    },
  },
  {
    id: 'slowest-single',
    title: { en: 'The slowest of all, one at a time', zh: '逐个创建时最慢的一个' },
    measure: 'writes',
    bars: [25],
    peers: {
      en: 'tamcore 10 s, over 2,000x (6 of 600: one event overtakes another, then a fixed wait); lower bound 13x',
      zh: 'tamcore 10 s，超过 2,000x（600 个中有 6 个：事件乱序后固定等待）；下限 13x',
    },
  },
  {
    id: 'slowest-burst',
    title: { en: 'The slowest in bursts, 50 namespaces a second', zh: '每秒 50 个突发创建时最慢的一个' },
    measure: 'writes',
    bars: [25],
    peers: {
      en: 'tamcore 10 s in 2 of 3 bursts, alexellis 24 s; lower bound 14x',
      zh: 'tamcore 3 次突发中有 2 次为 10 s，alexellis 24 s；下限 14x',
    },
  },
  {
    id: 'minimal-burst',
    title: { en: 'The minimal program in this run, the same', zh: '本次运行中的最小程序，同上' },
    measure: 'writes',
    peers: {
      en: 'the lower bound on this machine: most of it is the server making the ServiceAccount',
      zh: '本机的下限：大部分是服务器创建 ServiceAccount 的时间',
    },
  },
  {
    id: 'burst-usable',
    title: { en: 'Usable after asked for, in bursts, p50 / p99', zh: '突发创建时从请求到可用，p50 / p99' },
    measure: 'writes',
    peers: {
      en: 'tamcore 6.0x / 29x, alexellis 1,800x / 3,900x; lower bound 2.5x / 13x',
      zh: 'tamcore 6.0x / 29x，alexellis 1,800x / 3,900x；下限 2.5x / 13x',
    },
  },
  {
    id: 'requests-new',
    title: { en: 'Requests for each new namespace', zh: '每个新命名空间的请求数' },
    measure: 'count',
    bars: [2],
    peers: {
      en: 'tamcore 4 (half are Events), alexellis 4.1 (two of three writes refused), titansoft 27 (asks all namespaces again); lower bound 2',
      zh: 'tamcore 4（一半是 Event），alexellis 4.1（三次写入有两次被拒），titansoft 27（重新查询所有命名空间）；下限 2',
    },
  },
]
