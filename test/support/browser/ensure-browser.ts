import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { acquireLock } from '../../../tools/bootstrap/lock.mjs'
import { isProgram } from '../../../tools/build/go-program.ts'
import { cacheFolder, type Host, pathFolders, readHost } from '../../../tools/host.ts'
import type { Progress } from '../../../tools/progress.ts'

export interface BrowserOptions {
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly host?: Host
  /** Whether this user may install packages. Default: true for root. */
  readonly mayInstall?: boolean
}

/** The browser and fonts for the page's two languages. */
const PACKAGES = ['chromium', 'fonts-liberation', 'fonts-wqy-microhei'] as const
// Another apt on this machine may hold dpkg's lock for a while.
const INSTALL = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', ...PACKAGES]

/**
 * Returns the path of a Chromium or Chrome. If none is installed, installs the package, on Debian
 * and as root (15 to 60 s).
 */
export async function ensureBrowser(options: BrowserOptions): Promise<string> {
  const { progress, signal, host = readHost(), mayInstall = process.geteuid?.() === 0 } = options
  const installed = await findBrowser(host, signal)
  if (installed) return installed
  const apt = await findApt(host)
  if (!apt) throw missing('no Chromium or Chrome was found on PATH, and no apt-get to install it')
  if (!mayInstall) throw missing('no Chromium or Chrome was found on PATH, and only root can install it')
  return progress.step('install Chromium (apt-get)', async (step) => {
    const release = await acquireLock(join(cacheFolder(host), 'locks', 'chromium.lock'), {
      what: 'installing Chromium',
      onWait: (holder) => step.update(`waiting for another run (process ${holder.pid}, since ${holder.since})`),
      signal,
    })
    try {
      return (await findBrowser(host, signal)) ?? (await install(apt, host, step.update, signal))
    } finally {
      release()
    }
  })
}

async function install(apt: string, host: Host, onLine: (text: string) => void, signal: AbortSignal): Promise<string> {
  // The package lists of a new machine are empty, and old lists contain versions that no longer
  // exist.
  const refreshed = await runApt(apt, ['update'], host, onLine, signal)
  const installed = await runApt(apt, INSTALL, host, onLine, signal)
  const path = await findBrowser(host, signal)
  if (path) return path
  const reason = installed ?? refreshed ?? 'the package does not contain a browser that starts'
  throw missing(`apt-get install ${PACKAGES.join(' ')}: ${reason}`)
}

function missing(reason: string): Error {
  return new Error(
    `${reason}. Install one (Debian: apt-get install chromium, macOS: brew install --cask chromium), or put it as \`chromium\` into the folder ACR_NOPASS_TOOLS.`,
  )
}

/** Returns the last line of the error output, undefined after a success. */
function runApt(
  apt: string,
  args: readonly string[],
  host: Host,
  onLine: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const env = { ...host.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  return new Promise((resolve, reject) => {
    // On SIGINT apt stops downloading immediately but lets dpkg finish.
    const options = { env, signal, killSignal: 'SIGINT', maxBuffer: 64 * 1024 * 1024 } as const
    const child = execFile(apt, args, options, (error, _stdout, stderr) => {
      if (signal.aborted) reject(signal.reason)
      else resolve(error ? (stderr.trim().split('\n').at(-1) ?? error.message) : undefined)
    })
    child.stdout?.on('data', (text: string) => {
      const line = text.trim().split('\n').at(-1)
      if (line) onLine(line.slice(0, 60))
    })
  })
}

async function findApt({ env }: Host): Promise<string | undefined> {
  for (const folder of pathFolders(env)) {
    if (await isProgram(join(folder, 'apt-get'))) return join(folder, 'apt-get')
  }
  return undefined
}

const run = promisify(execFile)

/** Names of Chromium and Chrome on PATH. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'] as const
const MAC_APPS = ['Chromium', 'Google Chrome'] as const

/**
 * Finds a browser that starts: the file `chromium` in `ACR_NOPASS_TOOLS`, else an installed one.
 */
async function findBrowser(host: Host, signal: AbortSignal): Promise<string | undefined> {
  for (const path of candidates(host)) {
    if (!(await isProgram(path))) continue
    // Ubuntu's chromium-browser is a script that only suggests installing a snap.
    const output = await run(path, ['--version'], { timeout: 30_000, signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (output && /^(Chromium|Google Chrome)\b/.test(output.stdout.trim())) return path
  }
  return undefined
}

function candidates({ env, platform, home }: Host): string[] {
  const given = env.ACR_NOPASS_TOOLS ? [join(env.ACR_NOPASS_TOOLS, 'chromium')] : []
  const onPath = NAMES.flatMap((name) => pathFolders(env).map((folder) => join(folder, name)))
  const apps = ['/Applications', join(home, 'Applications')].flatMap((folder) =>
    MAC_APPS.map((app) => join(folder, `${app}.app`, 'Contents', 'MacOS', app)),
  )
  return [...given, ...onPath, ...(platform === 'darwin' ? apps : [])]
}
