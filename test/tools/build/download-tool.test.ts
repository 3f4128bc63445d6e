import assert from 'node:assert/strict'
import { chmodSync, existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { downloadTool } from '../../../tools/build/download-tool.ts'
import { ensureTools, type ToolChoices } from '../../../tools/build/ensure-tools.ts'
import { pinnedTool } from '../../../tools/build/find-tool.ts'
import { readReleases, releaseOf } from '../../../tools/build/release.ts'
import { isToolName, type ToolName } from '../../../tools/build/tool-table.ts'
import { type Host, readHost } from '../../../tools/host.ts'
import { createProgress } from '../../../tools/progress.ts'
import { type FakeMachine, makeFakeMachine } from './fake-go.ts'
import { type Behaviour, downloadedProgram, releaseRow, startMirror } from './release-mirror.ts'

const never = new AbortController().signal
let machine: FakeMachine
let mirror: Awaited<ReturnType<typeof startMirror>>
let host: Host
let lines: string[]
beforeEach(async () => {
  machine = makeFakeMachine()
  mirror = await startMirror()
  host = { ...machine.host, env: { ...machine.host.env, ACR_NOPASS_RELEASES: mirror.base } }
  lines = []
})
afterEach(async () => {
  await mirror.end()
  machine.end()
})

/** Ensures crane and oras, of which only crane has a release. */
async function ensure(names: readonly ToolName[] = ['crane', 'oras'], choices: ToolChoices = {}, on = host) {
  const { version } = await pinnedTool('crane', on)
  const releases = { crane: releaseRow(version, 'crane.tar.gz'), oras: releaseRow('0.0.1', 'oras.tar.gz') }
  const progress = createProgress({ write: (text) => void lines.push(text) })
  return ensureTools(names, { progress, signal: never, host: on, releases, ...choices })
}
const builtPackages = () => machine.builds().map((line) => line.split(' ')[0]?.split('/').at(-1))

test('a program with a confirmed hash is downloaded, and only the others are built', async () => {
  const paths = await ensure()
  assert.equal(readFileSync(paths.crane, 'utf8'), downloadedProgram('crane.tar.gz'))
  assert.equal(statSync(paths.crane).mode & 0o777, 0o755)
  assert.deepEqual(builtPackages(), ['oras'])
  const [announced = ''] = lines
  assert.match(announced, /^To download once and compare with the hashes in tools\/build\/releases\.yaml: crane \d/)
  assert.match(announced, /\nTo build once, about .* on two idle cores: oras \d/)
  assert.ok(lines.some((line) => /^✔ tool \d of 2: download crane /.test(line)))
  assert.deepEqual(await ensure(), paths)
  assert.equal(mirror.requests.length, 1)
})

test('a release of another version than the pinned version is never downloaded', async () => {
  await ensure(['oras'])
  assert.deepEqual(mirror.requests, [])
  assert.deepEqual(builtPackages(), ['oras'])
})

const cutOff: Behaviour = (response, archive) => {
  response.writeHead(200, { 'content-length': archive.length })
  response.write(archive.subarray(0, 100), () => response.destroy())
}
const FAILURES: Record<string, { behaviour: Behaviour; reason: RegExp }> = {
  'has another hash': {
    behaviour: (response) => void response.end('<html>Sign in to this network'),
    reason: /its SHA-256 is [0-9a-f]{64}, and not the committed [0-9a-f]{64}/,
  },
  'is gone': { behaviour: (response) => void response.writeHead(404).end(), reason: /the server returned 404/ },
  'is cut off': { behaviour: cutOff, reason: /the connection failed/ },
  'is one byte too long': {
    behaviour: (response, archive) => void response.end(Buffer.concat([archive, Buffer.of(0)])),
    reason: /its SHA-256 is/,
  },
}
for (const [title, { behaviour, reason }] of Object.entries(FAILURES)) {
  test(`an archive that ${title} is not used: the reason is shown, nothing of it is left, and the program is built`, async () => {
    mirror.behave('crane.tar.gz', behaviour)
    const { crane } = await ensure(['crane'])
    assert.match(readFileSync(crane, 'utf8'), /built/)
    const note = lines.find((line) => line.includes('was not downloaded')) ?? ''
    assert.match(note, /^crane was not downloaded from 127\.0\.0\.1:\d+: .*\. It is built\.\n$/)
    assert.match(note, reason)
    assert.equal(globSync('tools/crane/{*,.*}', { cwd: machine.cache }).length, 1)
  })
}

test('a download that stalls or crawls is given up', async () => {
  const tool = await pinnedTool('crane', host)
  const release = releaseOf(tool, { crane: releaseRow(tool.version, 'crane.tar.gz') }, host)
  assert.ok(release)
  const step = { update: () => undefined }
  const download = (limits: { stallMs: number; totalMs: number }) =>
    downloadTool(tool, release, host, step, never, limits)
  mirror.behave('crane.tar.gz', (response, archive) => void response.write(archive.subarray(0, 10)))
  await assert.rejects(download({ stallMs: 50, totalMs: 60_000 }), /^DownloadFailure: no byte arrived for 0\.05 s$/)
  mirror.behave('crane.tar.gz', (response, archive) => {
    const timer = setInterval(() => response.write(archive.subarray(0, 1)), 20)
    response.on('close', () => clearInterval(timer))
  })
  await assert.rejects(
    download({ stallMs: 5_000, totalMs: 300 }),
    /^DownloadFailure: it was not complete after 0\.3 s$/,
  )
})

test('without an answer from the server all is built, and said so at the start', async () => {
  await mirror.end()
  await ensure(['crane'])
  const server = new URL(mirror.base).host
  assert.match(lines[0] ?? '', new RegExp(`^Nothing is downloaded from ${server}: no answer\\.\nTo build once, `))
  assert.deepEqual(builtPackages(), ['crane'])
  mirror = await startMirror()
})

test('--build builds also what could be downloaded, and what was downloaded before', async () => {
  const before = await ensure(['crane'])
  const { crane } = await ensure(['crane'], { build: true })
  assert.notEqual(crane, before.crane)
  assert.match(readFileSync(crane, 'utf8'), /built/)
  assert.match(lines.find((line) => line.startsWith('To build')) ?? '', /^To build once \(--build\), /)
  assert.equal((await ensure(['crane'])).crane, crane)
})

test('ACR_NOPASS_RELEASES=off downloads nothing', async () => {
  await ensure(['crane'], {}, machine.host)
  assert.deepEqual(builtPackages(), ['crane'])
})

test('a mirror that is not a URL is refused before anything is built, and its text is not repeated', async () => {
  for (const text of ['ftp://user:secret@example.test', 'example.test:80/secret', 'on']) {
    const env = { ...machine.host.env, ACR_NOPASS_RELEASES: text }
    await assert.rejects(ensure(['crane'], {}, { ...host, env }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'TOOL_MIRROR')
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  }
  assert.deepEqual(machine.builds(), [])
})

test('the login of a mirror is sent as a header, and is not shown', async () => {
  const base = mirror.base.replace('//', '//me:s%20cret@')
  await ensure(['crane'], {}, { ...host, env: { ...host.env, ACR_NOPASS_RELEASES: base } })
  const [{ authorization } = {}] = mirror.requests
  assert.equal(authorization, `Basic ${Buffer.from('me:s cret').toString('base64')}`)
  assert.doesNotMatch(lines.join(''), /cret/)
})

test('Go is not needed where all missing programs can be downloaded', async () => {
  chmodSync(join(machine.host.env.PATH?.split(':')[0] ?? '', 'go'), 0o644)
  assert.ok(existsSync((await ensure(['crane'])).crane))
})

test('each listed release is the pinned version, has a hash per archive, and names two sources', async () => {
  const real = readHost()
  for (const [name, row] of Object.entries(readReleases(real.toolsFolder))) {
    assert.ok(isToolName(name), name)
    assert.equal(row.version, (await pinnedTool(name, real)).version, `${name}: confirm the hashes of the new version`)
    assert.ok(row.confirmed.length >= 2, name)
    for (const { url, sha256 } of Object.values(row.files)) {
      assert.match(url, /^https:\/\/.*\.tar\.gz$/)
      assert.ok(url.includes(`v${row.version}`), url)
      assert.match(sha256, /^[0-9a-f]{64}$/)
      // The product downloads the same archives of Helm, and has sources of its own for them.
    }
  }
})
