import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { releaseObjects } from '../fleet/release-objects.ts'
import { type Fleet, openFleet } from '../fleet/run-check.ts'
import { openSampleFleet } from '../fleet/sample-fleet.ts'
import { openBrowser, type TestBrowser } from '../support/browser/browser.ts'
import { findTooWide, findWeakTexts } from '../support/browser/page-checks.ts'
import { expectPicture } from '../support/browser/picture.ts'

const MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'

let fleet: Fleet
let browser: TestBrowser
let address = ''
before(async () => {
  const problems = () => [{ code: 'X', message: MARKUP, fix: MARKUP, at: new Date().toISOString() }]
  fleet = await openFleet({
    'production-hangzhou': () => releaseObjects(),
    'production-beijing': () => releaseObjects({ replicas: 0 }),
    'staging-with-a-name-that-is-rather-long': () => releaseObjects({ chart: '0.9.0', values: { logLevel: 'debug' } }),
    hostile: () => releaseObjects({ report: { problems: problems() } }),
  })
  browser = await openBrowser(AbortSignal.timeout(600_000))
  const file = join(fleet.folder, 'report.html')
  await writeFile(file, (await fleet.run('-o', 'html')).text)
  address = pathToFileURL(file).href
})
after(async () => {
  await browser?.[Symbol.asyncDispose]()
  await fleet?.[Symbol.asyncDispose]()
})

test('the report begins with its verdict, has a row for each cluster, and loads nothing else', async () => {
  const { page, requests, consoleMessages } = await browser.open(address)
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '1 failed, 1 drifted, 1 warning, 1 healthy')
  assert.deepEqual(await page.getByRole('rowheader').allInnerTexts(), [
    'production-beijing',
    'staging-with-a-name-that-is-rather-long',
    'hostile',
    'production-hangzhou',
  ])
  const findings = page.getByRole('list').first().getByRole('listitem')
  assert.match((await findings.allInnerTexts()).join('\n'), /OBJECTS_DRIFTED[\s\S]*HELPER_DOWN[\s\S]*fix that first/)
  assert.deepEqual(requests, [address])
  assert.deepEqual(consoleMessages, [])
})

test('markup in the texts of a cluster is shown as text and does nothing', async () => {
  const { page } = await browser.open(address)
  assert.equal(await page.evaluate('window.ran'), undefined)
  assert.equal(await page.locator('img, script').count(), 0)
  assert.ok((await page.getByRole('main').innerText()).includes(MARKUP))
})

test('the pictures in the docs show a report of this form, in both languages', async () => {
  await using sample = await openSampleFleet()
  for (const [name, LANG] of [
    ['fleet-report', 'C.UTF-8'],
    ['fleet-report-zh', 'zh_CN.UTF-8'],
  ] as const) {
    const file = join(sample.folder, `${name}.html`)
    // A picture shows no path of the machine on which it was taken.
    const { text } = await sample.runWith({ LANG }, '-o', 'html')
    await writeFile(file, text.replaceAll(`${sample.folder}/`, ''))
    const { page } = await browser.open(pathToFileURL(file).href)
    await expectPicture(page, name, [
      [/\d\d:\d\d:\d\d/g, 'HH:MM:SS'],
      [/\b(?:now|\d+ (?:seconds?|minutes?) ago)\b|刚刚|\d+ ?(?:秒钟|分钟)前/g, 'AGO'],
      [/\bin \d+ min\b|\d+ 分钟后/g, 'SOON'],
    ])
  }
})

test('every text of the report is legible, in light and dark, and the report fits 380 pixels and every larger width', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await browser.open(address, { colorScheme })
    assert.deepEqual(await findWeakTexts(page), [], colorScheme)
    for (const width of [380, 700, 720, 1080]) {
      await page.setViewportSize({ width, height: 800 })
      assert.deepEqual(await findTooWide(page), [], `${width}`)
    }
  }
})
