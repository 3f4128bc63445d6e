import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { buildSite, checkSite, writeEntry } from '../../scripts/site/build-site.ts'
import { serveSite } from '../../scripts/site/serve-site.ts'
import { installDependencies } from '../../tools/bootstrap/install.mjs'
import { openBrowser, type TestBrowser } from '../support/browser/browser.ts'

const root = resolve(import.meta.dirname, '../..')
const signal = AbortSignal.timeout(870_000)
const folder = mkdtempSync(join(tmpdir(), 'site-'))
const out = join(folder, 'site')
const shared = { root, out, base: '/docs/', versions: ['v9.9.9', 'main'] }
// `npm run docs` builds and compares all pages, which takes minutes on a busy machine.
const PAGES = /^(?:README.*|ARCHITECTURE|docs\/(?:en|zh)\/(?:faq|status|login))\.md$|^docs\/img\//
const main = { ...shared, repository: root, version: 'main', isPage: (file: string) => PAGES.test(file) }

// An older release, with everything that Vue would take for its own.
const TAGGED: Readonly<Record<string, string>> = {
  'README.md': '# Old release\n\nA [page](docs/en/braces.md#braces--and-more) and a [file](examples/a.yaml).\n',
  'README.zh-CN.md': '# 旧版本\n\n[文件夹](examples)\n',
  'examples/a.yaml': 'a: 1\n',
  'docs/en/braces.md': `# Braces

## \`{{ }}\`, and more
{{ 1 + 1 }} and \`{{ 2 + 2 }}\`, {#not-an-id} <a id="by-hand"></a>, v-if="x", @click and example.com stay.

Write &lt;name&gt;, \\<other> and &amp;lt; **&lt;here&gt;**, and \`&lt;\` as it is.

| {{ 3 + 3 }} | \`<name>\` |
| --- | --- |
| \${{ secrets.A }} | name |

\`\`\`yaml
token: \${{ github.token }} # {{ 4 + 4 }}
\`\`\`
`,
}
const repository = join(folder, 'tagged')
const tagged = { ...shared, repository, version: 'v9.9.9' }

let browser: TestBrowser
let site: Awaited<ReturnType<typeof serveSite>>
before(async () => {
  for (const [file, text] of Object.entries(TAGGED)) {
    mkdirSync(dirname(join(repository, file)), { recursive: true })
    writeFileSync(join(repository, file), text)
  }
  await installDependencies(join(root, 'site'))
  await buildSite(main, signal)
  await buildSite(tagged, signal)
  writeEntry(out, 'v9.9.9')
  site = await serveSite(out, shared.base)
  browser = await openBrowser(signal)
})
after(async () => {
  await browser?.[Symbol.asyncDispose]()
  await site?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** The width at which the menus are in the bar. */
const WIDE = { viewport: { width: 1500, height: 900 } }

async function search(language: 'en' | 'zh', query: string, shown = '.result'): Promise<readonly string[]> {
  const { page } = await browser.open(`${site.address}main/${language}/`)
  await page.locator('.VPNavBarSearch button').first().click()
  await page.locator('.VPLocalSearchBox input').fill(query)
  await page.locator(`.VPLocalSearchBox ${shown}`).first().waitFor()
  const results = page.locator('.VPLocalSearchBox .result')
  return results.evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
}

test('each page has the links, the anchors and the words that GitHub shows', async () => {
  await checkSite(main, signal)
})

test('braces and placeholders of a page are text, and its links lead to the files of its tag', async () => {
  await checkSite(tagged, signal)
  const { page, consoleMessages } = await browser.open(`${site.address}v9.9.9/en/`)
  const file = page.getByRole('link', { name: 'file' })
  assert.equal(await file.getAttribute('href'), 'https://github.com/acr-nopass/acr-nopass/blob/v9.9.9/examples/a.yaml')
  await page.getByRole('main').getByRole('link', { name: 'page' }).click()
  await page.getByRole('heading', { level: 1, name: 'Braces' }).waitFor()
  const text = await page.getByRole('main').innerText()
  const placeholders = 'Write <name>, <other> and &lt; <here>, and &lt; as it is.'
  for (const part of ['{{ 1 + 1 }} and {{ 2 + 2 }}, {#not-an-id}', placeholders, '{{ 3 + 3 }}', '{{ 4 + 4 }}']) {
    assert.ok(text.includes(part), part)
  }
  assert.deepEqual(consoleMessages, [])
})

test('a Chinese word is found inside of sentences', async () => {
  const results = await search('zh', '请求')
  assert.ok(results.length > 0)
  for (const href of results) assert.match(href, /^\/docs\/main\/zh\//)
})

test('a query of two words finds what has both words, in both languages', async () => {
  assert.ok((await search('en', 'push pull')).some((href) => href.includes('/en/login.html')))
  assert.ok((await search('zh', '推送 拉取')).some((href) => href.includes('/zh/login.html')))
  assert.deepEqual(await search('zh', '推送 wordthatisnowhere', '.no-results'), [])
})

test('a diagram is drawn, and nothing is loaded from other hosts', async () => {
  const { page, requests } = await browser.open(`${site.address}main/en/architecture.html`)
  await page.locator('.mermaid svg').waitFor({ timeout: 60_000 })
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(site.address) && !url.startsWith('data:')),
    [],
  )
})

test('the menu leads to another version and to the other language, and the entry to the newest version', async () => {
  const { page } = await browser.open(`${site.address}main/zh/faq.html`, WIDE)
  await page.locator('.VPNavBarTranslations button').hover()
  await page.locator('.VPNavBarTranslations').getByRole('link', { name: 'English' }).click()
  await page.waitForURL(`${site.address}main/en/faq.html`)
  await page.locator('.VPNavBarMenu').getByRole('combobox', { name: 'Version' }).selectOption('v9.9.9')
  await page.waitForURL(`${site.address}v9.9.9/en/`)
  const { page: entry } = await browser.open(site.address, { locale: 'zh-CN' })
  await entry.waitForURL(`${site.address}v9.9.9/zh/`)
})
