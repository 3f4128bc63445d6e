import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeNodeArchive } from '../../scripts/release/node-archive.ts'
import { ROOT, runBin } from '../cli/run-bin.ts'
import { INSTANCE } from '../support/cloud/team-seed.ts'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { hashOfProviders, readProviderHash } from '../support/node/provider-hash.ts'
import { WORKER_ROLE } from '../support/registry/private-registry.ts'

// The script for nodes changes a real kubelet: in the mounts of the node, where /opt and
// /etc/default belong to it. Only systemd has a stand-in.

const signal = AbortSignal.timeout(15 * 60_000)
let fixture: NodeFixture
let folder: string
let script: string
let stopServer: () => Promise<unknown>
let undone = 0

before(async () => {
  fixture = await openNodeFixture(signal)
  folder = join(fixture.node.run.folder, 'script')
  for (const name of ['opt', 'default']) mkdirSync(join(folder, name), { recursive: true })
  const mounts = `mount --bind '${folder}/opt' /opt && mount --bind '${folder}/default' /etc/default`
  const mounted = await inNode(['sh', '-c', mounts])
  assert.deepEqual(mounted, { code: 0, stdout: '', stderr: '' })
  const manager = await startManager()
  stopServer = manager.stop
  script = await printScript(manager.url)
})
after(async () => {
  await stopServer?.()
  await fixture?.[Symbol.asyncDispose]()
})

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in the mounts of the node. */
function inNode(command: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const words = ['-m', '-t', String(fixture.node.containerd.id.pid), '--', ...command]
    const options = { env: { PATH: process.env.PATH ?? '', TMPDIR: folder }, timeout: 180_000 }
    const child = execFile('nsenter', words, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

const FLAG_FILE = (): string => join(folder, 'default', 'kubelet')

/** The flags that the kubelet's unit would pass on. */
function readFlags(): readonly string[] {
  return (/^KUBELET_EXTRA_ARGS="(.*)"$/m.exec(readFileSync(FLAG_FILE(), 'utf8'))?.[1] ?? '').split(' ').filter(Boolean)
}

/** In place of systemd: restarts the kubelet, and knows whether it is healthy. */
async function startManager(): Promise<{ readonly url: string; stop(): Promise<unknown> }> {
  const { cluster, node } = fixture
  const isHealthy = async (): Promise<void> => {
    const path = `/api/v1/nodes/${node.name}/proxy/healthz`
    await cluster.admin.request({ method: 'GET', path, isText: true }, signal)
  }
  const server = createServer(async (request, response) => {
    try {
      await (request.url === '/restart' ? node.restartKubelet(readFlags()) : isHealthy())
      response.end()
    } catch {
      response.writeHead(500).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Prints the script with the command line tool, for values of the emulated cloud. */
async function printScript(manager: string): Promise<string> {
  const { cloud } = fixture
  const node = join(folder, 'node')
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  const archive = join(folder, 'node.tgz')
  const sha256 = await writeNodeArchive(archive, {
    root: ROOT,
    scratch: folder,
    node,
    nodeLicence: join(ROOT, 'LICENSE'),
  })
  const values = {
    identity: { type: 'worker-role' },
    node: { identity: 'worker-role' },
    endpoints: { sts: cloud.endpoints.sts, cr: cloud.endpoints.cr, imds: await cloud.imdsFor(WORKER_ROLE) },
    registries: [{ name: 'main', edition: 'enterprise', instanceId: INSTANCE, region: cloud.regionId }],
  }
  const file = join(folder, 'values.yaml')
  writeFileSync(file, JSON.stringify(values))
  const health = ['--health-url', `${manager}/healthz`, '--health-seconds', '12']
  const restart = ['--restart', `curl -fsS --max-time 60 ${manager}/restart`]
  const flags = ['--profile', 'kubeadm', '-f', file, '--url', archive, '--sha256', sha256, ...health, ...restart]
  const { code, stdout, stderr } = await runBin(['node', 'script', ...flags])
  assert.equal(code, 0, stderr)
  const printed = join(folder, 'install-node.sh')
  writeFileSync(printed, stdout)
  return printed
}

const readHash = () => readProviderHash(fixture)

/** Another provider, whose program never returns a login. */
const OTHER = `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: other-provider
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages: ["other.example.com"]
    defaultCacheDuration: 1m
`

test('P16 the script gives a real kubelet the program beside that of another registry, and a Pod pulls without a Secret', async () => {
  mkdirSync(join(folder, 'opt', 'other'))
  writeFileSync(join(folder, 'opt', 'other', 'config.yaml'), OTHER)
  writeFileSync(join(folder, 'opt', 'other', 'other-provider'), '#!/bin/sh\nexit 1\n')
  chmodSync(join(folder, 'opt', 'other', 'other-provider'), 0o755)
  const other =
    '--image-credential-provider-config=/opt/other/config.yaml --image-credential-provider-bin-dir=/opt/other'
  writeFileSync(FLAG_FILE(), `KUBELET_EXTRA_ARGS="--v=3 ${other}"\n`)
  await fixture.node.restartKubelet(readFlags())
  assert.equal(await readHash(), hashOfProviders(OTHER))
  await fixture.namespace('shop')
  await fixture.pod('shop', 'before', { pull: 'Always' })
  await fixture.until('shop', 'before', /^(ErrImagePull|ImagePullBackOff): /, 60_000)

  const { code, stdout, stderr } = await inNode(['dash', script])
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    /kept the provider other-provider of \/opt\/other\/config\.yaml\nacr-nopass: the kubelet is healthy\n/,
  )
  // Of two values of a flag the kubelet takes the last.
  assert.deepEqual(readFlags().slice(0, 3), ['--v=3', ...other.split(' ')])
  const config = readFileSync(join(folder, 'opt', 'acr-nopass', 'config.yaml'), 'utf8')
  assert.equal(await readHash(), hashOfProviders(config))
  await fixture.pod('shop', 'after', { pull: 'Always' })
  await fixture.until('shop', 'after', 'running', 60_000)
  const path = '/api/v1/secrets'
  assert.deepEqual((await fixture.cluster.admin.request<{ items: object[] }>({ method: 'GET', path })).items, [])
  assert.match((await inNode(['bash', script])).stdout, /nothing to change/)
})

// Each is refused by validateCredentialProviderConfig or registerCredentialProviderPlugins in
// pkg/credentialprovider/plugin, Kubernetes v1.37.2, and ends the kubelet at its start.
for (const [what, from, to] of [
  ['without a field that the kubelet needs', '"defaultCacheDuration": "0s",', ''],
  [
    'with a field that the kubelet does not know',
    '"defaultCacheDuration": "0s",',
    '"defaultCacheDuration": "0s", "cacheFor": "0s",',
  ],
  [
    'with a version that the kubelet does not know',
    '"credentialprovider.kubelet.k8s.io/v1"',
    '"credentialprovider.kubelet.k8s.io/v9"',
  ],
  ['with an image pattern that is no host', '"matchImages": [', '"matchImages": ["%",'],
  ['that names a program which is not there', '"name": "acr-nopass-provider"', '"name": "absent"'],
] as const) {
  test(`a configuration ${what} ends the real kubelet, and is undone: the Node is Ready and pulls as before`, async () => {
    const flags = readFileSync(FLAG_FILE(), 'utf8')
    const hash = await readHash()
    const text = readFileSync(script, 'utf8')
    assert.ok(text.includes(from))
    const broken = join(folder, 'broken.sh')
    writeFileSync(broken, text.replace(from, to))
    const { code, stderr } = await inNode(['dash', broken])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /NODE_UNDONE: the kubelet was not healthy with the new configuration; everything was undone, and the kubelet is healthy again/,
    )
    assert.deepEqual([readFileSync(FLAG_FILE(), 'utf8'), await readHash()], [flags, hash])
    undone += 1
    await fixture.pod('shop', `undone-${undone}`, { pull: 'Always' })
    await fixture.until('shop', `undone-${undone}`, 'running', 60_000)
  })
}

test("--remove leaves the kubelet with the other registry's program, and Pods need a Secret again", async () => {
  const { code, stderr } = await inNode(['dash', script, '--remove'])
  assert.equal(code, 0, stderr)
  assert.equal(await readHash(), hashOfProviders(OTHER))
  await fixture.push('2')
  await fixture.pod('shop', 'removed', { tag: '2', pull: 'Always' })
  await fixture.until('shop', 'removed', /^(ErrImagePull|ImagePullBackOff): /, 60_000)
})
