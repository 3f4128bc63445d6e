import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../support/fake-api-server.ts'
import { runBin } from './run-bin.ts'

const INSTANCE = 'acr-nopass.acr-nopass'

const account = (namespace: string, manager?: string): FakeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace, name: 'default', ...(manager === undefined ? {} : writtenBy(manager, 'f:imagePullSecrets')) },
  imagePullSecrets: [{ name: 'own' }, { name: 'acr-nopass' }],
})
const secret = (namespace: string, manager = 'acr-nopass', instance = INSTANCE): FakeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    namespace,
    name: 'acr-nopass',
    labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance },
    ...writtenBy(manager, 'f:data'),
  },
})
const writtenBy = (manager: string, field: string) => ({
  managedFields: [{ manager, operation: 'Update', fieldsV1: { [field]: {} } }],
})
/** An object with the release's labels, as the chart renders them. */
const part = (kind: string, apiVersion: string, namespace: string, release: string, rest: object): FakeObject => ({
  apiVersion,
  kind,
  metadata: {
    namespace,
    name: release,
    labels: { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': release },
  },
  ...rest,
})
const config = (namespace: string, release: string, secretName: string): FakeObject =>
  part('ConfigMap', 'v1', namespace, release, { data: { 'config.yaml': JSON.stringify({ secretName }) } })

/** An object that only the chart's installation creates. */
const binding = (namespace: string, release: string): FakeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: `acr-nopass.${namespace}.${release}` },
})

const CONFIRM = ['--namespace', 'acr-nopass', '--release', 'acr-nopass', '--confirm', 'acr-nopass/1']

function cleanup(t: TestContext, cluster: FakeApiServer, ...more: string[]) {
  return detach(t, cluster, ...CONFIRM, ...more)
}

async function detach(t: TestContext, cluster: FakeApiServer, ...flags: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-cleanup-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  await writeFile(file, cluster.kubeconfig)
  const { code, stdout, stderr } = await runBin(['cleanup', '--detach', '--kubeconfig', file, ...flags])
  return { code, stderr, lines: stdout.split('\n').filter(Boolean) }
}

/** Returns the ServiceAccounts' entries by namespace. */
const entries = ({ objects }: FakeApiServer): Record<string, unknown> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata, imagePullSecrets }) => [
        metadata.namespace,
        (imagePullSecrets as { name: string }[]).map(({ name }) => name),
      ]),
  )

async function open(t: TestContext, ...objects: FakeObject[]): Promise<FakeApiServer> {
  const cluster = await startFakeApiServer(objects)
  t.after(() => cluster[Symbol.asyncDispose]())
  return cluster
}

test('P12 cleanup leaves the entries of a second release that has no Secret yet', async (t) => {
  const cluster = await open(
    t,
    account('ours', 'acr-nopass'),
    secret('ours'),
    account('second', 'acr-nopass'),
    config('other', 'other', 'acr-nopass'),
    binding('other', 'other'),
  )
  const { code, lines } = await cleanup(t, cluster)
  assert.equal(code, 0)
  assert.deepEqual(lines, [
    'no Pod names acr-nopass',
    'detached ServiceAccount ours/default',
    'deleted Secret ours/acr-nopass',
    'kept ServiceAccount second/default with its entry acr-nopass: there is no Secret acr-nopass, and another release writes Secrets of that name',
  ])
  assert.deepEqual(entries(cluster), { ours: ['own'], second: ['own', 'acr-nopass'] })
})

test('cleanup removes entries without a Secret while the only other release has Secrets with another name', async (t) => {
  const cluster = await open(
    t,
    account('ours', 'acr-nopass'),
    config('other', 'other', 'elsewhere'),
    binding('other', 'other'),
  )
  assert.equal((await cleanup(t, cluster)).code, 0)
  assert.deepEqual(entries(cluster), { ours: ['own'] })
})

