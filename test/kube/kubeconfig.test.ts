import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import { createFakeClock } from './fake-clock.ts'

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-kubeconfig-'))
const authority = createAuthority('kubeconfig')
const pair = authority.issue({ commonName: 'api', names: ['127.0.0.1'], minutes: 60 })
let headers: readonly string[] = []
const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (request, response) => {
  headers = request.rawHeaders
  response.end('{}')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const cluster = {
  server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  'certificate-authority-data': Buffer.from(authority.certificatePem).toString('base64'),
}

async function write(name: string, user: object, of: object = cluster): Promise<string> {
  const file = join(folder, name)
  const config = {
    'current-context': name,
    contexts: [{ name, context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: of }],
    users: [{ name: 'u', user }],
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

/** Returns the headers that authenticate a request, as `name: value`. */
async function sentBy(connection: KubeConnection): Promise<readonly string[]> {
  const client = createKubeClient(connection)
  try {
    await client.request({ method: 'GET', path: '/version' })
  } finally {
    client.close()
  }
  const all = headers.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${headers[index + 1]}`] : []))
  return all.filter((line) => /^(authorization|impersonate-)/.test(line))
}

test('a token in a file, relative to its kubeconfig, is used in place of one in the kubeconfig, and read again', async () => {
  const clock = createFakeClock()
  await writeFile(join(folder, 'token'), 'one\n')
  const connection = await kubeconfigConnection({ file: await write('a', { tokenFile: 'token', token: 'old' }) }, clock)
  assert.deepEqual(await sentBy(connection), ['authorization: Bearer one'])
  await writeFile(join(folder, 'token'), 'two\n')
  await clock.advance(10_000)
  assert.deepEqual(await sentBy(connection), ['authorization: Bearer two'])
})

test("an empty certificate-authority means the system's certificates, as to kubectl", async () => {
  for (const empty of ['', null]) {
    const file = await write('empty-ca', { token: 'x' }, { server: cluster.server, 'certificate-authority': empty })
    assert.equal((await kubeconfigConnection({ file })).ca, undefined)
  }
})

test('a token file that does not exist is an error, not an anonymous request', async () => {
  const connection = await kubeconfigConnection({ file: await write('b', { tokenFile: '/nowhere/token' }) })
  await assert.rejects(sentBy(connection), { code: 'KUBE_CONNECTION', message: /\/nowhere\/token cannot be read/ })
})

test("a user that acts as another user has that user's rights, as with kubectl and helm", async () => {
  const user = { token: 't', as: 'jane', 'as-uid': '7', 'as-groups': ['dev', 'ops'], 'as-user-extra': { 'a/b': ['x'] } }
  const file = await write('c', user)
  const expected = [
    'impersonate-user: jane',
    'impersonate-uid: 7',
    'impersonate-group: dev',
    'impersonate-group: ops',
    'impersonate-extra-a%2Fb: x',
    'authorization: Bearer t',
  ]
  assert.deepEqual(await sentBy(await kubeconfigConnection({ file })), expected)
})

test('if several files in $KUBECONFIG have a name, the first file counts; a file that does not exist is skipped', async () => {
  const other = join(folder, 'other')
  await mkdir(other)
  const config = { contexts: [{ name: 'second', context: { cluster: 'c', user: 'v' } }] }
  const users = [
    { name: 'u', user: { token: 'hidden' } },
    { name: 'v', user: { tokenFile: 'token' } },
  ]
  await writeFile(join(other, 'config'), JSON.stringify({ ...config, users, 'current-context': 'second' }))
  await writeFile(join(other, 'token'), 'of-v')
  const KUBECONFIG = [join(folder, 'gone'), await write('first', { token: 'of-u' }), join(other, 'config')].join(':')
  const environment = { KUBECONFIG }
  assert.deepEqual(await sentBy(await kubeconfigConnection({ environment })), ['authorization: Bearer of-u'])
  const second = await kubeconfigConnection({ environment, context: 'second' })
  assert.deepEqual(await sentBy(second), ['authorization: Bearer of-v'])
})

const plugin = (command: string, ...args: readonly string[]): object => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, interactiveMode: 'Never' },
})

for (const [name, user, message, of] of [
  ['is not installed', plugin('no-such-plugin'), "the kubeconfig's plugin no-such-plugin is not on PATH"],
  [
    'fails',
    plugin('sh', '-c', 'echo token-of-mine >&2; exit 3'),
    "the kubeconfig's plugin sh ended with the exit code 3",
  ],
  ['prints something else', plugin('echo', 'hello'), "the kubeconfig's plugin echo printed no credential"],
  ['prints no credential', plugin('echo', '{}'), "the kubeconfig's plugin echo printed no credential"],
  ['waits for somebody', plugin('sleep', '600'), "the kubeconfig's plugin sleep did not end within 0.5 s"],
  [
    'leaves a process behind',
    plugin('sh', '-c', `sleep 600 & echo $! > '${join(folder, 'left')}'; wait`),
    "the kubeconfig's plugin sh did not end within 0.5 s",
  ],
  [
    'has a file that is missing',
    { 'client-certificate': '/nowhere/cert' },
    '/nowhere/cert of the kubeconfig cannot be read',
  ],
  [
    'has a plugin that works, and its cluster a file that is missing',
    plugin('echo', '{"status":{"token":"t"}}'),
    '/nowhere/ca of the kubeconfig cannot be read',
    { ...cluster, 'certificate-authority-data': undefined, 'certificate-authority': '/nowhere/ca' },
  ],
  [
    'has a plugin that works, and its cluster no https',
    plugin('echo', '{"status":{"token":"t"}}'),
    "the kubeconfig's server http://api.example:8080 is not https",
    { server: 'http://api.example:8080' },
  ],
] as const) {
  test(`a kubeconfig's user that cannot be authenticated is explained: it ${name}`, async () => {
    const file = await write('p', user, of)
    const begin = performance.now()
    await assert.rejects(kubeconfigConnection({ file, pluginMs: 500 }), { code: 'KUBECONFIG_INVALID', message })
    assert.ok(performance.now() - begin < 30_000)
    // Only the plugin itself was killed, so the test ends the process that it left.
    if (name === 'leaves a process behind') process.kill(Number(await readFile(join(folder, 'left'), 'utf8')))
  })
}

test('a kubeconfig that does not exist is reported with the reason', async () => {
  const file = join(folder, 'nowhere')
  const message = `the kubeconfig ${file} cannot be read`
  await assert.rejects(kubeconfigConnection({ file }), { code: 'KUBECONFIG_INVALID', message, reason: 'ENOENT' })
})

test('a server without https is refused by its address', async () => {
  const file = await write('h', { token: 't' }, { server: 'http://api.example:8080' })
  const message = "the kubeconfig's server http://api.example:8080 is not https"
  await assert.rejects(kubeconfigConnection({ file }), { code: 'KUBECONFIG_INVALID', message })
})

test('a plugin gets a closed input, and the same information as from kubectl', async () => {
  const script =
    'read line; printf \'{"status":{"token":"%s"}}\' "$(echo "$KUBERNETES_EXEC_INFO" | sed \'s/.*"kind":"\\([A-Za-z]*\\)".*/\\1/\')$line"'
  const file = await write('q', plugin('sh', '-c', script))
  assert.deepEqual(await sentBy(await kubeconfigConnection({ file })), ['authorization: Bearer ExecCredential'])
})

/** Returns what the plugin of a kubeconfig receives about the cluster. */
async function clusterInfo(exec: object, of: object): Promise<unknown> {
  const out = join(folder, 'info')
  const script = `echo "$KUBERNETES_EXEC_INFO" > '${out}'; echo '{"status":{"token":"t"}}'`
  const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script], ...exec } }
  await kubeconfigConnection({ file: await write('info-config', user, of) })
  return JSON.parse(await readFile(out, 'utf8')).spec.cluster
}

