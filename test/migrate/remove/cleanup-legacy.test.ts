import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runBin } from '../../cli/run-bin.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../../support/fake-api-server.ts'
import { expectSample } from '../../support/sample.ts'
import { AGGREGATION } from '../import/recipe-2018.ts'
import { HOST, MINUTE, object, oldSecret, PASSWORD, switched } from './switched-cluster.ts'

const TWO_HOURS = 120 * MINUTE
const OLD_HELPER = 'aliyun-acr-credential-helper'

async function open(t: TestContext, objects: readonly FakeObject[]): Promise<FakeApiServer> {
  const cluster = await startFakeApiServer(objects)
  t.after(() => cluster[Symbol.asyncDispose]())
  return cluster
}

function cleanup(t: TestContext, cluster: FakeApiServer, ...flags: readonly string[]) {
  return legacy(t, cluster, ['--confirm', 'aliyun-acr-credential-helper/1', ...flags])
}

async function legacy(t: TestContext, cluster: FakeApiServer, flags: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-legacy-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  await writeFile(file, cluster.kubeconfig)
  const { code, stdout, stderr } = await runBin(['cleanup', '--legacy', '--kubeconfig', file, ...flags])
  assert.ok(!`${stdout}${stderr}`.includes(PASSWORD))
  const secrets = cluster.objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name)
  return { code, stdout, stderr, secrets }
}

for (const [title, flags, code, removes] of [
  ['--yes, as before 1.0', ['--yes'], 0, true],
  ['the name of a release', ['--confirm', 'acr-nopass/1'], 2, false],
  ['the wrong name and --dry-run', ['--confirm', 'acr-nopass/1', '--dry-run'], 0, false],
] as const) {
  test(`P15 cleanup --legacy confirmed with ${title} ${removes ? 'removes' : 'changes nothing'}`, async (t) => {
    const cluster = await open(t, switched(30 * MINUTE))
    const result = await legacy(t, cluster, flags)
    assert.equal(result.code, code, result.stdout + result.stderr)
    assert.equal(
      cluster.calls.some((call) => !call.startsWith('GET ')),
      removes,
    )
    if (code === 2) assert.match(result.stderr, /^INPUT_CONFIRM: .*--confirm aliyun-acr-credential-helper\/1$/m)
  })
}

/** A Deployment whose Pod was created before the pull secret was attached. */
function runningBefore(): readonly FakeObject[] {
  const owner = (kind: string, name: string) => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
  })
  const spec = { serviceAccountName: 'default', containers: [{ name: 'app', image: `${HOST}/shop/web:1` }] }
  const old = { ...spec, imagePullSecrets: [{ name: AGGREGATION }] }
  const set = object('ReplicaSet', 'shop', 'web-5d9c7f684', { metadata: owner('Deployment', 'web') })
  return [
    object('Deployment', 'shop', 'web', { spec: { replicas: 1, template: { spec } } }),
    { ...set, apiVersion: 'apps/v1' },
    object('Pod', 'shop', 'web-5d9c7f684-x2x4k', {
      metadata: owner('ReplicaSet', 'web-5d9c7f684'),
      spec: old,
      status: { phase: 'Running' },
    }),
  ]
}

test('the page about migration shows what cleanup --legacy lists, and what it keeps', async (t) => {
  const before = await open(t, [...switched(30 * MINUTE), ...runningBefore()])
  const listed = await legacy(t, before, [])
  assert.equal(listed.code, 1)
  const [inUse = ''] = listed.stdout.split('\n\n')
  expectSample('legacy-in-use', inUse, [[/ --kubeconfig \S+/g, '']])
  const written = [{ manager: 'x', operation: 'Update', time: '2026-11-25T10:00:00Z', fieldsV1: { 'f:data': {} } }]
  const after = await open(
    t,
    switched(30 * MINUTE).map((one) => {
      return one.metadata.name === AGGREGATION ? { ...one, metadata: { ...one.metadata, managedFields: written } } : one
    }),
  )
  const removed = await cleanup(t, after)
  assert.equal(removed.code, 0)
  const kept = removed.stdout.split('\n').filter((line) => line.startsWith('kept Secret '))
  expectSample('legacy-kept', kept.join('\n'), [[/ --kubeconfig \S+/g, '']])
})

