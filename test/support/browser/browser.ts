import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { silentProgress } from '../silent-progress.ts'
import { ensureBrowser } from './ensure-browser.ts'

/** A real, headless Chromium. */
export interface TestBrowser extends AsyncDisposable {
  open(url: string, options?: BrowserContextOptions): Promise<WatchedPage>
}

export interface WatchedPage {
  readonly page: Page
  /** All requests of the page, in order. */
  readonly requests: readonly string[]
  /** Console messages and errors, including violations of the content security policy. */
  readonly consoleMessages: readonly string[]
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openBrowser(signal: AbortSignal): Promise<TestBrowser> {
  const executablePath = await ensureBrowser({ progress: silentProgress, signal })
  const home = await mkdtemp(join(tmpdir(), 'chromium-'))
  // A separate home folder, so that the browser neither reads nor changes the user's settings.
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8' }
  const browser = await chromium.launch({ executablePath, args: ARGS, headless: true, env })
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1080, height: 800 }, ...options })
      const page = await context.newPage()
      const requests: string[] = []
      const consoleMessages: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      page.on('console', (message) => consoleMessages.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', (error) => consoleMessages.push(String(error)))
      page.on('requestfailed', (request) => consoleMessages.push(`failed: ${request.url()}`))
      await page.goto(url)
      return { page, requests, consoleMessages }
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