// `Cluster` in pkg/apis/clientauthentication/v1/types.go, clusterExtensionKey in
// tools/clientcmd/client_config.go of k8s.io/client-go.
test('a plugin that asks for the cluster gets it in the same form as from kubectl and helm', async () => {
  const extensions = [
    { name: 'other', extension: { audience: 'no' } },
    { name: 'client.authentication.k8s.io/exec', extension: { audience: 'yes' } },
  ]
  const of = { ...cluster, 'tls-server-name': 'api.internal', extensions }
  const info = await clusterInfo({ provideClusterInfo: true }, of)
  assert.deepEqual(info, {
    server: cluster.server,
    'tls-server-name': 'api.internal',
    'certificate-authority-data': cluster['certificate-authority-data'],
    config: { audience: 'yes' },
  })
  assert.equal(await clusterInfo({}, of), undefined)
})

// GetAuthInfoFileReferences in tools/clientcmd/loader.go of k8s.io/client-go.
test('a plugin that is named by a relative path starts from the folder of the kubeconfig', async () => {
  const file = await write('relative', plugin('./get-token'))
  await writeFile(join(dirname(file), 'get-token'), '#!/bin/sh\necho \'{"status":{"token":"here"}}\'\n', {
    mode: 0o755,
  })
  assert.deepEqual(await sentBy(await kubeconfigConnection({ file })), ['authorization: Bearer here'])
})

test('a plugin that is not installed is explained with the hint of its kubeconfig', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'no-such-plugin',
    installHint: 'Get it from the portal.\n',
  }
  await assert.rejects(kubeconfigConnection({ file: await write('hint', { exec }) }), {
    code: 'KUBECONFIG_INVALID',
    message: "the kubeconfig's plugin no-such-plugin is not on PATH",
    hint: 'Get it from the portal.',
  })
})
