import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { APPLY } from '../../src/kube/client.ts'
import { type HelperCluster, HOME, openHelperCluster, SECRET } from '../cluster/helper-cluster.ts'
import { openBrowser, type TestBrowser } from '../support/browser/browser.ts'
import { findTooWide, findWeakTexts } from '../support/browser/page-checks.ts'
import { expectPicture } from '../support/browser/picture.ts'
import { eventually } from '../support/eventually.ts'
import type { Changing } from '../support/sample.ts'

/**
 * The pages of docs/en/status.md and docs/zh/status.md; `UPDATE_SCREENSHOTS=1` takes them again.
 */
const SCREENSHOTS = { 'en-US': 'status-page', 'zh-CN': 'status-page-zh' } as const

let helperCluster: HelperCluster
let browser: TestBrowser
before(async () => {
  const opened = await Promise.allSettled([openHelperCluster('status-page'), openBrowser(AbortSignal.timeout(600_000))])
  if (opened[0].status === 'fulfilled') helperCluster = opened[0].value
  if (opened[1].status === 'fulfilled') browser = opened[1].value
  for (const one of opened) if (one.status === 'rejected') throw one.reason
  await makeTrouble()
})
after(async () => {
  await browser?.[Symbol.asyncDispose]()
  await helperCluster?.[Symbol.asyncDispose]()
})

/**
 * Ordinary namespaces, one with another client's Secret, one whose list is applied; one of three
 * registries does not exist.
 */
async function makeTrouble(): Promise<void> {
  const { chart, cloud } = helperCluster
  for (const name of ['billing', 'checkout', 'payments', 'search', 'shop', 'warehouse', HOME])
    await chart.createNamespace(name)
  await apply(`/api/v1/namespaces/billing/secrets/${SECRET}`, 'kubectl-create', {
    kind: 'Secret',
    metadata: { name: SECRET },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64('{"auths":{}}') },
  })
  await applyList([{ name: 'own-registry' }])
  await apply(`/api/v1/namespaces/${HOME}/secrets/legacy-login`, 'kubectl-create', {
    kind: 'Secret',
    metadata: { name: 'legacy-login' },
    data: { username: base64(cloud.registryPush.username), password: base64(cloud.registryPush.password) },
  })
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  const prod = { name: 'prod', edition: 'enterprise', instanceId: instance?.id, region: instance?.region }
  const overseas = { ...prod, name: 'overseas', instanceId: 'cri-q8w2e4r6t1y3u5i7' }
  const domains = ['crpi-abc123.cn-hangzhou.personal.cr.aliyuncs.com']
  const legacy = { name: 'legacy', edition: 'static', domains, existingSecret: 'legacy-login' }
  await helperCluster.install({ registries: [prod, overseas, legacy] })
  await helperCluster.settled()
}

/** A server-side apply, as by kubectl or a GitOps tool. */
function apply(path: string, fieldManager: string, body: object): Promise<unknown> {
  const query = { fieldManager, force: true }
  return helperCluster.admin.request({
    method: 'PATCH',
    path,
    query,
    contentType: APPLY,
    body: { apiVersion: 'v1', ...body },
  })
}

/** The list of a ServiceAccount that Argo CD applies. */
function applyList(imagePullSecrets: readonly { readonly name: string }[]): Promise<unknown> {
  const body = { kind: 'ServiceAccount', metadata: { name: 'default' }, imagePullSecrets }
  return apply('/api/v1/namespaces/payments/serviceaccounts/default', 'argocd-controller', body)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const url = async (path = '/'): Promise<string> => `http://${(await helperCluster.leader()).ip}:8081${path}`

test('the page begins with the problems, each with its fix, and the browser reports no error', async () => {
  const address = await url()
  const { page, requests, consoleMessages } = await browser.open(address)
  await eventually(async () => {
    await page.reload()
    assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /^3 problems to fix$/)
  }, 30_000)
  const problems = await page.getByRole('list').first().getByRole('listitem').allInnerTexts()
  assert.deepEqual(problems.map((text) => /^(.*)\n/.exec(text)?.[1]).sort(), [
    'Namespace billing',
    'Namespace payments · ServiceAccount default',
    'Registry overseas',
  ])
  assert.ok(problems.every((text) => /\nFix .{20}/.test(text) && /\n(now|.+ ago)\s.*\d\d:\d\d:\d\d UTC/.test(text)))
  assert.match(problems[0] ?? '', /^Registry overseas\n/)
  assert.match(problems.join(), /kubectl-create.*FOREIGN_SECRET/s)
  assert.match(problems.join(), /argocd-controller.*FOREIGN_LIST/s)
  assert.ok(
    requests.every((request) => request.startsWith(address)),
    requests.join(),
  )
  assert.deepEqual(consoleMessages, [])
  const text = await page.content()
  for (const word of [helperCluster.cloud.registryPush.password, 'cr_temp_user']) assert.ok(!text.includes(word), word)
})