test("cleanup --legacy judges a credential by the API server's clock: valid, while this machine is two hours ahead", async (t) => {
  const cluster = await open(t, switched(30 * MINUTE - TWO_HOURS))
  cluster.aheadMs = -TWO_HOURS
  const { code, stdout, secrets } = await cleanup(t, cluster)
  assert.deepEqual([code, secrets], [0, ['acr-nopass', AGGREGATION]], stdout)
  const [account] = cluster.objects.filter(({ kind }) => kind === 'ServiceAccount')
  assert.deepEqual(account?.imagePullSecrets, [{ name: 'acr-nopass' }])
})

test("P12 cleanup --legacy judges a credential by the API server's clock: expired, while this machine is two hours behind", async (t) => {
  const cluster = await open(t, switched(30 * MINUTE))
  cluster.aheadMs = TWO_HOURS
  const { code, stdout, secrets } = await cleanup(t, cluster)
  assert.deepEqual([code, secrets], [1, ['acr-nopass', AGGREGATION]])
  assert.match(stdout, /^namespace shop: it has no current pull secret acr-nopass$/m)
})

test('P15 cleanup --legacy removes nothing in favour of an unproven release, until the user names that release', async (t) => {
  const isProof = ({ kind }: FakeObject): boolean => kind === 'ClusterRoleBinding'
  const cluster = await open(
    t,
    switched(30 * MINUTE).filter((one) => !isProof(one)),
  )
  const { code, stdout } = await cleanup(t, cluster)
  assert.equal(code, 1)
  assert.match(
    stdout,
    /acr-nopass is not installed here\n {2}fix: Not verified: home\/r\. If one of them is yours, name it with --namespace and --release\.$/m,
  )
  assert.equal((await cleanup(t, cluster, '--namespace', 'home', '--release', 'r')).code, 0)
})

test('P15 cleanup --legacy removes nothing if it cannot be read whether the chart installed the only release, until the user names that release', async (t) => {
  const cluster = await open(t, switched(30 * MINUTE))
  cluster.refuse = (_, path) => (path.endsWith('/acr-nopass.home.r') ? 403 : undefined)
  const { code, stderr } = await cleanup(t, cluster)
  assert.equal(code, 1)
  assert.match(stderr, /LEGACY_UNREADABLE.*Whether the chart installed release home\/r/)
  assert.equal((await cleanup(t, cluster, '--namespace', 'home', '--release', 'r')).code, 0)
})

