import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { isSupportedHelm, parseHelmVersion } from '../../src/helm/obtain/find-helm.ts'
import { HELM_DIGESTS } from '../../src/helm/obtain/helm-digests.ts'
import { obtainHelm } from '../../src/helm/obtain/obtain-helm.ts'

const signal = new AbortController().signal
const target = `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}` as const

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'acr-nopass-helm-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Writes a program that reports to be a helm of this version. */
async function program(path: string, version: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\necho ${version}\n`)
  await chmod(path, 0o755)
}

/** Starts a mirror with one archive, and counts its requests. */
async function mirror(t: TestContext, version: string) {
  const path = await folder(t)
  await mkdir(join(path, target))
  await program(join(path, target, 'helm'), version)
  execFileSync('tar', ['-czf', join(path, 'a.tar.gz'), '-C', path, target])
  const archive = await readFile(join(path, 'a.tar.gz'))
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.statusCode = request.url === `/helm-${version}-${target}.tar.gz` ? 200 : 404
    response.end(response.statusCode === 200 ? archive : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const sha256 = createHash('sha256').update(archive).digest('hex')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sha256, requests }
}

test('the helm on PATH is used if no version is requested', async (t) => {
  const path = await folder(t)
  await program(join(path, 'helm'), 'v4.3.1')
  const helm = await obtainHelm(
    { version: '', mirror: '', sha256: '', environment: { PATH: path }, folder: path, toolCache: undefined },
    signal,
  )
  assert.deepEqual([helm.path, helm.version.text], [join(path, 'helm'), 'v4.3.1'])
})

test('a folder called helm on PATH is not taken for the program', async (t) => {
  const path = await folder(t)
  await mkdir(join(path, 'first', 'helm'), { recursive: true })
  await program(join(path, 'helm'), 'v4.3.1')
  const environment = { PATH: `${join(path, 'first')}:${path}` }
  const helm = await obtainHelm(
    { version: '', mirror: '', sha256: '', environment, folder: path, toolCache: undefined },
    signal,
  )
  assert.equal(helm.path, join(path, 'helm'))
})

test('an empty RUNNER_TOOL_CACHE does not name the working directory', async (t) => {
  const path = await folder(t)
  const { url, sha256 } = await mirror(t, 'v4.2.0')
  const environment = { PATH: process.env.PATH }
  const options = {
    version: '4.2.0',
    mirror: url,
    sha256,
    digests: new Map(),
    environment,
    folder: path,
    toolCache: '',
  }
  const helm = await obtainHelm(options, signal)
  assert.ok(helm.path.startsWith(path), helm.path)
})

test('a version other than the one on PATH is downloaded once, verified, and kept', async (t) => {
  const path = await folder(t)
  await program(join(path, 'helm'), 'v4.3.1')
  const { url, sha256, requests } = await mirror(t, 'v4.2.0')
  const options = {
    version: '4.2.0',
    mirror: `${url}/`,
    sha256,
    digests: new Map(),
    environment: { PATH: `${path}:${process.env.PATH}` },
    folder: path,
    toolCache: join(path, 'cache'),
  }
  for (const _ of [1, 2]) {
    const helm = await obtainHelm(options, signal)
    assert.equal(helm.version.text, 'v4.2.0')
    assert.ok(helm.path.startsWith(join(path, 'cache')))
  }
  assert.deepEqual(requests, [`/helm-v4.2.0-${target}.tar.gz`])
})

test('security: a helm of another version than requested is run without credentials', async (t) => {
  const path = await folder(t)
  await writeFile(join(path, 'helm'), `#!/bin/sh\nenv >>${join(path, 'seen')}\necho v4.3.1\n`)
  await chmod(join(path, 'helm'), 0o755)
  const { url, sha256 } = await mirror(t, 'v4.2.0')
  const environment = { PATH: `${path}:${process.env.PATH}`, ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'canary-secret' }
  const helm = await obtainHelm(
    { version: '4.2.0', mirror: url, sha256, digests: new Map(), environment, folder: path, toolCache: undefined },
    signal,
  )
  const seen = await readFile(join(path, 'seen'), 'utf8')
  assert.deepEqual([helm.version.text, seen.includes('PATH='), seen.includes('canary-secret')], ['v4.2.0', true, false])
})

test('an archive with another checksum is never unpacked', async (t) => {
  const path = await folder(t)
  const { url } = await mirror(t, 'v4.2.0')
  const options = {
    version: '4.2.0',
    mirror: url,
    sha256: '0'.repeat(64),
    digests: new Map(),
    environment: { PATH: process.env.PATH },
    folder: path,
    toolCache: join(path, 'cache'),
  }
  await assert.rejects(obtainHelm(options, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: /has the SHA-256 [0-9a-f]{64}, but 0{64} is pinned/,
  })
  await assert.rejects(stat(join(path, 'cache')), { code: 'ENOENT' })
})

test('a version that does not exist, and an invalid checksum, are rejected with the fix', async (t) => {
  const path = await folder(t)
  const { url, sha256, requests } = await mirror(t, 'v4.2.0')
  const options = { mirror: url, environment: { PATH: process.env.PATH }, folder: path, toolCache: undefined }
  await assert.rejects(obtainHelm({ ...options, version: '4.9.9', sha256 }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: /returned 404/,
  })
  requests.length = 0
  await assert.rejects(obtainHelm({ ...options, version: '4.9.9', sha256: 'latest' }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: 'helm-sha256 does not have 64 hexadecimal digits, as a SHA-256 has',
    hint: `Set it to the SHA-256 of helm-v4.9.9-${target}.tar.gz.`,
  })
  assert.deepEqual(requests, [])
})