test('P12 cleanup keeps entries without a Secret if the configuration of another release was deleted, because that helper may still run', async (t) => {
  const status = part('ConfigMap', 'v1', 'other', 'other', { data: { 'status.json': '{}' } })
  const cluster = await open(t, account('ours', 'acr-nopass'), status, binding('other', 'other'))
  assert.deepEqual((await cleanup(t, cluster)).lines, [
    'kept ServiceAccount ours/default with its entry acr-nopass: there is no Secret acr-nopass, and another release writes Secrets of that name',
  ])
})

test('cleanup without a name says which release has to be named, because nothing proves that the chart installed it', async (t) => {
  const cluster = await open(t, config('team', 'pull', 'elsewhere'))
  const notes = async (...flags: string[]) => (await detach(t, cluster, ...flags)).lines
  const toName = 'Not verified: team/pull. If one of them is yours, name it with --namespace and --release.'
  assert.deepEqual(await notes(), ['nothing of acr-nopass/acr-nopass is left', toName])
  assert.deepEqual(await notes('--namespace', 'team'), ['nothing of team/acr-nopass is left', toName])
  assert.deepEqual(await notes('--namespace', 'team', '--release', 'pull'), ['nothing of team/pull is left'])
})

// The ConfigMap is not parsed, so it may belong to a release with that secret name.
test('P12 cleanup keeps entries without a Secret while a ConfigMap of a tenant has the labels of a release, and says so', async (t) => {
  const cluster = await open(t, account('ours', 'acr-nopass'), config('aaa', 'forged', 'elsewhere'))
  const { code, lines } = await cleanup(t, cluster)
  assert.equal(code, 0)
  assert.deepEqual(lines, [
    'kept ServiceAccount ours/default with its entry acr-nopass: there is no Secret acr-nopass, and aaa/forged, which has the labels of a release, may be one that writes Secrets of that name',
  ])
  assert.deepEqual(entries(cluster), { ours: ['own', 'acr-nopass'] })
})

test('P12 cleanup reads each object itself if a list comes without managedFields', async (t) => {
  const cluster = await open(
    t,
    account('ours', 'acr-nopass'),
    account('gitops', 'argocd-controller'),
    account('unknown'),
    secret('copied', 'kubed'),
  )
  cluster.trimsLists = true
  const { code, lines } = await cleanup(t, cluster)
  assert.equal(code, 0)
  assert.deepEqual(lines, [
    'detached ServiceAccount ours/default',
    'kept ServiceAccount gitops/default with its entry acr-nopass: argocd-controller wrote the list last (--all removes it)',
    'kept ServiceAccount unknown/default with its entry acr-nopass: it is not recorded who wrote the list (--all removes it)',
    "kept Secret copied/acr-nopass: it has this release's labels, but another client wrote it",
  ])
  assert.deepEqual(cluster.objects.filter(({ kind }) => kind === 'Secret').length, 1)
})

test('P15 cleanup with the name of another release as confirmation changes nothing', async (t) => {
  const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'))
  const { code, stderr } = await cleanup(t, cluster, '--confirm', 'acr-nopass/other')
  assert.equal(code, 2)
  assert.match(stderr, /^INPUT_CONFIRM: this cleanup needs --confirm acr-nopass\/1$/m)
  assert.deepEqual(
    cluster.calls.filter((call) => !call.startsWith('GET ')),
    [],
  )
})

for (const [title, flags, code] of [
  ['the namespace and the release, as before 1.0', ['--confirm', 'acr-nopass/acr-nopass'], 0],
  ['the release of another number of clusters', ['--confirm', 'acr-nopass/2'], 2],
  ['a release that nothing proves and no flag names', ['--confirm', 'acr-nopass/1'], 2],
] as const) {
  test(`P15 cleanup --detach confirmed with ${title} ${code === 0 ? 'removes it' : 'changes nothing'}`, async (t) => {
    const others = title.includes('nothing proves') ? [config('old', 'my', 'login')] : []
    const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'), ...others)
    const result = await detach(t, cluster, ...flags)
    assert.equal(result.code, code, result.stderr)
    const writes = cluster.calls.filter((call) => !call.startsWith('GET '))
    assert.equal(writes.length > 0, code === 0, result.stderr)
  })
}

