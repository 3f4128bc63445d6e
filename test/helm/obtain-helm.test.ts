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
import { obtainHelm } from '../../src/helm/obtain-helm.ts'

const signal = new AbortController().signal
const target = `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}`

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'acr-nopass-helm-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A program that says it is a helm of this version. */
async function program(path: string, version: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\necho ${version}\n`)
  await chmod(path, 0o755)
}

/** A mirror with one archive; counts its requests. */
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

test('the helm on PATH is used when no version is asked for', async (t) => {
  const path = await folder(t)
  await program(join(path, 'helm'), 'v4.3.1')
  const helm = await obtainHelm(
    { version: '', mirror: '', sha256: '', environment: { PATH: path }, folder: path, toolCache: undefined },
    signal,
  )
  assert.deepEqual([helm.path, helm.version.text], [join(path, 'helm'), 'v4.3.1'])
})

test('another version than the one on PATH is downloaded once, checked, and kept', async (t) => {
  const path = await folder(t)
  await program(join(path, 'helm'), 'v4.3.1')
  const { url, sha256, requests } = await mirror(t, 'v4.2.0')
  const options = {
    version: '4.2.0',
    mirror: `${url}/`,
    sha256,
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

test('an archive with another checksum is never unpacked', async (t) => {
  const path = await folder(t)
  const { url } = await mirror(t, 'v4.2.0')
  const options = {
    version: '4.2.0',
    mirror: url,
    sha256: '0'.repeat(64),
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

test('a version that is not there, and one without a checksum, are refused with the cure', async (t) => {
  const path = await folder(t)
  const { url, sha256 } = await mirror(t, 'v4.2.0')
  const options = { mirror: url, environment: { PATH: process.env.PATH }, folder: path, toolCache: undefined }
  await assert.rejects(obtainHelm({ ...options, version: '4.9.9', sha256 }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: /was answered with 404/,
  })
  await assert.rejects(obtainHelm({ ...options, version: '4.2.0', sha256: '' }, signal), {
    code: 'HELM_DOWNLOAD_FAILED',
    message: /helm-sha256 is no checksum/,
  })
})

test('nothing ambient points a helm child at another cluster, namespace or user', () => {
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
  assert.equal(child.HELM_REGISTRY_CONFIG, '/home/me/.config/helm/registry/config.json')
})
