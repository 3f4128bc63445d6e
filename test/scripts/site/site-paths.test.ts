import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sidebarOf } from '../../../scripts/site/sidebar.ts'
import { repositoryPath, siteTarget, stagedPath } from '../../../scripts/site/site-paths.ts'

const GITHUB = 'https://github.com/acr-nopass/acr-nopass'
const isFolder = (path: string): boolean => path === 'examples'

test('a link between pages stays on the site', () => {
  const target = (href: string, page: string) => siteTarget(href, page, 'v1.0.0', isFolder)
  assert.equal(target('values.md#limit', 'en/faq.md'), './values.md#limit')
  assert.equal(target('../zh/faq.md', 'en/faq.md'), '../zh/faq.md')
  assert.equal(target('docs/en/faq.md', 'en/index.md'), './faq.md')
  assert.equal(target('../../README.zh-CN.md', 'zh/faq.md'), './index.md')
  assert.equal(target('../img/sandbox.svg', 'en/faq.md'), '../img/sandbox.svg')
  assert.equal(target('docs/img/sandbox.svg', 'zh/index.md'), '../img/sandbox.svg')
  assert.equal(target('#here', 'en/faq.md'), '#here')
})

test('a link to another file of the repository leads to GitHub, at the same version', () => {
  const target = (href: string, page: string) => siteTarget(href, page, 'v1.0.0', isFolder)
  assert.equal(target('../../SECURITY.md#reports', 'en/faq.md'), `${GITHUB}/blob/v1.0.0/SECURITY.md#reports`)
  assert.equal(target('../../examples/', 'en/faq.md'), `${GITHUB}/tree/v1.0.0/examples`)
  assert.equal(target('chart/README.md', 'en/index.md'), `${GITHUB}/blob/v1.0.0/chart/README.md`)
})

test('an address is not changed', () => {
  for (const href of ['https://example.test/a.md', 'mailto:a@example.test', '//example.test/a']) {
    assert.equal(siteTarget(href, 'en/faq.md', 'main', isFolder), href)
  }
})

test('each page of the site is one file of the repository', () => {
  for (const file of ['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'docs/zh/faq.md', 'docs/img/a.png']) {
    assert.equal(repositoryPath(stagedPath(file) ?? ''), file)
  }
  for (const file of ['CHANGELOG.md', 'docs/evidence/a.json', 'chart/README.md', 'toString']) {
    assert.equal(stagedPath(file), undefined)
  }
})

test('a page that no group names is at the end of the sidebar', () => {
  const groups = sidebarOf(
    'zh',
    new Map([
      ['values', 'Values'],
      ['new-page', '新页面'],
      ['index', '首页'],
    ]),
  )
  assert.deepEqual(groups, [
    { text: '开始使用', items: [{ text: '首页', link: '/zh/' }] },
    { text: '配置', items: [{ text: 'Values', link: '/zh/values' }] },
    { text: '更多', items: [{ text: '新页面', link: '/zh/new-page' }] },
  ])
})