test('P12 cleanup --legacy reads ServiceAccounts and Secrets one by one if lists come without managedFields', async (t) => {
  const declared = [
    { manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:imagePullSecrets': {}, 'f:data': {} } },
  ]
  const isNaming = ({ kind, metadata }: FakeObject): boolean =>
    kind === 'ServiceAccount' || metadata.name === AGGREGATION
  const objects = switched(30 * MINUTE).map((one) =>
    isNaming(one) ? { ...one, metadata: { ...one.metadata, managedFields: declared } } : one,
  )
  const cluster = await open(t, objects)
  cluster.trimsLists = true
  const { secrets, stdout } = await cleanup(t, cluster)
  assert.ok(secrets.includes(AGGREGATION))
  assert.ok(!stdout.includes('it has no current pull secret'), stdout)
  assert.deepEqual(cluster.objects.find(({ kind }) => kind === 'ServiceAccount')?.imagePullSecrets, [
    { name: AGGREGATION },
    { name: 'acr-nopass' },
  ])
})

test('P12 cleanup --legacy reads the old helper and its permissions one by one if lists come without managedFields', async (t) => {
  const by = (field: string) => ({
    metadata: { managedFields: [{ manager: 'argocd-controller', operation: 'Apply', fieldsV1: { [field]: {} } }] },
  })
  const helper = { kind: 'ServiceAccount', name: OLD_HELPER, namespace: 'kube-system' }
  const container = { name: 'helper', image: 'registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v1' }
  const binding = object('ClusterRoleBinding', undefined, OLD_HELPER, {
    ...by('f:subjects'),
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [helper],
  })
  const cluster = await open(t, [
    ...switched(30 * MINUTE),
    object('ServiceAccount', 'kube-system', OLD_HELPER, by('f:metadata')),
    { ...binding, apiVersion: 'rbac.authorization.k8s.io/v1' },
    object('Deployment', 'kube-system', OLD_HELPER, {
      ...by('f:spec'),
      spec: { template: { spec: { serviceAccountName: OLD_HELPER, containers: [container] } } },
    }),
  ])
  const before = cluster.objects.filter(({ metadata }) => metadata.name === OLD_HELPER)
  cluster.trimsLists = true
  const { code, stdout } = await cleanup(t, cluster)
  const left = cluster.objects.filter(({ metadata }) => metadata.name === OLD_HELPER)
  assert.deepEqual([code, left], [1, before])
  const [first, second] = stdout.split('\n')
  assert.deepEqual(
    [first, second],
    [
      'LEGACY_IN_USE: 1 still depends on the old helper; nothing was changed',
      `Deployment kube-system/${OLD_HELPER}: argocd-controller applies it and would create it again`,
    ],
  )
})

test('cleanup --legacy reports an object that finalizers keep', async (t) => {
  const objects = oldHelper([OURS]).map((one) =>
    one.kind === 'ServiceAccount' ? { ...one, metadata: { ...one.metadata, finalizers: ['example.com/x'] } } : one,
  )
  const { code, stdout } = await cleanup(t, await open(t, [...switched(30 * MINUTE), ...objects]))
  assert.equal(code, 1)
  const line = `left: ServiceAccount kube-system/${OLD_HELPER}: it stays until its finalizers are removed (example.com/x)`
  assert.ok(stdout.includes(line), stdout)
})

/** The old helper as its manifest creates it, and the configuration that the add-on reads. */
function oldHelper(entries: readonly string[]): readonly FakeObject[] {
  const container = { name: 'helper', image: 'registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v1' }
  const template = { spec: { serviceAccountName: OLD_HELPER, containers: [container] } }
  return [
    object('Deployment', 'kube-system', OLD_HELPER, { spec: { template } }),
    object('ServiceAccount', 'kube-system', OLD_HELPER),
    object('ConfigMap', 'kube-system', 'acr-configuration', { data: { 'acr-registry-info': entries.join('') } }),
  ]
}

const OURS = '- instanceId: "cri-abcdefgh12345678"\n  regionId: "cn-hangzhou"\n'

const SECOND_HOST = 'img.second.example.com'
const secondInstance = '- instanceId: "cri-second"\n  regionId: "cn-hangzhou"\n'
const second = object('Deployment', 'shop', 'second', {
  spec: { replicas: 0, template: { spec: { containers: [{ name: 'app', image: `${SECOND_HOST}/team/app:1` }] } } },
})

test('P15 cleanup --legacy keeps the old helper while its Secret holds a login for a domain that only another instance has', async (t) => {
  const objects = switched(30 * MINUTE).map((one) =>
    one.metadata.name === AGGREGATION ? oldSecret([HOST, SECOND_HOST], one.metadata) : one,
  )
  const cluster = await open(t, [...objects, ...oldHelper([OURS, secondInstance]), second])
  const before = cluster.objects
  const { code, stdout } = await cleanup(t, cluster)
  assert.deepEqual([code, cluster.objects], [1, before], stdout)
  assert.match(
    stdout,
    /^instance cri-second: acr-registry-info\[1\] lists it, and no registry of acr-nopass is that instance$/m,
  )
  assert.match(
    stdout,
    /^img\.second\.example\.com: Secret shop\/acr-credential-secret-aggregation holds a login for it, /m,
  )
})

test('P15 cleanup --legacy stops the old helper once everything that acr-nopass does not cover is named, and deletes no Secret', async (t) => {
  const objects = switched(30 * MINUTE).map((one) =>
    one.metadata.name === AGGREGATION ? oldSecret([HOST, SECOND_HOST], one.metadata) : one,
  )
  const cluster = await open(t, [...objects, ...oldHelper([OURS, secondInstance]), second])
  const { code, stdout, secrets } = await cleanup(t, cluster, '--abandon', 'cri-second', '--abandon', SECOND_HOST)
  assert.deepEqual([code, secrets], [0, ['acr-nopass', AGGREGATION]], stdout)
  assert.match(stdout, /^abandoned img\.second\.example\.com: Deployment shop\/second: /m)
  assert.ok(!cluster.objects.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === OLD_HELPER))
  assert.ok(stdout.includes(`kubectl -n shop delete secret ${AGGREGATION}`), stdout)
})

