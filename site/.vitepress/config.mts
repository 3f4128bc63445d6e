import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import GithubSlugger from 'github-slugger'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { type Language, sidebarOf } from '../../scripts/site/sidebar.ts'
import { REPOSITORY, siteTarget } from '../../scripts/site/site-paths.ts'
import { plainMarkdown, splitWords } from './plain-markdown.ts'

/** What scripts/site/build-site.ts sets: one build shows the pages of one version. */
interface SiteBuild {
  readonly source: string
  readonly out: string
  /** The repository of this version, to tell folders from files. */
  readonly repository: string
  readonly base: string
  /** A tag, or `main`. */
  readonly version: string
  readonly versions: readonly string[]
  /** Whether some pages are left out, so that links to them lead nowhere. */
  readonly partial: boolean
}
const build: SiteBuild = JSON.parse(process.env.ACR_NOPASS_SITE ?? '{}')

/** Part of each page, because the pages of a tag are in a folder of their own. */
const ICON = `data:image/svg+xml;base64,${readFileSync(new URL('../../docs/img/icon.svg', import.meta.url), 'base64')}`

function isFolder(path: string): boolean {
  return statSync(join(build.repository, path), { throwIfNoEntry: false })?.isDirectory() ?? false
}

function titles(language: Language): Map<string, string> {
  const folder = join(build.source, language)
  const entries = readdirSync(folder).filter((name) => name.endsWith('.md'))
  return new Map(
    entries.map((name) => {
      const [, title = name] = /^# (.*)$/m.exec(readFileSync(join(folder, name), 'utf8')) ?? []
      return [name.slice(0, -3), title.replaceAll('`', '')]
    }),
  )
}

const TEXTS = {
  en: {
    label: 'English',
    lang: 'en',
    title: 'On this page',
    previous: 'Previous',
    next: 'Next',
    edit: 'The source of this page',
  },
  zh: { label: '简体中文', lang: 'zh-CN', title: '本页内容', previous: '上一页', next: '下一页', edit: '本页的源文件' },
} as const

function themeOf(language: Language): DefaultTheme.Config {
  const text = TEXTS[language]
  const root = build.base.slice(0, -(build.version.length + 1))
  return {
    nav: [{ component: 'VersionMenu', props: { root, version: build.version, versions: build.versions, language } }],
    sidebar: sidebarOf(language, titles(language)) as DefaultTheme.SidebarItem[],
    outline: { label: text.title, level: [2, 3] },
    docFooter: { prev: text.previous, next: text.next },
    ...(language === 'zh' && {
      returnToTopLabel: '回到顶部',
      sidebarMenuLabel: '菜单',
      darkModeSwitchLabel: '外观',
      langMenuLabel: '切换语言',
    }),
  }
}

const SEARCH_ZH = {
  button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
  modal: {
    displayDetails: '显示详情',
    noResultsText: '没有结果：',
    resetButtonTitle: '清除',
    backButtonTitle: '关闭',
    footer: { selectText: '打开', navigateText: '选择', closeText: '关闭' },
  },
}

export default defineConfig({
  head: [['link', { rel: 'icon', href: ICON }]],
  srcDir: build.source,
  outDir: build.out,
  cacheDir: `${build.source}.cache`,
  base: build.base,
  title: 'acr-nopass',
  description: 'Password-free pulls from Alibaba Cloud Container Registry in every namespace',
  locales: Object.fromEntries(
    (['en', 'zh'] as const).map((language) => {
      const { label, lang } = TEXTS[language]
      return [language, { label, lang, link: `/${language}/`, themeConfig: themeOf(language) }]
    }),
  ),
  themeConfig: {
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    search: {
      provider: 'local',
      options: {
        locales: { zh: { translations: SEARCH_ZH } },
        miniSearch: {
          options: { tokenize: splitWords },
          // Each further word of a query narrows the result.
          searchOptions: { combineWith: 'AND', fuzzy: 0.1, prefix: true },
        },
      },
    },
  },
  // Every picture has an address, so that the check finds it.
  vite: { build: { assetsInlineLimit: 0 }, esbuild: { tsconfigRaw: {} } },
  ignoreDeadLinks: build.partial,
  markdown: {
    attrs: { disable: true },
    anchor: {
      // GitHub's anchors: a link works in the repository and on the site.
      slugify: (text) => new GithubSlugger().slug(text),
    },
    config: (md) => plainMarkdown(md, (href, page) => siteTarget(href, page, build.version, isFolder)),
  },
})
