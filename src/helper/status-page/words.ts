export type Language = 'en' | 'zh'

const plural = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

/** Texts of the page itself; messages and fixes are shown as the status has them. */
const EN = {
  lang: 'en',
  other: { language: 'zh' as Language, name: '中文' },
  sentence: (text: string) => `${text}.`,
  allCovered: (count: number) =>
    count === 1 ? 'The one namespace has its pull secret' : `All ${count} namespaces have a current pull secret`,
  covered: (current: number, total: number) =>
    `${current} of ${plural(total, 'namespace', 'namespaces')} have a current pull secret`,
  toFix: (count: number) => plural(count, 'problem to fix', 'problems to fix'),
  waitingForCredential: 'Waiting for the first credential',
  waitingHint: 'Pull secrets are written as soon as a registry has issued a credential.',
  credentialExpired: 'A credential has expired',
  expiredHint: 'Pulls that need it fail, because no replica renewed it. Read the log of the helper.',
  noNamespace: 'No namespace to serve',
  noNamespaceHint: 'None matches targets.namespaces of the values, or all are excluded by label.',
  retired: 'Retired: nothing of the helper is in use',
  retiredHint: 'The release can be removed.',
  nothingToFix: 'There is nothing to fix.',
  restIsComing: 'The rest is being written.',
  report: 'Reported',
  reload: 'Reload',
  problems: 'What is wrong',
  fix: 'Fix',
  namespace: 'Namespace',
  registry: 'Registry',
  name: 'Name',
  registries: 'Registries',
  credential: 'Credential',
  expires: 'Expires',
  refresh: 'Renewal due',
  never: 'never',
  none: 'none yet',
  domains: 'Domains',
  life: (percent: number) => `${percent} % of lifetime elapsed`,
  expired: 'Expired',
  states: { live: 'Live', pending: 'None yet', failing: 'Renewal fails' },
  logins: {
    accepted: 'login accepted',
    refused: 'login refused',
    unreachable: 'registry not reachable',
    skipped: 'login not checked',
  },
  wholeRole: 'whole role',
  limitedTo: (list: string) => `limited to ${list}`,
  andMore: (count: number) => `${count} more`,
  widths: {
    limited: 'limit confirmed',
    'too-wide': 'can pull other lists too',
    'not-checked': 'limit not checked',
  },
  coverage: 'Coverage',
  namespaces: 'Namespaces with the pull secret',
  serviceAccounts: 'ServiceAccounts that refer to it',
  of: (total: number) => `of ${total}`,
  current: 'current',
  pending: 'waiting',
  /** The text for each reason to leave an object out, by the reason in the status. */
  reasons: {
    'foreign-secret': 'with a Secret of that name which is not ours',
    'foreign-list': 'with a list that another client applies',
    'overlong-list': 'with a list that is too long',
    'kept-by-other': 'with an entry that another client keeps',
    'left-attached': 'with an entry that the helper has no right to remove any more',
    'not-targeted': 'left out: no target',
    'opted-out': 'excluded by label or annotation',
    terminating: 'being deleted',
    retired: 'taken back',
  } as Readonly<Record<string, string>>,
  leader: 'Leader',
  noLeader: 'none',
  attach: 'Attach',
  secret: 'Secret',
  config: 'Configuration',
}

export type Words = typeof EN

const ZH: Words = {
  lang: 'zh-CN',
  other: { language: 'en', name: 'English' },
  sentence: (text) => `${text}。`,
  allCovered: (count) => `全部 ${count} 个命名空间的拉取凭证均为最新`,
  covered: (current, total) => `${total} 个命名空间中有 ${current} 个的拉取凭证为最新`,
  toFix: (count) => `有 ${count} 个问题需要处理`,
  waitingForCredential: '正在等待第一个凭证',
  waitingHint: '任一实例返回凭证后，将立即写入拉取凭证 Secret。',
  credentialExpired: '有凭证已过期',
  expiredHint: '没有副本更新该凭证，需要它的拉取会失败。请查看 helper 的日志。',
  noNamespace: '没有需要服务的命名空间',
  noNamespaceHint: '没有命名空间匹配 values 中的 targets.namespaces，或者都已通过标签排除。',
  retired: '已停用：helper 写入的内容已全部清除',
  retiredHint: '可以卸载该 release。',
  nothingToFix: '没有需要处理的问题。',
  restIsComing: '其余正在写入。',
  report: '更新于',
  reload: '刷新',
  problems: '问题',
  fix: '解决方法',
  namespace: '命名空间',
  registry: '实例',
  name: '名称',
  registries: '实例',
  credential: '凭证',
  expires: '到期',
  refresh: '计划更新',
  never: '永不',
  none: '尚无',
  domains: '域名',
  life: (percent) => `有效期已过 ${percent}%`,
  expired: '已过期',
  states: { live: '有效', pending: '尚无', failing: '更新失败' },
  logins: { accepted: '登录验证通过', refused: '登录被拒绝', unreachable: '仓库无法访问', skipped: '登录未验证' },
  wholeRole: '角色的全部权限',
  limitedTo: (list) => `限定于 ${list}`,
  andMore: (count) => `另外 ${count} 项`,
  widths: { limited: '限定已验证', 'too-wide': '也能拉取其他列表', 'not-checked': '限定未验证' },
  coverage: '覆盖范围',
  namespaces: '已有拉取凭证 Secret 的命名空间',
  serviceAccounts: '已引用该 Secret 的 ServiceAccount',
  of: (total) => `/ ${total}`,
  current: '最新',
  pending: '等待中',
  reasons: {
    'foreign-secret': '存在不属于 helper 的同名 Secret',
    'foreign-list': '列表由其他工具管理',
    'overlong-list': '列表过长',
    'kept-by-other': '条目由其他工具保留',
    'left-attached': '保留着 helper 已无权移除的条目',
    'not-targeted': '不在目标范围内',
    'opted-out': '已通过标签或注解排除',
    terminating: '正在删除',
    retired: '已停用',
  },
  leader: '主副本',
  noLeader: '无',
  attach: '引用方式',
  secret: 'Secret',
  config: '配置',
}

export function wordsOf(language: Language): Words {
  return language === 'zh' ? ZH : EN
}

/**
 * Chooses the language: that of `?lang=`, then the browser's first language that the page has, then
 * English.
 */
export function chooseLanguage(requested: string | null, accepted: string): Language {
  if (requested === 'en' || requested === 'zh') return requested
  const known = accepted
    .split(',')
    .map((part) => part.trim().slice(0, 2).toLowerCase())
    .find((tag) => tag === 'en' || tag === 'zh')
  return known === 'zh' ? 'zh' : 'en'
}
