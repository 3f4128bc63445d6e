import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Host, readHost } from '../../../tools/host.ts'
import { silentProgress } from '../silent-progress.ts'
import { ensureBrowser } from './ensure-browser.ts'

const folder = mkdtempSync(join(tmpdir(), 'browser-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const CHROMIUM = '#!/bin/sh\necho "Chromium 150.0.1 built on Debian"\n'

/** A machine with only these programs on PATH. */
function machine(name: string, programs: Readonly<Record<string, string>>): Host & { readonly bin: string } {
  const bin = join(folder, name)
  mkdirSync(bin)
  for (const [program, text] of Object.entries(programs)) {
    writeFileSync(join(bin, program), text)
    chmodSync(join(bin, program), 0o755)
  }
  const env = { PATH: bin, ACR_NOPASS_CACHE: join(folder, `${name}-cache`) }
  return { ...readHost(), platform: 'linux', env, bin }
}

/** An apt-get that records its calls and, for `install`, runs `then`. */
function apt(name: string, then: string): string {
  return `#!/bin/sh\necho "$1 $DEBIAN_FRONTEND" >> ${join(folder, `${name}.calls`)}\n[ "$1" = install ] || exit 0\n${then}`
}

function ensure(host: Host, mayInstall = true, signal = AbortSignal.timeout(60_000)): Promise<string> {
  return ensureBrowser({ progress: silentProgress, signal, host, mayInstall })
}

test('an installed browser is used, but not a script that only suggests installing a snap', async () => {
  const snap = '#!/bin/sh\necho "requires the chromium snap" >&2\nexit 1\n'
  const host = machine('has', { chromium: snap, 'google-chrome': '#!/bin/sh\necho "Google Chrome 150.0.1"\n' })
  assert.equal(await ensure(host, false), join(host.bin, 'google-chrome'))
  const given = { ...host, env: { ...host.env, ACR_NOPASS_TOOLS: join(folder, 'given') } }
  machine('given', { chromium: CHROMIUM })
  assert.equal(await ensure(given, false), join(folder, 'given', 'chromium'))
})

test('on Debian as root the package is installed once, without a prompt', async () => {
  const file = join(folder, 'debian', 'chromium')
  const put = `printf '%s' '${CHROMIUM}' > ${file}\n/bin/chmod 755 ${file}\n`
  const host = machine('debian', { 'apt-get': apt('debian', put) })
  assert.deepEqual(await Promise.all([ensure(host), ensure(host)]), [file, file])
  assert.equal(await ensure(host), file)
  const calls = readFileSync(join(folder, 'debian.calls'), 'utf8')
  assert.equal(calls, 'update noninteractive\ninstall noninteractive\n')
})

test('if the browser cannot be installed, the error names the reason and the command that installs it', async () => {
  const fails = machine('fails', { 'apt-get': apt('fails', 'echo "E: no such package" >&2\nexit 100') })
  await assert.rejects(ensure(fails), /E: no such package/)
  await assert.rejects(ensure(fails, false), /only root can install it/)
  const bare = machine('bare', {})
  await assert.rejects(ensure(bare), /no apt-get.*apt-get install chromium/)
})

test('an interrupt ends the installation, and the next run finds the browser', async () => {
  const started = join(folder, 'started')
  const host = machine('slow', { 'apt-get': apt('slow', `: > ${started}\nexec /bin/sleep 600`) })
  const end = new AbortController()
  const running = ensure(host, true, end.signal)
  const poll = setInterval(() => {
    if (existsSync(started)) end.abort(new Error('interrupted'))
  }, 10)
  await assert.rejects(running, /interrupted/)
  clearInterval(poll)
  writeFileSync(join(host.bin, 'chromium'), CHROMIUM)
  chmodSync(join(host.bin, 'chromium'), 0o755)
  assert.equal(await ensure(host), join(host.bin, 'chromium'))
})
