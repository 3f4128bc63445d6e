import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHINESE_SOURCES, findPageProblems, findTranslationGaps, readLinks } from '../../scripts/check/pages.ts'
import { languageSwitch, untranslated } from '../../scripts/generate-docs/languages.ts'
import { absoluteLinks, readReleased } from '../../scripts/release/absolute-links.ts'

const root = join(import.meta.dirname, '../..')

const EN = `# A page

[简体中文](../zh/a.md)

## One
| a | b |
| --- | --- |
| 1 | [values](b.md#two-words) |

\`\`\`sh
# not a heading
echo "[not a link](nowhere.md)"
\`\`\`
`
const ZH = EN.replace('[简体中文](../zh/a.md)', '[English](../en/a.md)').replace('## One', '## 一')
const OTHER = {
  'docs/en/b.md': '# B\n\n[简体中文](../zh/b.md)\n\n## Two `words`\n',
  'docs/zh/b.md': '# B\n\n[English](../en/b.md)\n\n## Two words\n',
}

function problems(pages: Readonly<Record<string, string>>): string[] {
  const all = new Map(Object.entries({ ...OTHER, ...pages }))
  return findPageProblems(all, (path) => all.has(path))
}

function gaps(pages: Readonly<Record<string, string>>): string[] {
  return findTranslationGaps(new Map(Object.entries({ ...OTHER, ...pages })))
}

test('a page in two languages with the same headings, tables and code blocks passes', () => {
  assert.deepEqual(problems({ 'docs/en/a.md': EN, 'docs/zh/a.md': ZH }), [])
  assert.deepEqual(gaps({ 'docs/en/a.md': EN, 'docs/zh/a.md': ZH }), [])
})

test('a page without the link to the other language is rejected; one that is not translated is a gap', () => {
  assert.deepEqual(problems({ 'docs/en/a.md': EN }), [])
  assert.deepEqual(gaps({ 'docs/en/a.md': EN }), ['docs/en/a.md: docs/zh/a.md does not exist'])
  const without = EN.replace('[简体中文](../zh/a.md)\n\n', '')
  assert.deepEqual(problems({ 'docs/en/a.md': without, 'docs/zh/a.md': ZH }), [
    'docs/en/a.md: the line below the title must be [简体中文](../zh/a.md)',
  ])
})

test('a different heading level, a missing row and a missing code block are reported for the page that differs', () => {
  const changed = ZH.replace('## 一', '### 一')
    .replace('| 1 | [values](b.md#two-words) |\n', '')
    .replace(/```[\s\S]*```\n/, '')
  assert.deepEqual(gaps({ 'docs/en/a.md': EN, 'docs/zh/a.md': changed }), [
    'docs/zh/a.md: heading 2: level 3, in English level 2',
    'docs/zh/a.md: table 1: 2 lines, in English 3 lines',
    'docs/zh/a.md: code block 1: missing, in English sh',
    'docs/zh/a.md: link to b.md#…: only in English',
  ])
})

test('a link that only one language has is reported, in whatever order; one to the other place of a page is another link', () => {
  const end = '\nSee [one](b.md), [two](../en/b.md) and [three](b.md#two-words).\n'
  const same = '\n[三](b.md#two-words)、[一](b.md)、[二](../zh/b.md)。\n'
  assert.deepEqual(gaps({ 'docs/en/a.md': EN + end, 'docs/zh/a.md': ZH + same }), [])
  assert.deepEqual(gaps({ 'docs/en/a.md': EN + end, 'docs/zh/a.md': ZH + same.replace('#two-words', '') }), [
    'docs/zh/a.md: link to b.md: missing in English',
    'docs/zh/a.md: link to b.md#…: only in English',
  ])
})

test('an English text on a Chinese page is a gap, with its line', () => {
  const zh = ZH.replace('| 1 |', `| ${untranslated('one')} |`)
  assert.deepEqual(gaps({ 'docs/en/a.md': EN, 'docs/zh/a.md': zh }), ['docs/zh/a.md:8: a text is still English'])
})

test('an English text on a generated Chinese page is a gap that names the file in which it is translated', () => {
  const line = untranslated('one')
  assert.deepEqual(gaps({ 'docs/en/values.md': 'one\n', 'docs/zh/values.md': `${line}\n` }), [
    'docs/zh/values.md:1: a text is still English; translate it in scripts/generate-values/texts/values-zh.yaml',
  ])
  for (const [page, source] of Object.entries(CHINESE_SOURCES)) {
    for (const path of [page, source]) assert.ok(existsSync(join(root, path)), path)
  }
})

test('a picture may be in the language of its page', () => {
  const pages = { 'docs/en/a.md': `${EN}\n![p](../img/p.png)\n`, 'docs/zh/a.md': `${ZH}\n![p](../img/p-zh.png)\n` }
  assert.deepEqual(gaps(pages), [])
})

test('a link to a file or a heading that does not exist is rejected; headings are named as GitHub does', () => {
  const page = (links: string) =>
    `# Root\n${links}\n## API Server 的代理（如有）\n## Twice\n## Twice\n<a id="own"></a>\n`
  const good =
    '[a](#api-server-的代理如有) [b](#twice-1) [c](#own) [d](docs/en/b.md#two-words) [e](https://example.com/x#y)'
  assert.deepEqual(problems({ 'SECURITY.md': page(good) }), [])
  assert.deepEqual(problems({ 'SECURITY.md': page('only [`a`](#gone) and [`b`](#twice)') }), [
    'SECURITY.md: #gone: SECURITY.md has no such heading',
  ])
  assert.deepEqual(problems({ 'SECURITY.md': page('[a](#twice-2) [b](docs/en/b.md#three) ![c](img/x.png)') }), [
    'SECURITY.md: #twice-2: SECURITY.md has no such heading',
    'SECURITY.md: docs/en/b.md#three: docs/en/b.md has no such heading',
    'SECURITY.md: img/x.png: img/x.png does not exist',
  ])
})

test('the READMEs have their own language switch', () => {
  assert.equal(languageSwitch('README.md'), '[简体中文](README.zh-CN.md)')
  assert.equal(languageSwitch('chart/README.zh-CN.md'), '[English](README.md)')
  assert.equal(languageSwitch('docs/zh/values.md'), '[English](../en/values.md)')
})

test('pages in the packaged chart and the npm package contain no path of the repository', () => {
  const released = readReleased(readFileSync(join(root, 'package.json'), 'utf8'))
  const base = `https://github.com/acr-nopass/acr-nopass`
  assert.equal(
    absoluteLinks('[a](../docs/en/a.md#b) ![c](../docs/img/c.png) [d](#e) [f](https://x.org)', 'chart', {
      repository: base,
      version: '1.2.3',
    }),
    `[a](${base}/blob/v1.2.3/docs/en/a.md#b) ![c](${base}/raw/v1.2.3/docs/img/c.png) [d](#e) [f](https://x.org)`,
  )
  for (const [page, folder] of [
    ['chart/README.md', 'chart'],
    ['chart/README.zh-CN.md', 'chart'],
    ['README.md', ''],
    ['README.zh-CN.md', ''],
    ['CHANGELOG.md', ''],
  ] as const) {
    const packed = absoluteLinks(readFileSync(join(root, page), 'utf8'), folder, released)
    assert.deepEqual(
      readLinks(packed).filter((target) => !target.startsWith('#')),
      [],
      page,
    )
  }
})
