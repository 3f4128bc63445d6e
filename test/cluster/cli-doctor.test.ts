import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { createKubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import { sha256 } from '../../src/lib/text.ts'
import { type BinResult, runBin } from '../cli/run-bin.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import {
  applyList,
  attach,
  attachment,
  entries,
  foreignSecret,
  HOST,
  IMAGE,
  MARKER,
  pullSecret,
  soon,
  stuck,
} from './doctor/written-objects.ts'

const RELEASE = {
  registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
  identity: { type: 'worker-role' },
  attach: 'serviceAccounts',
}

const chart = await openChartCluster('cli-doctor')
const { admin, cluster } = chart
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-doctor-'))
after(async () => {
  await chart[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const doctor = (...args: string[]): Promise<BinResult> =>
  runBin(['doctor', '--kubeconfig', cluster.adminKubeconfigFile, ...args])

test('doctor: a cluster without a release', async () => {
  const left = { ...pullSecret('default'), path: '/api/v1/namespaces/default/secrets/acr-nopass' }
  await admin.request(left)
  const { findings } = JSON.parse((await doctor('-o', 'json')).stdout)
  assert.deepEqual(
    findings.map(({ id, subject, objects }: Record<string, unknown>) => [id, subject, objects]),
    [
      ['NOT_INSTALLED', 'release', undefined],
      ['LEFTOVERS', 'release acr-nopass/acr-nopass', ['default/acr-nopass']],
    ],
  )
  const kubeconfig = ['--kubeconfig', cluster.adminKubeconfigFile]
  const [program = '', ...command] = String(findings[1].command).split(' ')
  assert.equal(program, 'acr-nopass')
  const listed = await runBin(command)
  assert.match(listed.stdout, /^would delete Secret default\/acr-nopass$/m)
  await runBin(['cleanup', '--detach', ...kubeconfig, '--confirm', 'acr-nopass/1'])
  const { code, stdout, stderr } = await doctor()
  assert.deepEqual([code, stderr], [1, ''])
  assert.match(
    stdout,
    /^acr-nopass on https:\/\/127\.0\.0\.1:\d+, Kubernetes v1\.\d+\.\d+\n\nerror NOT_INSTALLED release: /,
  )
  assert.match(stdout, /\n1 error, 0 warnings\n$/)
})

test('doctor: misconfigurations on a real API server, each named', async () => {
  await chart.install('acr-nopass', 'acr-nopass', RELEASE)
  for (const name of ['good', 'empty', 'foreign', 'applied']) await chart.createNamespace(name)
  await chart.createNamespace('out', { 'acr-nopass.io/skip': 'true' })
  await report({
    state: 'failing',
    error: { code: 'CLOUD_DENIED', message: 'no right', fix: 'grant it', at: soon(-1) },
  })
  for (const name of ['acr-nopass', 'default', 'good', 'applied']) await admin.request(pullSecret(name))
  await admin.request(foreignSecret('foreign'))
  for (const name of ['acr-nopass', 'default', 'good', 'empty', 'foreign']) await attach(admin, name)
  await admin.request({ ...attachment('acr-nopass', 'acr-nopass'), body: entries('acr-nopass') })
  await applyList(admin, 'applied')
  await stuck(admin, 'good', 'masked', { imagePullSecrets: [{ name: 'own' }] })
  await stuck(admin, 'good', 'denied', {}, `${IMAGE}: insufficient_scope: authorization failed`)
  await stuck(admin, 'good', 'uncovered', {}, '', 'other-registry.cn-beijing.cr.aliyuncs.com/a/b:1')
  await stuck(admin, 'empty', 'waiting', {})
  await stuck(admin, 'out', 'skipped', {})

  const { code, stdout, stderr } = await doctor('-o', 'json')
  assert.deepEqual([code, stderr], [1, ''])
  const data = JSON.parse(stdout)
  assert.equal(data.healthy, false)
  assert.deepEqual(data.unread, [])
  assert.deepEqual(
    data.findings.map(({ severity, id, subject }: Record<string, string>) => `${severity} ${id} ${subject}`).toSorted(),
    [
      'error ACCOUNT_FOREIGN 1 ServiceAccount',
      'error HELPER_DOWN helper acr-nopass/acr-nopass',
      'error POD_DENIED Pod good/denied',
      'error POD_HAS_OWN_PULL_SECRETS Pod good/masked',
      'error POD_OPTED_OUT Pod out/skipped',
      'error POD_UNCOVERED Pod good/uncovered',
      'error POD_WITHOUT_SECRET Pod empty/waiting',
      'error RAM_DENIED registry demo',
      'error SECRET_FOREIGN namespace foreign',
      'error SECRET_MISSING namespace empty',
    ],
  )
  const text = await doctor()
  assert.equal(text.code, 1)
  for (const { id, cause, fix, causedBy } of data.findings) {
    // A consequence is printed below its cause, whose fix comes first. A node's long message is cut
    // in the middle.
    const parts =
      causedBy === undefined
        ? [cause.slice(0, 100), cause.slice(-100), fix]
        : [`likely follows from ${causedBy}: fix that first`]
    for (const part of [` ${id} `, ...parts]) assert.ok(text.stdout.includes(part), `${id}: ${part}`)
  }
  assert.match(text.stdout, /^registry +edition +state +expires +login +domains$/m)
  assert.match(text.stdout, /^demo +enterprise +failing +in [34]\d min +accepted +demo-registry/m)
})

test('doctor: an administrator of one namespace can forge a release there, but cannot create the objects that would prove the release', async () => {
  await chart.createNamespace('aaa', { 'acr-nopass.io/skip': 'true' })
  await admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/aaa/rolebindings',
    body: {
      metadata: { name: 'owner' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ kind: 'User', name: 'mallory', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  })
  const file = join(folder, 'mallory.kubeconfig')
  await writeFile(file, cluster.kubeconfigFor('mallory', [], 10))
  const mallory = createKubeClient(await kubeconfigConnection({ environment: {}, file, context: undefined }))
  try {
    const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'acr-nopass' }
    const body = { metadata: { name: 'acr-nopass', labels }, data: { 'config.yaml': '{}' } }
    await eventually(() => mallory.request({ method: 'POST', path: '/api/v1/namespaces/aaa/configmaps', body }))
    const name = 'acr-nopass.aaa.acr-nopass'
    for (const [path, sign] of [
      [
        '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
        { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [] },
      ],
      ['/apis/rbac.authorization.k8s.io/v1/clusterroles', { rules: [] }],
      ['/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {}],
    ] as const) {
      for (const own of [name, `${name}.secrets`]) {
        const forged = mallory.request({ method: 'POST', path, body: { metadata: { name: own, labels }, ...sign } })
        await assert.rejects(forged, { code: 'KUBE_FORBIDDEN' })
      }
    }
  } finally {
    mallory.close()
  }
  const { release, findings } = JSON.parse((await doctor('-o', 'json')).stdout)
  assert.deepEqual(release, { namespace: 'acr-nopass', name: 'acr-nopass', verified: true })
  const about = findings.filter((finding: object) => JSON.stringify(finding).includes('aaa'))
  assert.deepEqual(
    about.map(({ severity, id, command }: Record<string, string>) => [severity, id, command]),
    [
      [
        'info',
        'RIVAL_RELEASE',
        `kubectl --kubeconfig ${cluster.adminKubeconfigFile} get configmaps --namespace aaa -l app.kubernetes.io/name=acr-nopass`,
      ],
    ],
  )
  await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/aaa/configmaps/acr-nopass' })
})

test("doctor reports the change that a registry is about to make, from the helper's report", async () => {
  const idsOf = async (registry: Parameters<typeof report>[0]): Promise<(string | undefined)[]> => {
    await report(registry)
    const { stdout } = await doctor('-o', 'json')
    return JSON.parse(stdout).findings.map(({ id }: { id: string }) => id)
  }
  assert.ok((await idsOf({ state: 'pending' })).includes('REGISTRY_PENDING'))
  assert.ok((await idsOf({ issuedAt: soon(-59), expiresAt: soon(1) })).includes('REGISTRY_EXPIRING'))
  const healthy = await idsOf({})
  assert.deepEqual(
    healthy.filter((id) => id?.startsWith('REGISTRY_')),
    [],
  )
})

test('doctor reports a release that is removing everything that it wrote', async () => {
  const values = { ...RELEASE, retire: true }
  await chart.install('acr-nopass', 'acr-nopass', values)
  const { stdout } = await doctor('-o', 'json')
  const found = JSON.parse(stdout).findings.filter(({ id }: { id: string }) => id === 'RETIRING')
  assert.deepEqual(
    found.map(({ severity, message }: Record<string, string>) => [severity, message]),
    [['info', 'the helper removes what it wrote']],
  )
  await chart.install('acr-nopass', 'acr-nopass', RELEASE)
})

test('P5 P6 doctor requests no content of any Secret, and shows none', async () => {
  const before = readAuditLog(cluster).length
  const { stdout } = await doctor('--debug', '-o', 'json')
  assert.doesNotMatch(stdout, new RegExp(MARKER))
  const requests = await eventually(() => {
    const entries = readAuditLog(cluster).slice(before)
    const found = entries.filter(({ objectRef, userAgent }) => {
      return objectRef?.resource === 'secrets' && userAgent?.startsWith('acr-nopass/')
    })
    assert.ok(found.length > 0)
    return found
  })
  for (const { verb, requestURI } of requests) {
    // The dry runs that the guard must refuse store nothing, and their response is metadata.
    if (verb === 'patch') assert.match(requestURI, /dryRun=All/)
    else assert.match(`${verb} ${requestURI}`, /^list .*(fieldSelector=metadata\.name%3Dacr-nopass|labelSelector=)/)
  }
})

test('doctor with few permissions reports what was not checked', async () => {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]
  await admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/acr-nopass/roles',
    body: { metadata: { name: 'reader' }, rules },
  })
  await admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/acr-nopass/rolebindings',
    body: {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'User', name: 'anna', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  })
  const kubeconfig = join(folder, 'anna.kubeconfig')
  await writeFile(kubeconfig, cluster.kubeconfigFor('anna', [], 10))
  await report({
    state: 'failing',
    error: { code: 'CLOUD_DENIED', message: 'no right', fix: 'grant it', at: soon(-1) },
  })
  const printed = await eventually(async () => {
    const { code, stdout } = await runBin(['doctor', '--kubeconfig', kubeconfig, '-o', 'json'])
    const data = JSON.parse(stdout)
    assert.equal(data.registries.length, 1)
    return { code, ...data }
  })
  assert.equal(printed.code, 1)
  assert.deepEqual(
    printed.findings.map(({ id }: { id: string }) => id),
    ['RAM_DENIED'],
  )
  assert.deepEqual(printed.unread.map(({ what }: { what: string }) => what).toSorted(), [
    'ConfigMaps of all namespaces',
    'Deployment acr-nopass/acr-nopass',
    'Lease acr-nopass/acr-nopass',
    'Namespaces',
    'Pods of all namespaces',
    'Pods of namespace acr-nopass',
    'Secrets named acr-nopass',
    'ServiceAccounts of all namespaces',
    "The guard's effect (dry runs as the helper)",
    "The helper's rights (SubjectAccessReview)",
    'ValidatingAdmissionPolicies',
    'ValidatingAdmissionPolicyBindings',
    'Whether the chart installed release acr-nopass/acr-nopass',
  ])
  for (const { why } of printed.unread)
    assert.match(why, /User "anna" cannot (get|list|create|impersonate\S*) resource/)
})

