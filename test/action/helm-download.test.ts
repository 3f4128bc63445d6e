import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { HELM_DIGESTS } from '../../src/helm/obtain/helm-digests.ts'
import { testTools } from '../tools.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'

/**
 * Runs the action without a helm on PATH, and with a mirror on this machine. The result after the
 * download does not matter here.
 */
const TARGET = `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}` as const
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-download-'))
after(() => rm(folder, { recursive: true, force: true }))
const VALUES = `registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]
identity: { type: worker-role }
`

interface Archive {
  readonly version: string
  readonly bytes: Buffer
  readonly sha256: string
}

/** Packs this program into an archive, in the format that Helm publishes. */
async function pack(name: string, version: string, fill: (program: string) => Promise<void>): Promise<Archive> {
  const home = join(folder, name)
  await mkdir(join(home, TARGET), { recursive: true })
  await fill(join(home, TARGET, 'helm'))
  await chmod(join(home, TARGET, 'helm'), 0o755)
  execFileSync('tar', ['-cf', join(home, 'a.tar'), '-C', home, TARGET])
  // Helm is 66 MB, so the fastest compression level is used.
  const bytes = gzipSync(await readFile(join(home, 'a.tar')), { level: 1 })
  return { version, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Starts a server on this machine. Returns its address and the requests that it received. */
async function serve(t: TestContext, respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    respond(request, response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

interface Job {
  readonly mirror: string
  readonly sha256: string
  readonly version: string
  readonly cache?: string
  readonly env?: Readonly<Record<string, string>>
}

async function act({ mirror, sha256, version, cache, env = {} }: Job): Promise<ActionOutcome> {
  const outcome = await runAction({
    inputs: {
      values: VALUES,
      kubeconfig: join(folder, 'nowhere'),
      'helm-version': version,
      'helm-mirror': mirror,
      'helm-sha256': sha256,
    },
    // A download needs no program other than tar.
    env: { PATH: '/usr/bin:/bin', ...(cache && { RUNNER_TOOL_CACHE: cache }), ...env },
  })
  await rm(outcome.temp, { recursive: true })
  return outcome
}

/** Checks that the download worked: the run continued, and failed because there is no cluster. */
function assertContinued({ annotations, stdout }: ActionOutcome): void {
  assert.match(annotations[0]?.message ?? '', /^cluster, phase connect: /, stdout)
}

function assertRefused({ annotations, code }: ActionOutcome, message: RegExp): void {
  assert.deepEqual([code, annotations[0]?.title], [1, 'HELM_DOWNLOAD_FAILED'])
  assert.match(annotations[0]?.message ?? '', message)
}

/**
 * Copies the real program with patch 9 as its reported version, so that its checksum is unknown.
 */
async function copyAs(nine: string, path: string, program: string, version: string): Promise<void> {
  const bytes = await readFile(program, 'latin1')
  await writeFile(path, bytes.replaceAll(version, `v${nine}`), 'latin1')
}

for (const major of ['helm4', 'helm3'] as const) {
  test(`${major}: the real program is downloaded by its exact version and digest, once`, async (t) => {
    const program = (await testTools(major))[major]
    const version = execFileSync(program, ['version', '--template', '{{.Version}}'], { encoding: 'utf8' })
    const nine = version.replace(/\d$/, '9').slice(1)
    assert.equal(HELM_DIGESTS.has(`helm-v${nine}-${TARGET}.tar.gz`), false)
    const archive = await pack(major, nine, (path) => copyAs(nine, path, program, version))
    const { url, requests } = await serve(t, (_request, response) => response.end(archive.bytes))
    const job = { ...archive, mirror: url, cache: join(folder, `cache-${major}`) }
    for (const outcome of [await act(job), await act(job)]) assertContinued(outcome)
    assert.deepEqual(requests, [`/helm-v${archive.version}-${TARGET}.tar.gz`])
  })
}

/** The program creates this file when it runs. */
const ran = join(folder, 'it-ran')
const trap = await pack('trap', '4.2.99', (path) => writeFile(path, `#!/bin/sh\ntouch ${ran}\necho v4.2.99\n`))

test('an archive with another digest is rejected before anything in it is run', async (t) => {
  const { url } = await serve(t, (_request, response) => response.end(trap.bytes))
  const cache = join(folder, 'cache-wrong')
  const outcome = await act({ ...trap, mirror: url, sha256: '0'.repeat(64), cache })
  assertRefused(outcome, new RegExp(`has the SHA-256 ${trap.sha256}, but 0{64} is pinned`))
  assert.deepEqual([existsSync(ran), existsSync(cache)], [false, false])
})

test('a version whose checksum is known needs no helm-sha256: another program on a mirror is never run', async (t) => {
  const { url, requests } = await serve(t, (_request, response) => response.end(trap.bytes))
  const known = HELM_DIGESTS.get(`helm-v4.2.0-${TARGET}.tar.gz`)
  const job = { mirror: url, version: '4.2.0', sha256: '' }
  assertRefused(
    await act(job),
    new RegExp(`/helm-v4.2.0-${TARGET}.tar.gz has the SHA-256 ${trap.sha256}, but ${known} is`),
  )
  assert.equal(existsSync(ran), false)

  await t.test(
    'a helm-sha256 that differs is rejected, the error names the two digests, and nothing is fetched',
    async () => {
      requests.length = 0
      const message = new RegExp(
        `helm-sha256 is ${trap.sha256}, but helm-v4.2.0-${TARGET}.tar.gz has the SHA-256 ${known}`,
      )
      assertRefused(await act({ ...job, sha256: trap.sha256 }), message)
      assert.deepEqual(requests, [])
    },
  )

  await t.test('another version requires helm-sha256, and the error lists those that do not', async () => {
    const outcome = await act({ ...job, version: trap.version })
    assertRefused(outcome, new RegExp(`helm-v4.2.99-${TARGET}.tar.gz is not known here: helm-sha256 is needed`))
    assert.match(outcome.annotations[0]?.message ?? '', /a version that needs none: 3\.18\.0, .*, 4\.3\.0\.$/)
    assert.deepEqual(requests, [])
  })
})

test('half an archive is rejected, with and without a content length', async (t) => {
  const half = trap.bytes.subarray(0, trap.bytes.length / 2)
  const cut = await serve(t, (_request, response) => {
    response.setHeader('content-length', trap.bytes.length)
    response.write(half, () => response.destroy())
  })
  assertRefused(await act({ ...trap, mirror: cut.url }), /cannot be fetched/)
  const quiet = await serve(t, (_request, response) => response.end(half))
  assertRefused(await act({ ...trap, mirror: quiet.url }), /has the SHA-256/)
  assert.equal(existsSync(ran), false)
})

test('a version that the mirror lacks is rejected by its name', async (t) => {
  const { url } = await serve(t, (_request, response) => response.writeHead(404).end())
  assertRefused(await act({ ...trap, mirror: url }), /helm-v4\.2\.99-\S+\.tar\.gz returned 404/)
})

test('a redirect of a mirror to its storage is followed; a redirect loop is not', async (t) => {
  const { url } = await serve(t, (request, response) => {
    if (request.url?.startsWith('/storage/')) response.end(trap.bytes)
    else response.writeHead(302, { location: `/storage${request.url}` }).end()
  })
  assertContinued(await act({ ...trap, mirror: url }))
  const circle = await serve(t, (request, response) => response.writeHead(302, { location: request.url ?? '' }).end())
  assertRefused(await act({ ...trap, mirror: circle.url }), /returned 302/)
  assert.equal(circle.requests.length, 6)
})

test('helm is downloaded through the proxy of the environment', async (t) => {
  const proxy = await serve(t, (_request, response) => response.end(trap.bytes))
  assertContinued(await act({ ...trap, mirror: 'http://helm.mirror.invalid', env: { HTTP_PROXY: proxy.url } }))
  assert.deepEqual(proxy.requests, [`http://helm.mirror.invalid/helm-v4.2.99-${TARGET}.tar.gz`])
})
