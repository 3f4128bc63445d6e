import { posix } from 'node:path'

/** Where the repository is on GitHub. */
export const REPOSITORY = 'https://github.com/acr-nopass/acr-nopass'

/** Pages outside of docs/ that the site shows, and their places in it. */
const MORE_PAGES: Readonly<Record<string, string>> = {
  'README.md': 'en/index.md',
  'README.zh-CN.md': 'zh/index.md',
  'ARCHITECTURE.md': 'en/architecture.md',
}

/**
 * Returns the path of a file of the repository below the site's sources, or undefined if the site
 * does not have it.
 */
export function stagedPath(file: string): string | undefined {
  const known = Object.hasOwn(MORE_PAGES, file) ? MORE_PAGES[file] : undefined
  if (known !== undefined) return known
  return /^docs\/(?:(?:en|zh)\/[^/]+\.md|img\/[^/]+)$/.test(file) ? file.slice('docs/'.length) : undefined
}

/** The inverse of `stagedPath`. */
export function repositoryPath(staged: string): string {
  const known = Object.entries(MORE_PAGES).find(([, path]) => path === staged)
  return known?.[0] ?? `docs/${staged}`
}

/**
 * Returns the target of a link for the site. Links between its pages stay relative. Links to other
 * files of the repository lead to GitHub, at the version that the site describes.
 * @param staged the page with the link, below the site's sources
 * @param isFolder whether a path of the repository is a folder
 */
export function siteTarget(href: string, staged: string, ref: string, isFolder: (path: string) => boolean): string {
  if (/^(?:[a-z][a-z\d+.-]*:|\/\/|#)/i.test(href)) return href
  const [, path = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(href) ?? []
  const file = posix.join(posix.dirname(repositoryPath(staged)), decodeURIComponent(path))
  const there = stagedPath(file)
  if (there === undefined) {
    const name = file.replace(/\/$/, '')
    const kind = isFolder(name) ? 'tree' : 'blob'
    return `${REPOSITORY}/${kind}/${ref}/${encodeURI(name)}${rest}`
  }
  const relative = posix.relative(posix.dirname(staged), there)
  return `${relative.startsWith('.') ? '' : './'}${encodeURI(relative)}${rest}`
}
