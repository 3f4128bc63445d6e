import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeCells } from '../../src/fleet/report/cells.ts'
import { renderReportPage } from '../../src/fleet/report/report-page.ts'
import { languageOf, wordsOf } from '../../src/fleet/report/words.ts'
import { NOW } from '../doctor/fixture.ts'
import { at, clusterFacts, RULES } from './facts.ts'
import { openSampleFleet } from './sample-fleet.ts'

test('the language of the report is that of the user, in the order of POSIX, and else English', () => {
  assert.equal(languageOf({ LANG: 'zh_CN.UTF-8' }), 'zh')
  assert.equal(languageOf({ LANG: 'zh' }), 'zh')
  assert.equal(languageOf({ LANG: 'zh_TW.UTF-8', LC_MESSAGES: 'en_US.UTF-8' }), 'en')
  assert.equal(languageOf({ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }), 'zh')
  assert.equal(languageOf({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C.UTF-8' }), 'en')
  assert.equal(languageOf({ LANG: 'zhuang', LC_ALL: '' }), 'en')
  assert.equal(languageOf({}), 'en')
})

test('a Chinese report has the same clusters and findings as the English one, and no English word of its own', async () => {
  await using fleet = await openSampleFleet()
  const texts = async (LANG: string) => {
    const { text } = await fleet.runWith({ LANG }, '-o', 'html')
    assert.match(text, LANG === 'C.UTF-8' ? /<html lang="en">/ : /<html lang="zh-CN">/)
    const shown = text.replace(/^.*<body>/s, '').replaceAll(/data-label="[^"]*"/g, '')
    return shown
      .split(/<[^>]*>/)
      .map((part) => part.trim())
      .filter(Boolean)
  }
  const [english, chinese] = [await texts('C.UTF-8'), await texts('zh_CN.UTF-8')]
  assert.equal(english.length, chinese.length)
  assert.ok(chinese.includes('1 个失败，1 个有偏差，1 个正常'))
  const ofPage = english.filter((part, index) => part !== chinese[index]).map((part) => part.replace(/: .*/s, ''))
  for (const word of ['Cluster', 'State', 'Registries', 'Namespaces', 'failed', 'drifted', 'healthy', 'Fix']) {
    assert.ok(
      ofPage.some((part) => part === word || part.startsWith(`${word} `)),
      word,
    )
    assert.ok(!chinese.some((part) => part === word || part.startsWith(`${word}: `)), word)
  }
})

test('each cell has Chinese words, and a state of a registry that is not known stays as it is', () => {
  const healthy = judgeCluster(clusterFacts(), RULES)
  const zh = wordsOf('zh')
  const cells = (change: object) => describeCells({ ...healthy, ...change }, NOW, zh)
  assert.equal(cells({}).registries, '1 个有效，40 分钟后到期')
  const [registry] = healthy.registries ?? []
  const registries = [
    { ...registry, state: 'failing', expiresAt: at(-5), rights: 'limited' },
    { ...registry, state: 'resting', expiresAt: null },
  ]
  assert.equal(cells({ registries }).registries, '1 个更新失败，1 个resting，1 个已限定，5 分钟前过期')
  const helper = { ...healthy.helper, leader: null }
  assert.equal(cells({ helper, nodes: { total: 9, withPlugin: 2 } }).helper, '2/2，没有主副本，9 个节点中的 2 个')
  assert.equal(cells({ release: { ...healthy.release, chart: null } }).release, '修订版本 #3')
  assert.equal(zh.expiresIn(300), '5 小时后到期')
})

test('a Chinese report names what was not read, what will change, and the cause of a consequence', () => {
  const healthy = judgeCluster(clusterFacts(), RULES)
  const finding = { id: 'HELPER_DOWN', severity: 'error', subject: 's', message: 'm', cause: 'c', fix: 'f' } as const
  const check = {
    ...healthy,
    state: 'failed',
    findings: [{ ...finding, causedBy: 'OBJECTS_DRIFTED' }],
    unread: [{ what: 'RAM', why: 'no credentials' }],
    ahead: [{ id: 'X', message: 'later' }],
  } as unknown as typeof healthy
  const page = renderReportPage({ errors: [], clusters: [check], checkedAt: new Date(NOW).toISOString() }, 'zh')
  for (const part of [
    '共检查 1 个集群。没有写入任何内容。',
    '<h3>未读取</h3>',
    '<h3>将自行变化</h3>',
    '很可能由 OBJECTS_DRIFTED 引起，请先解决它。',
  ]) {
    assert.ok(page.includes(part), part)
  }
})