test('doctor: without permission to read a release it reports that, and not that the release does not exist', async () => {
  const kubeconfig = join(folder, 'nobody.kubeconfig')
  await writeFile(kubeconfig, cluster.kubeconfigFor('nobody', [], 10))
  const { code, stdout } = await runBin(['doctor', '--kubeconfig', kubeconfig, '--fail-on', 'warning', '-o', 'json'])
  const { findings } = JSON.parse(stdout)
  assert.deepEqual([code, findings.map(({ id }: { id: string }) => id)], [1, ['RELEASE_UNREADABLE']])
})

/** Writes the report that a helper would write. */
async function report(registry: Partial<HelperStatus['registries'][number]>): Promise<void> {
  const path = '/api/v1/namespaces/acr-nopass/configmaps'
  const config = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path: `${path}/acr-nopass` })
  const status: HelperStatus = {
    version: '0.1.0',
    updatedAt: soon(0),
    leader: 'acr-nopass-1_x',
    configHash: sha256(config.data['config.yaml'] ?? ''),
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [
      {
        name: 'demo',
        edition: 'enterprise',
        fingerprint: 'f',
        domains: [HOST],
        state: 'live',
        issuedAt: soon(-20),
        expiresAt: soon(40),
        verified: 'accepted',
        ...registry,
      },
    ],
    namespaces: { total: 6, current: 4, pending: 2, skipped: {} },
    problems: [],
  }
  const body = { data: { [STATUS_KEY]: JSON.stringify(status) } }
  await admin.request({ method: 'PATCH', path: `${path}/acr-nopass-status`, contentType: MERGE_PATCH, body })
}
