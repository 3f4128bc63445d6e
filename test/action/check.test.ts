import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { V1ServiceAccount } from '@kubernetes/client-node'
import { parse, stringify } from 'yaml'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { type HelperStatus, requestRefresh, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { APPLY, type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { ROOT } from '../cli/run-bin.ts'
import { runCommands } from '../cluster/doctor/run-commands.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { testTools } from '../tools.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'

const RELEASE = '/apis/apps/v1/namespaces/acr-nopass/deployments/acr-nopass'
/** An ACK cluster that the account does not have, and an API server that does not respond. */
const GONE = { name: 'gone', ack: { clusterId: 'c00000000000000000000000000000000', region: 'cn-hangzhou' } }
const OFFLINE = { name: 'offline', kubeconfig: { env: 'OFFLINE' } }
const OFFLINE_KUBECONFIG = stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'u', user: { token: 'none' } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
})

/** The age of a credential that is due for renewal, and not in the last tenth of its lifetime. */
const RENEWED_BEFORE_MS = 48 * 60_000
const MARKUP = '<img src=x onerror=alert(1)>'
/** A field manager and a kubelet's message, which any tenant of a cluster can write. */
const MANAGER = `::error::owned ${MARKUP} | \`b\` **b**`
const MESSAGE = `\u001b[31m\n::error::owned\n::add-mask::a\u202e ${MARKUP} | \`b\` **b**`

let fixture: ActionFixture
/** Two teams with limited credentials; later with roles of their own. */
let teams: readonly Readonly<Record<string, unknown>>[] = []
/** RUNNER_TEMP of all runs. */
let temp = ''
before(async () => {
  temp = await mkdtemp(join(tmpdir(), 'acr-nopass-check-'))
  const clusters = ['hangzhou-a', 'hangzhou-b', 'hangzhou-c']
  fixture = await startActionFixture({ clusters, helm: 'helm4', registry: true })
  teams = parse(await readFile(join(ROOT, 'examples/sandbox/values.yaml'), 'utf8')).registries
  const [folder = ''] = (fixture.env.PATH ?? '').split(':')
  await symlink((await testTools('kubectl')).kubectl, join(folder, 'kubectl'))
})
after(async () => {
  await rm(temp, { recursive: true, force: true })
  await fixture[Symbol.asyncDispose]()
})

async function run(inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const [a, b, c] = fixture.clusters
  assert.ok(a && b && c)
  const withRole = { ...b.entry(0), values: { identity: { type: 'rrsa' }, registries: teams } }
  return runAction({
    temp,
    inputs: {
      clusters: stringify([a.entry(0), withRole, c.entry(0), GONE, OFFLINE]),
      cluster: 'hangzhou-a,hangzhou-b,hangzhou-c',
      'max-parallel': '3',
      values: fixture.values,
      endpoints: fixture.endpoints,
      ...inputs,
    },
    env: { ...fixture.env, OFFLINE: OFFLINE_KUBECONFIG, ...env },
  })
}

/** Runs a command as an administrator of the cluster pastes it. */
async function paste(command: string, cluster = fixture.clusters[0]?.cluster): Promise<string> {
  const env = { PATH: fixture.env.PATH, HOME: temp, KUBECONFIG: cluster?.adminKubeconfigFile }
  const { stdout } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', command], { env })
  return stdout
}

