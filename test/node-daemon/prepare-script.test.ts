import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { prepareScript, type ScriptRequest } from '../../src/node/daemon/prepare-script.ts'
import { readSettings } from '../../src/node/daemon/read-settings.ts'
import { ARCHIVE_FILES, stagePrograms } from '../../src/node/daemon/stage-programs.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-prepare-'))
  for (const path of ARCHIVE_FILES) write(join('files', path), `content of ${path}\n`)
  write('node', 'a program\n')
  write('licence', 'a licence\n')
})
after(() => rmSync(folder, { recursive: true }))

function write(path: string, text: string): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

const image = () => ({
  files: join(folder, 'files'),
  node: join(folder, 'node'),
  nodeLicence: join(folder, 'licence'),
})
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

const settingsOf = (more: object = {}, instanceId = 'cri-abc123') =>
  readSettings(
    JSON.stringify({
      identity: { type: 'worker-role' },
      registries: [{ name: 'main', edition: 'enterprise', instanceId, region: 'cn-hangzhou' }],
      node: { enabled: true, profile: 'ack', identity: 'worker-role', ...more },
    }),
  )

async function prepare(change: Partial<ScriptRequest> = {}) {
  const own = await mkdtemp(join(folder, 'scratch-'))
  const { script, hash } = await prepareScript({
    settings: settingsOf(),
    image: image(),
    body: 'main "$@"\n',
    folder: own,
    seenAt: '/proc/7/root',
    arch: 'x64',
    healthUrls: [],
    healthSeconds: 60,
    ...change,
  })
  assert.equal(script, `/proc/7/root${own}/install.sh`)
  return { own, hash, text: readFileSync(join(own, 'install.sh'), 'utf8') }
}

test('the staged folder has the files of the archive, a relative link to Node, and the sum of each', async () => {
  const out = await mkdtemp(join(folder, 'staged-'))
  const sum = await stagePrograms(image(), out)
  const sums = readFileSync(join(out, 'FILES.sha256'), 'utf8')
  assert.equal(sum, sha(sums))
  const contents: Record<string, string> = {
    LICENSE: 'content of LICENSE\n',
    'LICENSE.node': 'a licence\n',
    'LICENSES.txt': 'content of LICENSES.txt\n',
    'bin/acr-nopass-provider': 'content of bin/acr-nopass-provider\n',
    'bin/node': 'a program\n',
    'lib/provider.mjs': 'content of lib/provider.mjs\n',
    'lib/setup.mjs': 'content of lib/setup.mjs\n',
  }
  const lines = Object.entries(contents).map(([path, text]) => `${sha(text)}  ${path}\n`)
  assert.equal(sums, lines.join(''))
  for (const [path, text] of Object.entries(contents)) assert.equal(readFileSync(join(out, path), 'utf8'), text)
  const link = readlinkSync(join(out, 'bin/node'))
  assert.doesNotMatch(link, /^\//)
  assert.equal(resolve(out, 'bin', link), join(folder, 'node'))
})

test('the script installs the staged programs, for the architecture of the node', async () => {
  const { own, text } = await prepare()
  const sum = sha(readFileSync(join(own, 'programs', 'FILES.sha256'), 'utf8'))
  assert.match(text, new RegExp(`^URL_amd64='/proc/7/root${own}/programs'\nSHA256_amd64='${sum}'$`, 'm'))
  assert.match(text, /^URL_arm64=''\nSHA256_arm64=''$/m)
  assert.match(text, /^PROFILE='ack'$/m)
  assert.match(text, /^HEALTH_SECONDS='60'\nRESTART=''$/m)
  assert.match(text, /"cri-abc123"/)
  assert.match(text, /\n {2}"providers": \[\n/)
  assert.match(text, /"name": "acr-nopass-provider"/)
  assert.match(text, /"\/opt\/acr-nopass\/node\.json"/)
  assert.ok(text.endsWith('\nmain "$@"\n'))
  const arm = await prepare({ arch: 'arm64' })
  assert.match(arm.text, /^URL_amd64=''$/m)
  assert.match(arm.text, /^URL_arm64='\/proc\/7\/root/m)
})

test('the health of the kubelet is read at the usual addresses, or at those that are given', async () => {
  const usual = await prepare()
  assert.match(usual.text, /^HEALTH_URLS='http:\/\/127\.0\.0\.1:10248\/healthz http:\/\/\[::1\]:10248\/healthz'$/m)
  const { text } = await prepare({ healthUrls: ['http://127.0.0.1:1/healthz'] })
  assert.match(text, /^HEALTH_URLS='http:\/\/127\.0\.0\.1:1\/healthz'$/m)
})

test('to remove, the script has no configuration', async () => {
  const { text } = await prepare({ settings: settingsOf({ remove: true }) })
  assert.doesNotMatch(text, /cri-abc123|"providers"/)
  for (const file of ['provider', 'node']) {
    assert.ok(text.includes(`  cat > "$1/${file}.json" << 'ACR_NOPASS_END'\n\nACR_NOPASS_END\n`), file)
  }
})

test('equal settings have one hash; another registry, profile, mode or program has another', async () => {
  const { hash } = await prepare()
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.equal((await prepare({ body: 'other\n', healthSeconds: 5 })).hash, hash)
  const others = [
    await prepare({ settings: settingsOf({}, 'cri-abc124') }),
    await prepare({ settings: settingsOf({ profile: 'kubeadm' }) }),
    await prepare({ settings: settingsOf({ remove: true }) }),
  ]
  write('files/lib/setup.mjs', 'other content\n')
  others.push(await prepare())
  assert.equal(new Set([hash, ...others.map((one) => one.hash)]).size, 5)
})
