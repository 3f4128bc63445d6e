/**
 * Compares each page of a built site with the page that GitHub shows: all links, all anchors, and
 * all words. Usage: check-pages.ts SOURCE BUILT BASE VERSION. Prints one line for each difference.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import GithubSlugger from 'github-slugger'
import type { Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { toString as textOf } from 'mdast-util-to-string'
import { gfm } from 'micromark-extension-gfm'
import { type HTMLElement, parse } from 'node-html-parser'
import { REPOSITORY, repositoryPath, stagedPath } from '../scripts/site/site-paths.ts'

/** What a reader gets from a page, wherever it is shown. */
interface Reading {
  readonly links: readonly string[]
  readonly anchors: readonly string[]
  readonly words: string
}

const [source = '', built = '', base = '', version = ''] = process.argv.slice(2)
const problems: string[] = []
for (const page of globSync('{en,zh}/*.md', { cwd: source }).sort()) {
  const file = join(built, page.replace(/\.md$/, '.html'))
  if (!existsSync(file)) {
    problems.push(`${page}: the site has no such page`)
    continue
  }
  const github = readMarkdown(readFileSync(join(source, page), 'utf8'), page)
  const site = readHtml(readFileSync(file, 'utf8'), page)
  problems.push(...compare(page, 'link', github.links, site.links))
  problems.push(...compare(page, 'anchor', github.anchors, site.anchors))
  if (github.words !== site.words) problems.push(`${page}: ${firstDifference(github.words, site.words)}`)
}
for (const problem of problems) console.log(problem)
process.exitCode = problems.length > 0 ? 1 : 0

function compare(page: string, what: string, github: readonly string[], site: readonly string[]): string[] {
  return [
    ...github.filter((one) => !site.includes(one)).map((one) => `${page}: ${what} ${one}: only on GitHub`),
    ...site.filter((one) => !github.includes(one)).map((one) => `${page}: ${what} ${one}: only on the site`),
  ]
}

function firstDifference(github: string, site: string): string {
  const at = [...github].findIndex((_, index) => github[index] !== site[index])
  const from = Math.max(0, at - 30)
  const excerpt = (text: string): string => JSON.stringify(text.slice(from, at + 50))
  return `the text differs: GitHub has ${excerpt(github)}, the site has ${excerpt(site)}`
}

/** Reads a page by CommonMark and GitHub's extensions of it. */
function readMarkdown(text: string, page: string): Reading {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const slugger = new GithubSlugger()
  const links: string[] = []
  const anchors: string[] = []
  const words: string[] = []
  const file = repositoryPath(page)
  const targets = definitions(tree)
  const visit = (node: Nodes): void => {
    if (node.type === 'link' || node.type === 'image') links.push(fromFile(node.url, file))
    if (node.type === 'linkReference') links.push(fromFile(targets.get(node.identifier) ?? '', file))
    if (node.type === 'heading') anchors.push(slugger.slug(textOf(node, { includeImageAlt: false })))
    if (node.type === 'html') {
      const html = parse(node.value)
      for (const { id } of html.querySelectorAll('[id]')) anchors.push(id)
      words.push(html.textContent)
    } else if ('value' in node) words.push(node.value)
    if ('children' in node) for (const child of node.children) visit(child)
  }
  visit(tree)
  return { links, anchors, words: normalize(words.join('')) }
}

function definitions(tree: Root): ReadonlyMap<string, string> {
  return new Map(tree.children.flatMap((node) => (node.type === 'definition' ? [[node.identifier, node.url]] : [])))
}

/** Returns a target as a file of the repository with its anchor, or a URL. */
function fromFile(href: string, file: string): string {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return plain(href)
  const [path = '', anchor] = plain(href).split('#')
  const target = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '')
  return anchor === undefined ? target : `${target}#${anchor}`
}

function plain(href: string): string {
  try {
    return decodeURI(href)
  } catch {
    return href
  }
}

function readHtml(text: string, page: string): Reading {
  // By default the parser takes the content of <pre> as text.
  const main = parse(text, { blockTextElements: { script: true, style: true } }).querySelector('main .vp-doc')
  if (main === null) return { links: [], anchors: [], words: '' }
  const own = main.querySelectorAll('a.header-anchor, button.copy, span.lang')
  for (const node of own) node.remove()
  const links = [
    ...main.querySelectorAll('a[href]').map((node) => fromSite(attribute(node, 'href'), page)),
    ...main.querySelectorAll('img[src]').map((node) => fromSite(attribute(node, 'src'), page)),
  ]
  const anchors = main.querySelectorAll('h1,h2,h3,h4,h5,h6,a').flatMap(({ id }) => (id === '' ? [] : [id]))
  return { links, anchors, words: normalize(main.textContent) }
}

function attribute(node: HTMLElement, name: string): string {
  return node.getAttribute(name) ?? ''
}

/** The inverse of the site's addresses: a file of the repository, or a URL. */
function fromSite(href: string, page: string): string {
  for (const kind of ['blob', 'tree']) {
    const prefix = `${REPOSITORY}/${kind}/${version}/`
    if (href.startsWith(prefix)) return plain(href.slice(prefix.length))
  }
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return plain(href)
  const { pathname, hash } = new URL(href, `http://site${base}${version}/${page.replace(/\.md$/, '.html')}`)
  const below = decodeURIComponent(pathname).slice(`${base}${version}/`.length)
  const asset = /^assets\/(.*)\.[\w-]{8}(\.\w+)$/.exec(below)
  if (asset) return `docs/img/${asset[1]}${asset[2]}`
  const staged = below === '' || below.endsWith('/') ? `${below}index.md` : below.replace(/\.html$/, '.md')
  const file = repositoryPath(staged)
  if (stagedPath(file) === undefined) return `${below}, which is no page`
  return `${file}${decodeURIComponent(hash)}`
}

/** Blanks are not compared, because tables and lists have different ones. */
function normalize(text: string): string {
  return text.replaceAll(/[\s\u200b]+/g, '')
}
