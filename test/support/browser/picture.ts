import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Changing } from '../sample.ts'

const ROOT = join(import.meta.dirname, '../../..')

/**
 * Compares the texts of a page with those of its picture in docs/img, which are kept in
 * test/browser/pictures with the hash of the picture. `UPDATE_SCREENSHOTS=1` takes the picture
 * again.
 */
export async function expectPicture(page: Page, name: string, changing: Changing): Promise<void> {
  const picture = join(ROOT, 'docs/img', `${name}.png`)
  const texts = join(ROOT, 'test/browser/pictures', `${name}.txt`)
  if (process.env.UPDATE_SCREENSHOTS) await page.screenshot({ path: picture, fullPage: true })
  // biome-ignore lint/performance/useDomNodeTextContent: a picture shows lines, which the text content lacks
  const shown = (await page.locator('body').innerText()).replaceAll(/[^\S\n]+/g, ' ').replaceAll(/\n\s*/g, '\n')
  const words = changing.reduce((text, [part, instead]) => text.replaceAll(part, instead), shown.trim())
  assert.ok(existsSync(picture), `${picture} does not exist: take it with UPDATE_SCREENSHOTS=1`)
  const hash = createHash('sha256').update(readFileSync(picture)).digest('hex')
  const now = `sha256:${hash}\n${words}\n`
  if (process.env.UPDATE_SCREENSHOTS) writeFileSync(texts, now)
  // Problems that began at the same moment have no fixed order.
  const lines = (text: string): readonly string[] => text.split('\n').sort()
  assert.deepEqual(
    lines(now),
    lines(readFileSync(texts, 'utf8')),
    `${name}.png is out of date: take it again with UPDATE_SCREENSHOTS=1`,
  )
}
