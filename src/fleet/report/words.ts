import type { ClusterState } from '../finding.ts'

export type Language = 'en' | 'zh'

const ENGLISH_STATES: Readonly<Record<ClusterState, string>> = {
  failed: 'failed',
  unread: 'unread',
  drifted: 'drifted',
  warning: 'warning',
  healthy: 'healthy',
}

/** Texts of the report itself; messages and fixes are those of the findings. */
export const EN = {
  lang: 'en',
  checked: 'Checked',
  states: ENGLISH_STATES,
  headline: (counts: readonly (readonly [ClusterState, number])[]) =>
    counts.map(([state, count]) => `${count} ${ENGLISH_STATES[state]}`).join(', '),
  clusters: (count: number) => (count === 1 ? '1 cluster was checked.' : `${count} clusters were checked.`),
  nothingWritten: ' Nothing was written.',
  cluster: 'Cluster',
  state: 'State',
  release: 'Release',
  helper: 'Helper',
  registries: 'Registries',
  namespaces: 'Namespaces',
  notRead: 'Not read',
  ahead: 'Will change by itself',
  followsFrom: (id: string) => `Likely follows from ${id}: fix that first.`,
  fix: 'Fix: ',
  separator: ', ',
  revision: 'revision',
  nodes: (count: number, total: number) => `${count} of ${total} nodes`,
  noLeader: 'no leader',
  registry: (state: string, count: number) => `${count} ${state}`,
  limited: (count: number) => `${count} limited`,
  expired: (minutes: number) => `expired ${minutes} min ago`,
  expiresIn: (minutes: number) =>
    minutes < 120 ? `expires in ${minutes} min` : `expires in ${Math.round(minutes / 60)} h`,
}

export type Words = typeof EN

const STATES: Words['states'] = {
  failed: '失败',
  unread: '未读取',
  drifted: '有偏差',
  warning: '有警告',
  healthy: '正常',
}
/** By the states of a registry in the helper's status. */
const REGISTRIES: Readonly<Record<string, string>> = {
  live: '有效',
  pending: '尚无凭证',
  failing: '更新失败',
}

const ZH: Words = {
  lang: 'zh-CN',
  checked: '检查于',
  states: STATES,
  headline: (counts) => counts.map(([state, count]) => `${count} 个${STATES[state]}`).join('，'),
  clusters: (count) => `共检查 ${count} 个集群。`,
  nothingWritten: '没有写入任何内容。',
  cluster: '集群',
  state: '状态',
  release: 'Release',
  helper: 'Helper',
  registries: '实例',
  namespaces: '命名空间',
  notRead: '未读取',
  ahead: '将自行变化',
  followsFrom: (id) => `很可能由 ${id} 引起，请先解决它。`,
  fix: '解决方法：',
  separator: '，',
  revision: '修订版本',
  nodes: (count, total) => `${total} 个节点中的 ${count} 个`,
  noLeader: '没有主副本',
  registry: (state, count) => `${count} 个${REGISTRIES[state] ?? state}`,
  limited: (count) => `${count} 个已限定`,
  expired: (minutes) => `${minutes} 分钟前过期`,
  expiresIn: (minutes) => (minutes < 120 ? `${minutes} 分钟后到期` : `${Math.round(minutes / 60)} 小时后到期`),
}

export function wordsOf(language: Language): Words {
  return language === 'zh' ? ZH : EN
}

/**
 * Returns the language of a user, by the variables of POSIX in their order: `LC_ALL`,
 * `LC_MESSAGES`, `LANG`.
 */
export function languageOf({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return /^zh(_|\b)/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh' : 'en'
}
