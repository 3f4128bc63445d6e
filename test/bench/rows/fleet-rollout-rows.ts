import type { RowSpec } from '../report/row.ts'

const BARE = {
  en: '`helm upgrade --install --wait` under `xargs -P 4`: 1x',
  zh: '`xargs -P 4` 下的 `helm upgrade --install --wait`：1x',
}
const SAME = { en: 'of the same unit', zh: '同一单位' }

export const FLEET_ROLLOUT_ROWS: readonly RowSpec[] = [
  {
    id: 'rollout',
    title: {
      en: 'The action, four clusters at a time, without canary and verification',
      zh: 'Action，每次四个集群，不含金丝雀与验证',
    },
    measure: 'times',
    bars: [1.25],
    peers: BARE,
  },
  {
    id: 'rollout-cpu',
    title: { en: 'CPU that it takes, with Helm', zh: '占用的 CPU（含 Helm）' },
    measure: 'times',
    peers: BARE,
  },
  {
    id: 'again',
    title: { en: 'Again with nothing changed, against the first time', zh: '无改动时再次运行，与第一次相比' },
    measure: 'times',
    bars: [0.6],
    peers: { en: 'Helm makes a new revision each time', zh: 'Helm 每次都会产生新的修订版本' },
  },
  {
    id: 'again-cpu',
    title: { en: 'CPU of that second run, against the first', zh: '第二次运行占用的 CPU，与第一次相比' },
    measure: 'times',
    peers: { en: 'Helm does all of it again', zh: 'Helm 会全部重做一遍' },
  },
  {
    id: 'again-writes',
    title: { en: 'Helm revisions and RAM writes of that second run', zh: '第二次运行的 Helm 修订版本与 RAM 写入' },
    measure: 'count',
    bars: [0],
    peers: { en: 'one revision per cluster', zh: '每个集群一个修订版本' },
  },
  {
    id: 'ram',
    title: { en: 'Part of it for RAM: one policy per cluster', zh: '其中 RAM 的部分：每个集群一份策略' },
    measure: 'times',
    peers: SAME,
  },
  {
    id: 'canary',
    title: { en: 'A canary first, besides', zh: '另加：先行金丝雀' },
    measure: 'times',
    peers: SAME,
  },
  {
    id: 'verify',
    title: { en: 'Verification of each cluster, besides', zh: '另加：验证每个集群' },
    measure: 'times',
    peers: SAME,
  },
]
