import type { RowSpec } from '../report/row.ts'

const NONE = { en: 'no published figures', zh: '同类工具未提供该项数据' }
const KINDS = {
  en: 'no limit / 50 per second / 10 per second / mixed lives',
  zh: '不限流 / 每秒 50 次 / 每秒 10 次 / 混合有效期',
}

export const FLEET_ROWS: readonly RowSpec[] = [
  {
    id: 'fleet-mean',
    title: { en: `Cloud calls per second in steady state: ${KINDS.en}`, zh: `稳态下每秒云调用数：${KINDS.zh}` },
    measure: 'count',
    peers: {
      en: 'by arithmetic: a program that asks for each namespace makes 200 times as many',
      zh: '推算：为每个命名空间各自请求的程序是其 200 倍',
    },
  },
  {
    id: 'fleet-peak',
    title: { en: 'The busiest minute of steady state, against its mean', zh: '稳态中最忙的一分钟与均值之比' },
    measure: 'times',
    simulated: true,
    bars: [1.5, 1.5, 1.5, 1.5],
    peers: {
      en: 'fixed intervals keep clusters that started together in step',
      zh: '固定间隔会使同时启动的集群始终同步',
    },
  },
  {
    id: 'fleet-start',
    title: {
      en: 'Token lives after a mass start until every minute is within 1.5 times the mean',
      zh: '同时启动后，每分钟都不超过均值 1.5 倍所需的令牌有效期个数',
    },
    measure: 'count',
    bars: [3, 3, 3, 3],
    peers: NONE,
  },
  {
    id: 'fleet-outage',
    title: { en: "The same after an hour's outage of the region", zh: '地域中断一小时之后，同上' },
    measure: 'count',
    bars: [3, 3, 3, 3],
    peers: NONE,
  },
  {
    id: 'fleet-used',
    title: {
      en: 'The most of its life that a token had used up when all 200 namespaces had the next one, while the region answered',
      zh: '地域可用期间，200 个命名空间全部换新时旧令牌最多已用掉的有效期比例',
    },
    measure: 'percent',
    simulated: true,
    bars: [90, 90, 90, 90],
    peers: NONE,
  },
  {
    id: 'fleet-ready',
    title: {
      en: 'All clusters have their first token, after a mass start within a minute',
      zh: '一分钟内同时启动后，全部集群拿到首个令牌的时间',
    },
    measure: 'seconds',
    simulated: true,
    peers: { en: 'the least possible: 60 s, or 500 s at 10 a second', zh: '下限：60 秒；每秒 10 次时为 500 秒' },
  },
  {
    id: 'fleet-recovered',
    title: { en: "No token is over any more, after an hour's outage", zh: '中断一小时后，不再有过期令牌的时间' },
    measure: 'seconds',
    simulated: true,
    peers: { en: 'the least possible: 0 s, or 500 s at 10 a second', zh: '下限：0 秒；每秒 10 次时为 500 秒' },
  },
  {
    id: 'fleet-busiest',
    title: { en: 'Calls in the busiest second of all', zh: '最忙一秒的调用数' },
    measure: 'count',
    peers: NONE,
  },
  {
    id: 'fleet-refused',
    title: { en: 'Refused calls for each one that was served, all in all', zh: '总计每次成功调用对应的被拒次数' },
    measure: 'count',
    peers: NONE,
  },
  {
    id: 'fleet-joined',
    title: {
      en: 'Writes of a namespace with two registries, against one with one (mixed lives)',
      zh: '含两个仓库的命名空间的写入次数，与只含一个的相比（混合有效期）',
    },
    measure: 'times',
    simulated: true,
    bars: [1.1],
    peers: { en: 'without joined refreshes: 2x', zh: '不合并刷新：2x' },
  },
]
