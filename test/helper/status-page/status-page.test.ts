import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { relativeTime } from '../../../src/helper/status-page/html.ts'
import { findProblems, judgeStatus, renderStatusPage } from '../../../src/helper/status-page/status-page.ts'
import { STYLE_SOURCE } from '../../../src/helper/status-page/style.ts'
import { chooseLanguage, type Language, wordsOf } from '../../../src/helper/status-page/words.ts'
import type { HelperStatus } from '../../../src/installation/helper-status.ts'
import { at, denied, NOW, registry, status } from './fixtures.ts'

const verdict = (more: Partial<HelperStatus>, language: Language = 'en'): string => {
  const all = status(more)
  const { tone, headline, detail } = judgeStatus(all, findProblems(all).length, wordsOf(language), NOW)
  return `${tone}: ${headline} / ${detail}`
}

test('the page begins with the overall state, in which deliberately skipped objects do not count', () => {
  const pending = registry('new', { state: 'pending' })
  const namespaces = (more: Partial<HelperStatus['namespaces']>): Partial<HelperStatus> => ({
    namespaces: { total: 5, current: 3, pending: 0, skipped: {}, ...more },
  })
  assert.deepEqual(
    [
      verdict({}),
      verdict(namespaces({ total: 3, current: 1, pending: 2 })),
      verdict(namespaces({ skipped: { 'foreign-secret': 1, terminating: 1 } })),
      verdict({ problems: [denied], registries: [registry('prod', { state: 'failing', error: denied })] }),
      verdict({ registries: [pending] }),
      verdict(namespaces({ total: 2, current: 0, skipped: { 'not-targeted': 2 } })),
      verdict({ retired: true }),
      verdict({ problems: [denied] }, 'zh'),
    ],
    [
      'good: All 3 namespaces have a current pull secret / There is nothing to fix.',
      'busy: 1 of 3 namespaces have a current pull secret / The rest is being written.',
      'bad: 3 of 4 namespaces have a current pull secret / 3 of 4 namespaces have a current pull secret.',
      'bad: 2 problems to fix / 3 of 3 namespaces have a current pull secret.',
      'busy: Waiting for the first credential / Pull secrets are written as soon as a registry has issued a credential.',
      'busy: No namespace to serve / None matches targets.namespaces of the values, or all are excluded by label.',
      'good: Retired: nothing of the helper is in use / The release can be removed.',
      'bad: 有 1 个问题需要处理 / 3 个命名空间中有 3 个的拉取凭证为最新。',
    ],
  )
})

test('an expired credential is never shown as good, whatever the last report of a leader says', () => {
  const gone = registry('prod', { expiresAt: at(0) })
  const expired =
    'bad: A credential has expired / Pulls that need it fail, because no replica renewed it. Read the log of the helper.'
  assert.equal(verdict({ registries: [registry('other'), gone] }), expired)
  assert.equal(
    verdict({ registries: [gone] }, 'zh'),
    'bad: 有凭证已过期 / 没有副本更新该凭证，需要它的拉取会失败。请查看 helper 的日志。',
  )
  assert.match(verdict({ registries: [gone], problems: [denied] }), /^bad: 1 problem to fix/)
  assert.match(verdict({ registries: [registry('prod', { expiresAt: at(1) })] }), /^good: All 3/)
  const page = renderStatusPage(status({ registries: [gone] }), NOW)
  assert.match(page, /<span class="state bad">Expired</)
  assert.doesNotMatch(page, /class="state good"/)
})

test('problems come first, and problems of registries before others; each has its fix, start time and code', () => {
  const foreign = { ...denied, code: 'FOREIGN_SECRET', namespace: 'shop', object: 'Secret acr-nopass' }
  const page = renderStatusPage(
    status({ problems: [foreign], registries: [registry('prod', { state: 'failing', error: denied })] }),
    NOW,
  )
  const order = [
    '2 problems to fix',
    '>Registry prod<',
    'Run <code>acr-nopass policy</code>',
    '>Namespace shop · Secret',
  ]
  const positions = [...order, '<table'].map((text) => page.indexOf(text))
  assert.ok(
    positions.every((position, index) => position > (positions[index - 1] ?? 0)),
    JSON.stringify(positions),
  )
  assert.match(page, /90 minutes ago<\/time> <small><time>10:30:00 UTC/)
  assert.match(page, /<code>CLOUD_DENIED · NoPermission<\/code>/)
})