test('registries and coverage have the roles and names that a screen reader needs', async () => {
  const { page } = await browser.open(await url())
  const table = page.getByRole('table', { name: 'Registries' })
  assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), [
    'Name',
    'Credential',
    'Expires',
    'Renewal due',
    'Domains',
  ])
  const row = (name: string) => table.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
  assert.match(
    await row('prod').innerText(),
    /Live\s+login accepted\s+in \d+ minutes\s+.*demo-registry\.cn-hangzhou\.cr\.aliyuncs\.com/s,
  )
  assert.match(await row('overseas').innerText(), /None yet/)
  assert.match(await row('legacy').innerText(), /static\s+Live\s+login accepted\s+never\s+never/s)
  assert.match((await row('prod').getByRole('img').getAttribute('aria-label')) ?? '', /^\d+ % of lifetime elapsed$/)
  const status = await helperCluster.settled()
  const coverage = page.locator('section').filter({ hasText: 'Namespaces with the pull secret' })
  assert.match(await coverage.innerText(), new RegExp(`${status.namespaces.current}\\s+of \\d+`))
  assert.match(await coverage.innerText(), /1\s+with a Secret of that name which is not ours/)
  assert.match(await page.locator('section').nth(1).innerText(), /1\s+with a list that another client applies/)
  assert.ok((await page.getByRole('img').all()).length >= 3)
  for (const image of await page.getByRole('img').all()) assert.ok(await image.getAttribute('aria-label'))
  assert.equal(await page.getByRole('main').count(), 1)
  assert.equal(await page.getByRole('banner').count(), 1)
})

test('every text is legible, in light and dark; the page fits 380 pixels and every larger width', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const locale of ['en-US', 'zh-CN']) {
      const { page } = await browser.open(await url(), { colorScheme, locale })
      assert.deepEqual(await findWeakTexts(page), [], `${colorScheme} ${locale}`)
      for (const width of [380, 700, 720, 1080]) {
        await page.setViewportSize({ width, height: 800 })
        assert.deepEqual(await findTooWide(page), [], `${width} ${locale}`)
      }
    }
  }
})

test('a Chinese browser gets Chinese, and both languages are one click away', async () => {
  const { page, consoleMessages } = await browser.open(await url(), { locale: 'zh-CN' })
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '有 3 个问题需要处理')
  await page.getByRole('link', { name: 'English' }).click()
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '3 problems to fix')
  await page.getByRole('link', { name: 'Reload' }).click()
  await page.getByRole('link', { name: '中文' }).click()
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
  assert.deepEqual(consoleMessages, [])
})

test("the page's content security policy allows no script, no frame, no form and nothing from elsewhere", async () => {
  const response = await fetch(await url())
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(
    policy,
    /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-[^']+'; img-src 'self'$/,
  )
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const { page, consoleMessages } = await browser.open(await url())
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))`,
  )
  assert.equal(await page.evaluate('window.ran'), undefined)
  assert.match(consoleMessages.join(), /Content Security Policy/)
})

/** Times, addresses and names that differ from run to run. */
const CHANGING: Changing = [
  [/(?:20\d\d-\d\d-\d\d )?\d\d:\d\d:\d\d/g, 'HH:MM:SS'],
  [/127\.0\.0\.1:\d+/g, 'ADDRESS'],
  [/\b(?:now|\d+ (?:seconds?|minutes?) ago)|(?:现在|刚刚|\d+ ?(?:秒钟?|分钟)前)/g, 'AGO'],
  [/\bin (?:\d+ minutes?|1 hour)|\d+ ?(?:分钟|小时)后/g, 'SOON'],
  [/\bacr-nopass-[0-9a-z]+-[0-9a-z]{5}\b/g, 'POD'],
  [/\b[0-9a-f]{12}\b/g, 'HASH'],
]

test('the pictures in the docs show this page in its two languages', async () => {
  for (const [locale, name] of Object.entries(SCREENSHOTS)) {
    const { page } = await browser.open(await url(), { locale })
    await expectPicture(page, name, CHANGING)
  }
})

test('the standby replica shows the same report; a fixed problem disappears from the page', async () => {
  const { page } = await browser.open(await url())
  await helperCluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/billing/secrets/${SECRET}` })
  await applyList([{ name: 'own-registry' }, { name: SECRET }])
  await helperCluster.install()
  await eventually(async () => {
    const pods = helperCluster.helpers()
    assert.equal(pods.length, 2)
    for (const pod of pods) {
      await page.goto(`http://${pod.ip}:8081/`)
      const headline = await page.getByRole('heading', { level: 1 }).innerText()
      assert.match(headline, /^All \d+ namespaces have a current pull secret$/)
      assert.equal(await page.getByRole('heading', { name: 'What is wrong' }).count(), 0)
      assert.equal(await page.locator('h1 + p').innerText(), 'There is nothing to fix.')
    }
  }, 120_000)
})