test('P15 the namespace and the release confirm nothing if the name of the release is a number, which could count clusters', async (t) => {
  const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'))
  const { code, stderr } = await detach(
    t,
    cluster,
    '--namespace',
    'acr-nopass',
    '--release',
    '1',
    '--confirm',
    'acr-nopass/1',
  )
  assert.equal(code, 2)
  assert.match(stderr, /^INPUT_CONFIRM: this cleanup needs --confirm 1\/1$/m)
})

for (const [title, object] of [
  ['a Deployment', part('Deployment', 'apps/v1', 'acr-nopass', 'acr-nopass', { spec: { replicas: 2 } })],
  ['a Pod of a deleted Deployment', part('Pod', 'v1', 'acr-nopass', 'acr-nopass', { status: { phase: 'Running' } })],
] as const) {
  test(`cleanup refuses while ${title} of the release runs, also without its ConfigMap`, async (t) => {
    const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'), object)
    const { code, stderr } = await cleanup(t, cluster)
    assert.equal(code, 1)
    assert.match(stderr, /^HELPER_AT_WORK: the helper of acr-nopass\/acr-nopass still runs/)
    assert.deepEqual(
      cluster.calls.filter((call) => !call.startsWith('GET ')),
      [],
    )
  })
}

test('cleanup removes what an earlier name of the pull secret left, while the helper runs with another name', async (t) => {
  const running = part('Deployment', 'apps/v1', 'acr-nopass', 'acr-nopass', { spec: { replicas: 2 } })
  const release = { name: 'acr-nopass', namespace: 'acr-nopass', fullname: 'acr-nopass', serviceAccount: 'acr-nopass' }
  const text = JSON.stringify({
    registries: [{ name: 'a', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
    attach: 'serviceAccounts',
    secretName: 'renamed',
    release: { ...release, lease: 'acr-nopass', status: 'acr-nopass-status' },
  })
  const renamed = part('ConfigMap', 'v1', 'acr-nopass', 'acr-nopass', { data: { 'config.yaml': text } })
  const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'), running, renamed)
  const refused = await cleanup(t, cluster)
  assert.match(refused.stderr, /^HELPER_AT_WORK/)
  const { code, lines } = await cleanup(t, cluster, '--secret-name', 'acr-nopass')
  assert.equal(code, 0)
  assert.deepEqual(lines, [
    'no Pod names acr-nopass',
    'detached ServiceAccount ours/default',
    'deleted Secret ours/acr-nopass',
  ])
  assert.deepEqual(entries(cluster), { ours: ['own'] })
})

// A 403 must not count as the absence of a release, because the release's Secrets would then be
// deleted.
for (const [what, where] of [
  ['ConfigMaps of all namespaces', '/api/v1/configmaps'],
  ['Deployments of namespace acr-nopass', '/apis/apps/v1/namespaces/acr-nopass/deployments'],
  ['Pods of namespace acr-nopass', '/api/v1/namespaces/acr-nopass/pods'],
] as const) {
  test(`P12 cleanup refuses where ${what} cannot be listed`, async (t) => {
    const cluster = await open(t, account('ours', 'acr-nopass'), secret('ours'))
    cluster.refuse = (_method, path) => (path === where ? 403 : undefined)
    const { stderr } = await cleanup(t, cluster)
    assert.ok(stderr.startsWith(`CLEANUP_UNREADABLE: not readable: ${what} `), stderr)
    assert.deepEqual(entries(cluster), { ours: ['own', 'acr-nopass'] })
    assert.deepEqual(cluster.objects.length, 2)
  })
}

test('cleanup reports a Secret that finalizers keep', async (t) => {
  const held = secret('ours')
  const cluster = await open(t, { ...held, metadata: { ...held.metadata, finalizers: ['example.com/backup'] } })
  const { code, lines } = await cleanup(t, cluster)
  assert.equal(code, 1)
  assert.ok(
    lines.includes('left: Secret ours/acr-nopass: it stays until its finalizers are removed (example.com/backup)'),
    lines.join('\n'),
  )
  assert.ok(!lines.includes('deleted Secret ours/acr-nopass'))
})

const pod = (
  namespace: string,
  name: string,
  names: readonly string[],
  status: object = { phase: 'Running' },
): FakeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name },
  spec: { containers: [], imagePullSecrets: names.map((one) => ({ name: one })) },
  status,
})

