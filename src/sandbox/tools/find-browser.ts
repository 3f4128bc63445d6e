import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isProgram } from './go-program.ts'
import type { Host } from './host.ts'

const run = promisify(execFile)

/** Chromium and its kin, as they are called on PATH. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'] as const
const MAC_APPS = ['Chromium', 'Google Chrome'] as const

/** A Chromium that starts: the file `chromium` in `ACR_NOPASS_TOOLS`, else one of the machine. Undefined where there is none. */
export async function findBrowser(host: Host, signal: AbortSignal): Promise<string | undefined> {
  for (const path of candidates(host)) {
    if (!(await isProgram(path))) continue
    // Ubuntu's chromium-browser is a script that only asks for a snap.
    const told = await run(path, ['--version'], { timeout: 30_000, signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (told && /^(Chromium|Google Chrome)\b/.test(told.stdout.trim())) return path
  }
  return undefined
}

function candidates({ env, platform, home }: Host): string[] {
  const given = env.ACR_NOPASS_TOOLS ? [join(env.ACR_NOPASS_TOOLS, 'chromium')] : []
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const apps = ['/Applications', join(home, 'Applications')].flatMap((folder) =>
    MAC_APPS.map((app) => join(folder, `${app}.app`, 'Contents', 'MacOS', app)),
  )
  return [...given, ...onPath, ...(platform === 'darwin' ? apps : [])]
}
