export type Language = 'en' | 'zh'

/** The groups of pages in the order in which a reader needs them. */
const GROUPS: readonly { readonly en: string; readonly zh: string; readonly pages: readonly string[] }[] = [
  {
    en: 'Start',
    zh: '开始使用',
    pages: [
      'index',
      'quick-start-ack',
      'quick-start-serverless',
      'quick-start-self-built',
      'existing-workloads',
      'mainland-china',
      'from-source',
    ],
  },
  {
    en: 'Decide',
    zh: '选型',
    pages: ['faq', 'cluster-kinds', 'compared', 'pull-secret-or-plugin', 'migrate', 'migrate-back', 'support'],
  },
  {
    en: 'Configure',
    zh: '配置',
    pages: [
      'values',
      'clusters',
      'teams',
      'nodes',
      'login',
      'action',
      'cli',
      'other-ci',
      'gitops',
      'proxy',
      'vpc-endpoints',
    ],
  },
  {
    en: 'Operate',
    zh: '运维',
    pages: [
      'fleet',
      'status',
      'troubleshooting',
      'errors',
      'metrics',
      'other-tools',
      'leaked-secret',
      'scale',
      'performance',
    ],
  },
  {
    en: 'Trust',
    zh: '安全与可靠性',
    pages: ['security', 'reliability', 'verify', 'release', 'decisions', 'architecture'],
  },
]

interface SidebarGroup {
  readonly text: string
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

/**
 * Returns the sidebar of a language. A page that no group names is at the end, so that no page is
 * lost.
 * @param titles the titles of the language's pages by their names without `.md`
 */
export function sidebarOf(language: Language, titles: ReadonlyMap<string, string>): SidebarGroup[] {
  const grouped = new Set(GROUPS.flatMap(({ pages }) => pages))
  const others = [...titles.keys()].filter((name) => !grouped.has(name)).sort()
  const all = [...GROUPS, { en: 'More', zh: '更多', pages: others }]
  return all
    .map((group) => ({
      text: group[language],
      items: group.pages.flatMap((name) => {
        const text = titles.get(name)
        return text === undefined ? [] : [{ text, link: `/${language}/${name === 'index' ? '' : name}` }]
      }),
    }))
    .filter(({ items }) => items.length > 0)
}
