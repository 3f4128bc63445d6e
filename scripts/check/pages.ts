import { join } from 'node:path'
import { languageSwitch, twinOf, UNTRANSLATED } from '../generate-docs/languages.ts'

/** The parts that must be equal in the two languages of a page. */
interface Shape {
  readonly headings: readonly number[]
  readonly tables: readonly number[]
  readonly codeBlocks: readonly string[]
}

/**
 * Returns one line for each problem: a page without the link to the other language, and a broken
 * link.
 * @param pages Markdown files by their paths below the root
 * @param exists whether the repository has a file or folder with that path
 */
export function findPageProblems(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): string[] {
  return [...pages].flatMap(([page, text]) => {
    const twin = twinOf(page)
    // A missing translation is reported elsewhere, so a link to that page is not broken.
    const isThere = (path: string): boolean => exists(path) || path === twin?.path
    return [...switchProblems(page, text), ...linkProblems(page, text, pages, isThere)]
  })
}

/**
 * Returns one line for each difference between the languages: a page, a heading, a table or its
 * lines, a code block or a link that one language lacks, and a text that is still English.
 */
export function findTranslationGaps(pages: ReadonlyMap<string, string>): string[] {
  return [...pages].flatMap(([page, text]) => {
    const twin = twinOf(page)
    if (twin === undefined) return []
    const other = pages.get(twin.path)
    if (other === undefined) return [`${page}: ${twin.path} does not exist`]
    // Each difference is reported once, at the Chinese page.
    if (twin.language === 'zh') return []
    return [
      ...findDifferences(page, shapeOf(text), shapeOf(other)),
      ...linkDifferences(page, text, other),
      ...findEnglish(page, text),
    ]
  })
}

/** Where the Chinese texts of the generated pages are written. */
export const CHINESE_SOURCES: Readonly<Record<string, string>> = {
  'chart/README.zh-CN.md': 'scripts/generate-chart-readme/zh.yaml',
  'docs/zh/action.md': 'scripts/generate-docs/action/inputs.yaml',
  'docs/zh/clusters.md': 'scripts/generate-values/texts/clusters-zh.yaml',
  'docs/zh/errors.md': 'scripts/generate-docs/errors-zh.yaml',
  'docs/zh/metrics.md': 'scripts/generate-docs/metrics-zh.yaml',
  'docs/zh/troubleshooting.md': 'scripts/generate-docs/findings.yaml',
  'docs/zh/values.md': 'scripts/generate-values/texts/values-zh.yaml',
}

function findEnglish(page: string, text: string): string[] {
  const source = CHINESE_SOURCES[page]
  const place = source === undefined ? '' : `; translate it in ${source}`
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.includes(UNTRANSLATED) ? [`${page}:${index + 1}: a text is still English${place}`] : [],
    )
}

function switchProblems(page: string, text: string): string[] {
  if (twinOf(page) === undefined) return []
  const [, second = ''] = text.split('\n').filter((line) => line.trim() !== '')
  const expected = languageSwitch(page)
  return second === expected ? [] : [`${page}: the line below the title must be ${expected}`]
}

function findDifferences(page: string, own: Shape, english: Shape): string[] {
  return (Object.keys(own) as (keyof Shape)[]).flatMap((part) => {
    const [mine, theirs] = [own[part], english[part]]
    const at = Array.from({ length: Math.max(mine.length, theirs.length) }, (_, index) => index).find(
      (index) => mine[index] !== theirs[index],
    )
    if (at === undefined) return []
    const words = WORDS[part]
    return [`${page}: ${words.what} ${at + 1}: ${words.show(mine[at])}, in English ${words.show(theirs[at])}`]
  })
}

/**
 * Returns links within the repository that only one language has. Their order does not matter,
 * because sentences differ.
 */
function linkDifferences(page: string, own: string, english: string): string[] {
  const [mine, theirs] = [ownLinks(own), ownLinks(english)]
  return [
    ...itemsWithout(mine, theirs).map((link) => `${page}: link to ${link}: missing in English`),
    ...itemsWithout(theirs, mine).map((link) => `${page}: link to ${link}: only in English`),
  ]
}

/**
 * Returns the targets of links without their language. Of an anchor only its presence is kept, and
 * the language switch is omitted.
 */
function ownLinks(text: string): readonly string[] {
  const targets = readLinks(text.replace(/^\[(?:English|简体中文)\]\(.*\)$/m, ''))
  return targets.map((link) =>
    link
      .replace(/#.*/, '#…')
      .replace(/(^|\/)(?:en|zh)\//, '$1')
      .replace('README.zh-CN.md', 'README.md')
      // A picture of a page that exists in two languages.
      .replace(/-zh\.png$/, '.png'),
  )
}

/** Returns the items of a list that another list lacks, each as often as it is missing. */
function itemsWithout(all: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others]
  return all.filter((one) => {
    const at = rest.indexOf(one)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

const WORDS: Readonly<Record<keyof Shape, { what: string; show: (value: number | string | undefined) => string }>> = {
  headings: { what: 'heading', show: (value) => (value === undefined ? 'missing' : `level ${value}`) },
  tables: { what: 'table', show: (value) => (value === undefined ? 'missing' : `${value} lines`) },
  codeBlocks: {
    what: 'code block',
    show: (value) => (value === undefined ? 'missing' : value === '' ? 'plain' : `${value}`),
  },
}

function shapeOf(text: string): Shape {
  const codeBlocks = [...text.matchAll(/^ *```(\w*)[^\n]*\n[\s\S]*?^ *```$/gm)].map(([, language = '']) => language)
  const prose = withoutCode(text)
  const headings = [...prose.matchAll(/^(#{1,6}) /gm)].map(([, marks = '']) => marks.length)
  const tables = [...prose.matchAll(/(?:^\|[^\n]*\n?)+/gm)].map(([lines]) => lines.trimEnd().split('\n').length)
  return { headings, tables, codeBlocks }
}

function linkProblems(
  page: string,
  text: string,
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): string[] {
  return readLinks(text).flatMap((link) => {
    const [target = '', anchor] = link.split('#')
    const path = target === '' ? page : join(page, '..', target)
    if (!exists(path)) return [`${page}: ${link}: ${path} does not exist`]
    const there = pages.get(path)
    if (anchor === undefined || there === undefined || anchorsOf(there).has(decodeURIComponent(anchor))) return []
    return [`${page}: ${link}: ${path} has no such heading`]
  })
}

/** Returns the targets of links and images, except URLs. */
export function readLinks(text: string): string[] {
  const prose = withoutCode(text).replaceAll(/`[^`\n]*`(\])?/g, (code, end) => (end === undefined ? '' : code))
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target))
}

/**
 * Returns the anchors that GitHub generates for the headings of a page, and the explicit anchors.
 */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id))
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = slugOf(heading)
    const free = [slug, ...Array.from({ length: 99 }, (_, index) => `${slug}-${index + 1}`)].find(
      (name) => !anchors.has(name),
    )
    anchors.add(free ?? slug)
  }
  return anchors
}

// The same rules as github-slugger: https://github.com/Flet/github-slugger
function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}