for (const [what, named, title] of [
  [
    'a Pod template in a ConfigMap',
    object('ConfigMap', 'airflow', 'templates', {
      data: { 'pod_template_file.yaml': `spec:\n  imagePullSecrets: [{name: ${AGGREGATION}}]\n` },
    }),
    'ConfigMap airflow/templates',
  ],
  [
    'an admission policy that adds its name',
    {
      ...object('MutatingAdmissionPolicy', undefined, 'add-login', {
        spec: { mutations: [{ jsonPatch: { expression: `[JSONPatch{value: "${AGGREGATION}"}]` } }] },
      }),
      apiVersion: 'admissionregistration.k8s.io/v1',
    },
    'MutatingAdmissionPolicy add-login',
  ],
  [
    'an argument of a container',
    {
      ...object('SparkApplication', 'jobs', 'pi', {
        spec: { conf: { 'spark.kubernetes.container.image.pullSecrets': `regcred,${AGGREGATION}` } },
      }),
      apiVersion: 'sparkoperator.k8s.io/v1beta2',
    },
    'SparkApplication jobs/pi',
  ],
] as const) {
  test(`P15 cleanup --legacy lists what names an old Secret in a text, and changes nothing: ${what}`, async (t) => {
    const cluster = await open(t, [...switched(30 * MINUTE), ...oldHelper([OURS]), named])
    const before = cluster.objects
    const { code, stdout } = await cleanup(t, cluster)
    assert.deepEqual([code, cluster.objects], [1, before], stdout)
    assert.ok(stdout.includes(`\n${title}: its text names the Secret ${AGGREGATION}\n`), stdout)
    assert.ok(stdout.includes(`  or, if it is no longer needed: --abandon '${title}'\n`), stdout)
  })
}

test('P15 cleanup --legacy goes on once the text with the name of an old Secret is named by the user', async (t) => {
  const notes = object('ConfigMap', 'docs', 'notes', { data: { text: `the login was ${AGGREGATION}` } })
  const cluster = await open(t, [...switched(30 * MINUTE), ...oldHelper([OURS]), notes])
  const { code, stdout, secrets } = await cleanup(t, cluster, '--abandon', 'ConfigMap docs/notes')
  assert.deepEqual([code, secrets], [0, ['acr-nopass', AGGREGATION]], stdout)
  assert.ok(stdout.includes(`kept Secret shop/${AGGREGATION}: ConfigMap docs/notes names it; `), stdout)
})

const COPY = { ...oldSecret([HOST]), metadata: { name: 'regcred', namespace: 'jobs' } }

test('P15 P6 cleanup --legacy keeps the old helper while another program copies its login into a Secret of another name', async (t) => {
  const cluster = await open(t, [...switched(30 * MINUTE), ...oldHelper([OURS]), COPY])
  const before = cluster.objects
  const { code, stdout } = await cleanup(t, cluster)
  assert.deepEqual([code, cluster.objects], [1, before], stdout)
  assert.match(stdout, /^LEGACY_IN_USE: 1 still depends .*\nSecret jobs\/regcred: it holds a login of an old Secret, /)
  const named = await cleanup(t, cluster, '--abandon', 'jobs/regcred')
  assert.deepEqual([named.code, named.secrets], [0, ['acr-nopass', AGGREGATION, 'regcred']], named.stdout)
  assert.match(named.stdout, /^abandoned jobs\/regcred: it holds a login of an old Secret, /)
})

test('P15 cleanup --legacy by a user who may read only the old Secrets keeps the old helper, unless the user confirms by name', async (t) => {
  const cluster = await open(t, [...switched(30 * MINUTE), ...oldHelper([OURS])])
  cluster.refuse = (_, path, query) =>
    path === '/api/v1/secrets' && query.get('fieldSelector')?.startsWith('type=') ? 403 : undefined
  const before = cluster.objects
  const { code, stdout } = await cleanup(t, cluster)
  assert.deepEqual([code, cluster.objects], [1, before], stdout)
  assert.match(
    stdout,
    /^LEGACY_IN_USE: 1 still depends .*\npull secrets of other names: these Secrets could not be read, /,
  )
  const option = "--abandon 'pull secrets of other names'"
  assert.ok(stdout.includes(`  or, if it is no longer needed: ${option}\n`), stdout)
  assert.equal((await cleanup(t, cluster, '--abandon', 'pull secrets of other names')).code, 0)
})
