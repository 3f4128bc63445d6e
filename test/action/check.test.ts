import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
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

let fixture: ActionFixture
/** RUNNER_TEMP of all runs, because a check reads the results of an earlier one. */
let temp = ''
before(async () => {
  temp = await mkdtemp(join(tmpdir(), 'acr-nopass-check-'))
  fixture = await startActionFixture({ clusters: ['hangzhou-a', 'hangzhou-b', 'hangzhou-c'], helm: 'helm4' })
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
  const withRole = { ...b.entry(0), values: { identity: { type: 'rrsa' } } }
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

async function reportedConfig(admin: KubeClient): Promise<string> {
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  const { data } = await admin.request<{ data: Readonly<Record<string, string>> }>({ method: 'GET', path })
  return JSON.parse(data[STATUS_KEY] ?? '').configHash
}

const idsOf = (one: ClusterCheck | undefined) => one?.findings.map(({ id }) => id)

test('a fleet after a rollout is healthy, with a defect of each kind each is named, and repaired it is healthy again', async (t) => {
  const { cluster } = fixture.clusters[0] ?? {}
  assert.ok(cluster)
  const apply = await run({})
  assert.equal(apply.code, 0, apply.stdout + apply.stderr)
  const other = fixture.clusters[1]?.cluster
  assert.ok(other)
  let earlier: string | undefined
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
    earlier = outcome.outputs['results-file']
  })

  await t.test(
    'one run names every defect, and the healthy cluster has none: helper scaled down, object deleted, values changed, policy detached, another version, trust changed, a cluster that is gone, one that does not respond',
    async () => {
      const { admin } = cluster
      const before = await reportedConfig(admin)
      await paste(`helm -n acr-nopass upgrade acr-nopass ${join(ROOT, 'chart')} --reuse-values --set logLevel=debug`)
      // A helper that stops before it reports its new values is a finding of its own.
      await eventually(async () => assert.notEqual(await reportedConfig(admin), before), 90_000)
      await admin.request({ method: 'PATCH', path: RELEASE, contentType: MERGE_PATCH, body: { spec: { replicas: 0 } } })
      const inCluster = '/apis/rbac.authorization.k8s.io/v1/namespaces/acr-nopass/roles/acr-nopass'
      await admin.request({ method: 'DELETE', path: inCluster })
      fixture.cloud.control.revoke(fixture.clusters[0]?.workerRole ?? '')
      const older = join(temp, 'older')
      await cp(join(ROOT, 'chart'), older, { recursive: true })
      const about = await readFile(join(older, 'Chart.yaml'), 'utf8')
      await writeFile(join(older, 'Chart.yaml'), about.replace(/^version: .*$/m, 'version: 0.9.0'))
      await paste(`helm -n acr-nopass upgrade acr-nopass ${older} --reuse-values`, other)
      await available(other.admin, 1)
      await available(admin, 0)
      const Principal = { Service: ['fc.aliyuncs.com'] }
      const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]
      fixture.cloud.control.putRole(role, { Version: '1', Statement })
      const report = join(temp, 'report.html')
      const outcome = await check({ cluster: '*', since: earlier ?? '', 'max-parallel': '8', 'report-file': report })
      assert.equal(outcome.code, 1, outcome.stdout + outcome.stderr)
      broken = await clustersOf(outcome)
      const { 'hangzhou-a': a, 'hangzhou-b': b, 'hangzhou-c': c, gone, offline } = broken
      assert.equal(a?.state, 'failed')
      assert.deepEqual(idsOf(a)?.toSorted(), [
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
      assert.deepEqual([b?.state, idsOf(b)?.toSorted()], ['failed', ['RELEASE_OTHER_VERSION', 'ROLE_TRUST_DIFFERS']])
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
      assert.match(outcome.summary, /^### acr-nopass check: 3 failed, 1 unread, 1 healthy\n\nChanged since /)
      assert.ok(outcome.annotations.some(({ title }) => title === 'CLUSTER_GONE'))
      assert.match(await readFile(report, 'utf8'), /<h1 class="bad">3 failed, 1 unread, 1 healthy<\/h1>/)
    },
  )

  await t.test('repaired by the printed commands and a rollout, no cluster has a finding', async () => {
    const { 'hangzhou-a': a, 'hangzhou-b': b } = broken
    const drifted = a?.findings.find(({ id }) => id === 'OBJECTS_DRIFTED')
    await paste(drifted?.command ?? '')
    await available(cluster.admin, 1)
    const ofRoles = [...(a?.findings ?? []), ...(b?.findings ?? [])].filter(({ id }) => id.startsWith('ROLE_'))
    assert.equal(ofRoles.length, 2)
    for (const finding of ofRoles) await runCommands(fixture.cloud, finding)
    const between = await clustersOf(await check({ 'fail-on': 'never' }))
    assert.deepEqual(
      Object.values(between)
        .map((one) => [one.name, idsOf(one)])
        .toSorted(),
      [
        ['hangzhou-a', ['VALUES_DRIFTED']],
        ['hangzhou-b', ['RELEASE_OTHER_VERSION']],
        ['hangzhou-c', []],
      ],
    )
    const repair = await run({})
    assert.equal(repair.code, 0, repair.stdout + repair.stderr)
    const outcome = await check({ since: earlier ?? '', 'fail-on': 'warning' })
    for (const one of Object.values(await clustersOf(outcome))) assert.deepEqual(one.findings, [], outcome.stdout)
    assert.equal(outcome.code, 0)
    assert.match(outcome.summary, /Nothing changed since /)
  })
})