/** Runs `mode: check` without any helm on PATH. */
const check = (inputs: Readonly<Record<string, string>> = {}) =>
  run({ mode: 'check', ...inputs }, { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` })

async function clustersOf({ outputs }: ActionOutcome): Promise<Readonly<Record<string, ClusterCheck>>> {
  const { clusters } = JSON.parse(await readFile(outputs['results-file'] ?? '', 'utf8'))
  return Object.fromEntries(clusters.map((one: ClusterCheck) => [one.name, one]))
}

const available = (admin: KubeClient, wanted: number) =>
  eventually(async () => {
    const { metadata, status } = await admin.request<{
      metadata: { generation: number }
      status: { observedGeneration?: number; availableReplicas?: number; updatedReplicas?: number }
    }>({ method: 'GET', path: RELEASE })
    const { availableReplicas = 0, updatedReplicas = 0, observedGeneration } = status
    assert.deepEqual([observedGeneration, availableReplicas, updatedReplicas], [metadata.generation, wanted, wanted])
  }, 120_000)

async function reportOf(admin: KubeClient): Promise<HelperStatus> {
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  const { data } = await admin.request<{ data: Readonly<Record<string, string>> }>({ method: 'GET', path })
  return JSON.parse(data[STATUS_KEY] ?? '')
}

/** The helper reports at most every 30 s. */
const reports = (admin: KubeClient, check: (report: HelperStatus) => void) =>
  eventually(async () => check(await reportOf(admin)), 90_000)

const refresh = (admin: KubeClient) =>
  requestRefresh(
    { client: admin, signal: AbortSignal.timeout(30_000) },
    { namespace: 'acr-nopass', name: 'acr-nopass-status' },
    new Date(),
  )

/** Renews the credential as if that had happened earlier, by the clock of the cloud. */
async function renewEarlier(admin: KubeClient): Promise<void> {
  const before = Date.now() - RENEWED_BEFORE_MS / 2
  fixture.cloud.control.setClockSkew(-RENEWED_BEFORE_MS)
  await refresh(admin)
  await reports(admin, ({ registries }) =>
    assert.ok(registries.every(({ issuedAt = '' }) => Date.parse(issuedAt) < before)),
  )
  fixture.cloud.control.setClockSkew(0)
}

/** A tenant's ServiceAccount, which a tool applies with this list. */
const applyAccount = (admin: KubeClient, secrets: readonly string[]) =>
  admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/tenant/serviceaccounts/ci',
    query: { fieldManager: MANAGER },
    contentType: APPLY,
    body: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'ci' },
      imagePullSecrets: secrets.map((name) => ({ name })),
    },
  })

/** Creates what a tenant may create, with texts that are commands, markup and control codes. */
async function addHostileTexts(admin: KubeClient): Promise<void> {
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'tenant' } } })
  await applyAccount(admin, ['own'])
  const path = '/api/v1/namespaces/tenant/pods'
  const image = `demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1${MESSAGE}`
  // No kubelet runs it, so its status stays.
  const spec = { nodeSelector: { place: 'nowhere' }, containers: [{ name: 'app', image }] }
  await eventually(async () => {
    const account = '/api/v1/namespaces/tenant/serviceaccounts/default'
    const { imagePullSecrets = [] } = await admin.request<V1ServiceAccount>({ method: 'GET', path: account })
    assert.deepEqual(imagePullSecrets, [{ name: 'acr-nopass' }])
  }, 60_000)
  await admin.request({ method: 'POST', path, body: { metadata: { name: 'hostile' }, spec } })
  const state = { waiting: { reason: 'ImagePullBackOff', message: MESSAGE } }
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state }]
  const body = { status: { phase: 'Pending', containerStatuses } }
  await admin.request({ method: 'PATCH', path: `${path}/hostile/status`, contentType: MERGE_PATCH, body })
}

/** Gives each team a RAM role of its own, which only the helper's role may assume. */
function makeTeamRoles(helper: string): void {
  const { accountId, control } = fixture.cloud
  teams = teams.map(({ limit: _limit, probe: _probe, ...team }) => {
    const name = `pull-${team.name}`
    const Principal = { RAM: [`acs:ram::${accountId}:role/${helper}`] }
    control.putRole(name, { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] })
    const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
    control.grant(name, name, { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
    return { ...team, assumeRole: [{ roleArn: `acs:ram::${accountId}:role/${name}` }] }
  })
}

const idsOf = (one: ClusterCheck | undefined) => one?.findings.map(({ id }) => id)

test('a fleet after a rollout is healthy, with a defect of each kind each is named, and repaired it is healthy again', async (t) => {
  const { cluster } = fixture.clusters[0] ?? {}
  assert.ok(cluster)
  const apply = await run({})
  assert.equal(apply.code, 0, apply.stdout + apply.stderr)
  const other = fixture.clusters[1]?.cluster
  assert.ok(other)
  let broken: Readonly<Record<string, ClusterCheck>> = {}
  let role = ''

  await t.test('healthy: no finding, nothing unread, only reads in every audit log, and no helm', async () => {
    const [calls, audited] = [fixture.cloud.calls.length, readAuditLog(cluster).length]
    const outcome = await check({ 'fail-on': 'warning' })
    const own = readAuditLog(cluster)
      .slice(audited)
      .filter(({ userAgent }) => userAgent === 'acr-nopass-action')
    const all = await clustersOf(outcome)
    for (const one of Object.values(all)) {
      assert.deepEqual([one.findings, one.unread, one.state], [[], [], 'healthy'], outcome.stdout)
    }
    const { 'hangzhou-a': one, 'hangzhou-b': second } = all
    role = second?.cloud?.roles[0]?.name ?? ''
    assert.equal(outcome.code, 0)
    assert.deepEqual(
      ['healthy', 'failed', 'drifted'].map((name) => JSON.parse(outcome.outputs[name] ?? '')),
      [['hangzhou-a', 'hangzhou-b', 'hangzhou-c'], [], []],
    )
    assert.deepEqual([...new Set(own.map(({ verb }) => verb))].sort(), ['get', 'list'])
    assert.ok(own.length <= 60, `${own.length} requests`)
    const cloud = fixture.cloud.calls.slice(calls)
    assert.deepEqual(
      cloud.filter(({ write }) => write),
      [],
    )
    assert.equal(one?.cloud?.read, true)
    assert.deepEqual(one?.drift, { objects: [], values: [] })
    assert.deepEqual(outcome.annotations, [])
  })

  await t.test(
    'P14: the rights of the page suffice to read everything; without get on Secrets the release is unread',
    async () => {
      const third = fixture.clusters[2]
      assert.ok(third)
      const READER = third.cluster.kubeconfigFor('reader', ['acr-nopass-check'], 60)
      const entry = { ...third.entry(0), ack: undefined, name: 'reader', workerRoles: [third.workerRole] }
      const clusters = stringify([{ ...entry, kubeconfig: { env: 'READER' } }])
      const checkAsReader = async () => {
        const inputs = { mode: 'check', cluster: 'reader', clusters, 'fail-on': 'warning' }
        const outcome = await run(inputs, { READER })
        return { ...outcome, one: (await clustersOf(outcome)).reader }
      }
      await paste(`kubectl apply -f ${join(ROOT, 'examples/fleet/reader.yaml')}`, third.cluster)
      await eventually(async () => {
        const { code, one, stdout } = await checkAsReader()
        assert.deepEqual([one?.findings, one?.unread, one?.state, code], [[], [], 'healthy', 0], stdout)
        assert.deepEqual(one?.drift, { objects: [], values: [] })
      })
      await paste('kubectl -n acr-nopass delete role acr-nopass-check', third.cluster)
      await eventually(async () => {
        const { code, one } = await checkAsReader()
        assert.deepEqual(
          [one?.findings, one?.drift, one?.state, code],
          [[], { objects: null, values: null }, 'unread', 1],
        )
        assert.match(one?.unread[0]?.what ?? '', /needs list and get of Secrets in namespace acr-nopass/)
      })
      await paste('kubectl -n acr-nopass delete rolebinding acr-nopass-check', third.cluster)
    },
  )

  await t.test(
    'one run names every defect, and the healthy cluster has none: helper scaled down, object deleted, values changed, policy detached, another version, trust changed, credential not renewed, credential too wide, hostile texts, a cluster that is gone, one that does not respond',
    async () => {
      const { admin } = cluster
      const { configHash } = await reportOf(admin)
      const older = join(temp, 'older')
      await cp(join(ROOT, 'chart'), older, { recursive: true })
      const about = await readFile(join(older, 'Chart.yaml'), 'utf8')
      await writeFile(join(older, 'Chart.yaml'), about.replace(/^version: .*$/m, 'version: 0.9.0'))
      fixture.cloud.control.breakSessionPolicies('ignored-by-registry')
      await addHostileTexts(other.admin)
      await Promise.all([
        paste(`helm -n acr-nopass upgrade acr-nopass ${join(ROOT, 'chart')} --reuse-values --set logLevel=debug`),
        paste(`helm -n acr-nopass upgrade acr-nopass ${older} --reuse-values`, other),
      ])
      // A helper measures the width of its first credential only. A new one begins again.
      await paste('kubectl -n acr-nopass delete pod -l app.kubernetes.io/instance=acr-nopass', other)
      // A helper that stops before it reports its new values is a finding of its own.
      await reports(admin, (report) => assert.notEqual(report.configHash, configHash))
      await renewEarlier(admin)
      await admin.request({ method: 'PATCH', path: RELEASE, contentType: MERGE_PATCH, body: { spec: { replicas: 0 } } })
      const inCluster = '/apis/rbac.authorization.k8s.io/v1/namespaces/acr-nopass/roles/acr-nopass'
      await admin.request({ method: 'DELETE', path: inCluster })
      fixture.cloud.control.revoke(fixture.clusters[0]?.workerRole ?? '')
      await available(other.admin, 1)
      await refresh(other.admin)
      await reports(other.admin, ({ registries }) => assert.equal(registries[0]?.limit?.width, 'too-wide'))
      await available(admin, 0)
      const Principal = { Service: ['fc.aliyuncs.com'] }
      const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]
      fixture.cloud.control.putRole(role, { Version: '1', Statement })
      const outcome = await check({ cluster: '*', 'max-parallel': '8' })
      assert.equal(outcome.code, 1, outcome.stdout + outcome.stderr)
      broken = await clustersOf(outcome)
      const { 'hangzhou-a': a, 'hangzhou-b': b, 'hangzhou-c': c, gone, offline } = broken
      assert.equal(a?.state, 'failed')
      assert.deepEqual(idsOf(a)?.toSorted(), [
        'CREDENTIAL_NOT_RENEWED',
        'HELPER_DOWN',
        'OBJECTS_DRIFTED',
        'ROLE_RIGHTS_MISSING',
        'VALUES_DRIFTED',
      ])
      assert.deepEqual(a?.drift, {
        objects: [
          { object: 'Role acr-nopass/acr-nopass', change: 'missing', fields: [], added: [] },
          { object: 'Deployment acr-nopass/acr-nopass', change: 'changed', fields: ['spec.replicas'], added: [] },
        ],
        values: ['logLevel'],
      })
      const late = a?.findings.find(({ id }) => id === 'CREDENTIAL_NOT_RENEWED')
      assert.equal(late?.causedBy, 'HELPER_DOWN')
      assert.deepEqual(
        [b?.state, idsOf(b)?.toSorted()],
        [
          'failed',
          [
            'ACCOUNT_FOREIGN',
            'CREDENTIAL_TOO_WIDE',
            'POD_OUTSIDE_LIMIT',
            'RELEASE_OTHER_VERSION',
            'ROLE_TRUST_DIFFERS',
          ],
        ],
      )
      assert.deepEqual([b?.registries?.[0]?.rights, b?.registries?.[0]?.width], ['limited', 'too-wide'])
      assert.deepEqual([c?.state, c?.findings, c?.unread], ['healthy', [], []])
      assert.deepEqual([gone?.state, idsOf(gone)], ['failed', ['CLUSTER_GONE']])
      assert.deepEqual([offline?.state, idsOf(offline)], ['unread', ['CLUSTER_UNREAD']])
      assert.deepEqual(JSON.parse(outcome.outputs.drifted ?? ''), ['hangzhou-a'])
      assert.deepEqual(JSON.parse(outcome.outputs.failed ?? '').toSorted(), [
        'gone',
        'hangzhou-a',
        'hangzhou-b',
        'offline',
      ])
      assert.match(outcome.summary, /^### acr-nopass check: 3 failed, 1 unread, 1 healthy\n\n\| /)
      assert.ok(outcome.annotations.some(({ title }) => title === 'CLUSTER_GONE'))
      const results = await readFile(outcome.outputs['results-file'] ?? '', 'utf8')
      for (const text of [results, outcome.summary, outcome.stdout]) {
        assert.ok(text.includes('owned'), JSON.stringify(b?.findings, null, 1))
        assert.ok(!text.includes('\u001b') && !text.includes('\u202e'))
      }
      assert.ok(!outcome.summary.includes('<img'))
      // The action's own masks may begin with any letter.
      assert.doesNotMatch(outcome.stdout, /^::(?:error::owned|add-mask::a(?![\w+/]))/m)
      assert.deepEqual(
        outcome.annotations.filter(({ title, message }) => title === undefined && message.startsWith('owned')),
        [],
      )
    },
  )

  await t.test('repaired by the printed commands and a rollout, no cluster has a finding', async () => {
    const { 'hangzhou-a': a, 'hangzhou-b': b } = broken
    const ofRoles = [...(a?.findings ?? []), ...(b?.findings ?? [])].filter(({ id }) => id.startsWith('ROLE_'))
    assert.equal(ofRoles.length, 2)
    for (const finding of ofRoles) await runCommands(fixture.cloud, finding)
    const restored = Date.now() - 60_000
    const drifted = a?.findings.find(({ id }) => id === 'OBJECTS_DRIFTED')
    await paste(drifted?.command ?? '')
    await available(cluster.admin, 1)
    await reports(cluster.admin, ({ registries }) =>
      assert.ok(registries.every(({ issuedAt = '' }) => Date.parse(issuedAt) > restored)),
    )
    await applyAccount(other.admin, ['own', 'acr-nopass'])
    await paste('kubectl -n tenant delete pod hostile', other)
    const between = await clustersOf(await check({ 'fail-on': 'never' }))
    assert.deepEqual(
      Object.values(between)
        .map((one) => [one.name, idsOf(one)?.toSorted()])
        .toSorted(),
      [
        ['hangzhou-a', ['VALUES_DRIFTED']],
        ['hangzhou-b', ['CREDENTIAL_TOO_WIDE', 'RELEASE_OTHER_VERSION']],
        ['hangzhou-c', []],
      ],
    )
    makeTeamRoles(role)
    const repair = await run({})
    assert.equal(repair.code, 0, repair.stdout + repair.stderr)
    const outcome = await check({ 'fail-on': 'warning' })
    for (const one of Object.values(await clustersOf(outcome))) assert.deepEqual(one.findings, [], outcome.stdout)
    assert.equal(outcome.code, 0)
  })
})