test('P15 cleanup --detach first lists the Pods that name a deleted pull secret, and the Pods that have no other pull secret', async (t) => {
  const cluster = await open(
    t,
    secret('shop'),
    pod('shop', 'only', ['acr-nopass']),
    pod('shop', 'also', ['regcred', 'acr-nopass']),
    pod('shop', 'done', ['acr-nopass'], { phase: 'Succeeded' }),
    pod('shop', 'other', ['regcred']),
    pod('elsewhere', 'foreign', ['acr-nopass']),
  )
  const planned = await cleanup(t, cluster, '--dry-run')
  const line =
    'Pods that name the pull secret acr-nopass: 2; it is the only pull secret of shop/only, which cannot pull without it'
  assert.deepEqual(planned.lines.slice(0, 2), [line, 'would delete Secret shop/acr-nopass'])
  const { code, lines } = await cleanup(t, cluster)
  assert.deepEqual([code, lines], [0, [line, 'deleted Secret shop/acr-nopass']])
})

test('P15 cleanup --detach that ends early has named the Pods before its first write, and says what it removed', async (t) => {
  const cluster = await open(t, account('a', 'acr-nopass'), secret('a'), secret('b'), pod('a', 'web', ['acr-nopass']))
  cluster.refuse = (method, path) => {
    if (method === 'DELETE' && path.includes('/namespaces/b/')) void cluster[Symbol.asyncDispose]()
    return undefined
  }
  const { code, lines, stderr } = await cleanup(t, cluster)
  assert.deepEqual(lines, [
    'Pods that name the pull secret acr-nopass: 1; it is the only pull secret of a/web, which cannot pull without it',
  ])
  assert.match(
    stderr,
    /^KUBE_UNREACHABLE: .* \(done before: detached ServiceAccount a\/default; deleted Secret a\/acr-nopass\)/m,
  )
  assert.equal(code, 1)
})

test('cleanup --detach in JSON names the Pods on standard error before its first write, and lists only what it removed', async (t) => {
  const cluster = await open(t, account('a', 'acr-nopass'), secret('a'), pod('a', 'web', ['acr-nopass']))
  cluster.refuse = (method) => (method === 'PATCH' ? 409 : undefined)
  const { code, lines, stderr } = await cleanup(t, cluster, '-o', 'json')
  assert.match(stderr, /^Pods that name the pull secret acr-nopass: 1; /)
  const { serviceAccounts, secrets, pods, left } = JSON.parse(lines.join('\n'))
  assert.deepEqual(
    { code, serviceAccounts, secrets, pods, left },
    {
      code: 1,
      serviceAccounts: [],
      secrets: ['a/acr-nopass'],
      pods: { count: 1, only: ['a/web'] },
      left: ['ServiceAccount a/default: KUBE_CONFLICT'],
    },
  )
})

test('P14 cleanup --detach without the right to list Pods reports that they were not looked for', async (t) => {
  const cluster = await open(t, secret('shop'))
  cluster.refuse = (_method, path) => (path === '/api/v1/pods' ? 403 : undefined)
  const { code, lines } = await cleanup(t, cluster)
  const line = 'Pods that still name acr-nopass were not searched for, because the right to list Pods is missing'
  assert.deepEqual([code, lines], [0, [line, 'deleted Secret shop/acr-nopass']])
})