test('P6 no login in the address of a mirror is printed, whatever characters it has', async (t) => {
  const path = await folder(t)
  const options = { version: '4.9.9', sha256: '0'.repeat(64), environment: { PATH: process.env.PATH }, folder: path }
  for (const login of ['user:secret', "user:it's-secret", 'user:"secret', 'user:a<secret', "it's-a-secret"]) {
    const mirror = `http://${login}@127.0.0.1:1`
    await assert.rejects(obtainHelm({ ...options, mirror, toolCache: undefined }, signal), (error: Error) => {
      assert.match(error.message, /127\.0\.0\.1:1/)
      assert.doesNotMatch(JSON.stringify([error.message, error]), /secret/)
      return true
    })
  }
})

test('a version whose checksum is known needs none; a given one must be the same', async (t) => {
  const path = await folder(t)
  const { url, sha256, requests } = await mirror(t, 'v4.2.0')
  const options = {
    version: 'v4.2.0',
    mirror: url,
    digests: new Map([[`helm-v4.2.0-${target}.tar.gz`, sha256]]),
    environment: { PATH: process.env.PATH },
    folder: path,
  }
  const other = 'ab'.repeat(32)
  await assert.rejects(obtainHelm({ ...options, sha256: other, toolCache: undefined }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: `helm-sha256 is ${other}, but helm-v4.2.0-${target}.tar.gz has the SHA-256 ${sha256}`,
  })
  assert.deepEqual(requests, [])
  for (const given of ['', sha256, sha256.toUpperCase()]) {
    const helm = await obtainHelm({ ...options, sha256: given, toolCache: join(path, given) }, signal)
    assert.equal(helm.version.text, 'v4.2.0')
  }
})

test('a mirror with another archive of a known version is rejected', async (t) => {
  const path = await folder(t)
  const { url, sha256 } = await mirror(t, 'v4.2.0')
  const known = HELM_DIGESTS.get(`helm-v4.2.0-${target}.tar.gz`)
  const environment = { PATH: process.env.PATH }
  const options = { version: '4.2.0', mirror: url, sha256: '', environment, folder: path, toolCache: undefined }
  await assert.rejects(obtainHelm(options, signal), {
    message: `${url}/helm-v4.2.0-${target}.tar.gz has the SHA-256 ${sha256}, but ${known} is pinned`,
  })
})

test('a version with an unknown checksum requires helm-sha256; the message names those that need none', async (t) => {
  const options = { mirror: 'https://get.helm.sh', environment: {}, folder: await folder(t), toolCache: undefined }
  const digests = new Map([
    [`helm-v3.21.4-${target}.tar.gz`, '0'.repeat(64)],
    ['helm-v4.2.9-windows-amd64.tar.gz', '2'.repeat(64)],
    [`helm-v4.3.0-${target}.tar.gz`, '1'.repeat(64)],
  ])
  await assert.rejects(obtainHelm({ ...options, version: '4.9.9', sha256: '', digests }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: `helm 4.9.9 is not on PATH, and the checksum of helm-v4.9.9-${target}.tar.gz is not known here: helm-sha256 is needed`,
    hint: 'Set helm-sha256 to the checksum that https://get.helm.sh publishes for it, or take a version that needs none: 3.21.4, 4.3.0.',
  })
})

test('the known checksums: of supported versions, in order, for both Linux machines, no two alike', () => {
  const names = [...HELM_DIGESTS.keys()].map(
    (name) => /^helm-v([\d.]+)-(\w+-\w+)\.tar\.gz$/.exec(name) ?? assert.fail(name),
  )
  const texts = [...new Set(names.map(([, version = '']) => version))]
  const versions = texts.map((text) => parseHelmVersion(text) ?? assert.fail(text))
  const inOrder = versions.toSorted((a, b) => a.major - b.major || a.minor - b.minor || a.patch - b.patch)
  assert.deepEqual(versions, inOrder)
  assert.deepEqual(
    versions.filter((version) => !isSupportedHelm(version)),
    [],
  )
  const digests = [...HELM_DIGESTS.values()]
  for (const version of texts) {
    for (const machine of ['amd64', 'arm64']) assert.ok(HELM_DIGESTS.has(`helm-v${version}-linux-${machine}.tar.gz`))
  }
  for (const digest of digests) assert.match(digest, /^[0-9a-f]{64}$/)
  assert.equal(new Set(digests).size, digests.length)
  assert.ok(versions.some(({ major }) => major === 3) && versions.some(({ major }) => major === 4))
})

test('nothing in the environment points a helm process at another cluster, namespace or user', () => {
  const parent = {
    PATH: '/bin',
    HOME: '/home/me',
    KUBECONFIG: 'x',
    HELM_KUBEAPISERVER: 'x',
    HELM_KUBETOKEN: 'x',
    HELM_KUBECONTEXT: 'x',
    HELM_NAMESPACE: 'x',
    HTTPS_PROXY: 'p',
  }
  const child = helmEnvironment(parent, '/run/helm')
  assert.deepEqual(
    Object.keys(child).filter((name) => /KUBE|NAMESPACE/.test(name)),
    ['KUBECACHEDIR'],
  )
  assert.deepEqual(
    [child.HTTPS_PROXY, child.HELM_CACHE_HOME, child.HELM_CONFIG_HOME, child.KUBECACHEDIR],
    ['p', '/run/helm/cache', '/run/helm/config', '/run/helm/kube'],
  )
  const byXdg = helmEnvironment({ HOME: '/home/me', XDG_CONFIG_HOME: '/xdg' }, '/run')
  assert.equal(byXdg.HELM_REGISTRY_CONFIG, '/xdg/helm/registry/config.json', 'L3')
  assert.equal(child.HELM_REGISTRY_CONFIG, '/home/me/.config/helm/registry/config.json')
})