test('the page shows when a registry’s credential expires and when it is renewed', () => {
  const page = renderStatusPage(
    status({ registries: [registry('prod'), registry('old', { expiresAt: at(3000) })] }),
    NOW,
  )
  assert.match(page, /in 45 minutes<\/time> <small><time>12:45:00 UTC/)
  assert.match(page, /aria-label="25 % of lifetime elapsed"/)
  assert.match(page, /in 2 days<\/time> <small><time>2026-01-03 14:00:00 UTC/)
})

test('the Chinese page shows times in UTC+8, with the date of that zone', () => {
  const page = renderStatusPage(
    status({ registries: [registry('prod'), registry('old', { expiresAt: at(300) })] }),
    NOW,
    'zh',
  )
  assert.match(page, /45分钟后<\/time> <small><time>20:45:00 UTC\+8/)
  assert.match(page, /5小时后<\/time> <small><time>2026-01-02 01:00:00 UTC\+8/)
  assert.doesNotMatch(page, /UTC(?!\+8)/)
})

test('everything in a report is shown as text: no tag, no attribute, no script', () => {
  const evil = `"><script>alert('1')</script>`
  const page = renderStatusPage(
    status({
      problems: [{ ...denied, message: evil, fix: evil, namespace: evil }],
      registries: [registry(evil, { domains: [evil] })],
      secretName: evil,
      leader: evil,
    }),
    NOW,
  )
  assert.ok(!page.includes('<script'))
  assert.ok(page.includes('&#34;&#62;&#60;script&#62;'))
})

test('the content security policy allows exactly the page’s style sheet and no other', () => {
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(renderStatusPage(status(), NOW)) ?? []
  assert.equal(STYLE_SOURCE, `'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  assert.ok(!renderStatusPage(status(), NOW).includes(' style='))
})

test('times are short: seconds, minutes up to two hours, hours up to two days, days', () => {
  const minute = 60_000
  assert.deepEqual(
    [-12_000, 59_000, -minute, 119 * minute, 120 * minute, 47 * 60 * minute, -48 * 60 * minute, 0].map((ms) =>
      relativeTime(ms, 'en'),
    ),
    [
      '12 seconds ago',
      'in 59 seconds',
      '1 minute ago',
      'in 119 minutes',
      'in 2 hours',
      'in 47 hours',
      '2 days ago',
      'now',
    ],
  )
  assert.equal(relativeTime(5 * minute, 'zh-CN'), '5分钟后')
  assert.equal(relativeTime(-400, 'zh-CN'), '刚刚')
  assert.equal(relativeTime(-1_000, 'zh-CN'), '1秒钟前')
})

test('the page uses the requested language, or the language that the browser prefers', () => {
  assert.deepEqual(
    [
      chooseLanguage('zh', 'en-US,en;q=0.9'),
      chooseLanguage(null, 'de-DE,zh-CN;q=0.8,en;q=0.5'),
      chooseLanguage(null, 'en-US,zh;q=0.1'),
      chooseLanguage('fr', ''),
    ],
    ['zh', 'zh', 'en', 'en'],
  )
  const page = renderStatusPage(status(), NOW, 'zh')
  assert.match(page, /<html lang="zh-CN">/)
  assert.match(page, /href="\/\?lang=en" lang="en">English/)
})

test('a limited credential shows its list and whether the limit was confirmed; the others show that they have the whole role', () => {
  const limit = {
    entries: ['a'],
    repositories: ['base/*', 'team-a/*'],
    granted: 'granted',
    reason: 'HTTP 404',
  } as const
  const of = (width: 'limited' | 'too-wide' | 'not-checked', language: 'en' | 'zh' = 'en'): string => {
    const registries = [registry('base.0a1b2c3d', { limit: { ...limit, width } }), registry('prod')]
    return renderStatusPage(status({ registries }), NOW, language)
  }
  assert.match(of('limited'), /<small>limited to base\/\*, team-a\/\*<\/small><small class="">limit confirmed/)
  assert.match(of('not-checked'), /<small class="">limit not checked/)
  assert.match(of('limited'), /<small>whole role<\/small>/)
  assert.match(of('limited', 'zh'), /限定于 base\/\*, team-a\/\*/)
  const wide = of('too-wide')
  assert.match(wide, /<small class="state bad">can pull other lists too/)
  assert.match(wide, /1 problem to fix/)
  assert.match(wide, /<code>CREDENTIAL_TOO_WIDE<\/code>/)
  const many = { ...limit, width: 'limited', repositories: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] } as const
  assert.match(renderStatusPage(status({ registries: [registry('x', { limit: many })] }), NOW), /e, f, 2 more</)
  assert.doesNotMatch(renderStatusPage(status(), NOW), /whole role/)
})
