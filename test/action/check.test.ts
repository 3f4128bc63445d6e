import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { discoverResources, objectPath } from '../../src/kube/read/api-resources.ts'
import { ROOT } from '../cli/run-bin.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
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
  fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
})
after(async () => {
  await rm(temp, { recursive: true, force: true })
  await fixture[Symbol.asyncDispose]()
})

async function run(inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const [cluster] = fixture.clusters
  assert.ok(cluster)
  return runAction({
    temp,
    inputs: {
      clusters: stringify([cluster.entry(0), GONE, OFFLINE]),
      cluster: 'hangzhou-a',
      values: fixture.values,
      endpoints: fixture.endpoints,
      ...inputs,
    },
    env: { ...fixture.env, OFFLINE: OFFLINE_KUBECONFIG, ...env },
  })
}

const helm = async (...args: readonly string[]) => {
  const [folder = ''] = (fixture.env.PATH ?? '').split(':')
  const where = ['-n', 'acr-nopass', '--kubeconfig', fixture.clusters[0]?.cluster.adminKubeconfigFile ?? '']
  return promisify(execFile)(join(folder, 'helm'), [...args, ...where], { maxBuffer: 16 * 1024 * 1024 })
}

/** Does what the command of `OBJECTS_DRIFTED` does, because the testbed has no kubectl. */
async function restore(command: string | undefined): Promise<void> {
  const form =
    /^helm -n acr-nopass get manifest acr-nopass \| kubectl -n acr-nopass apply --server-side --force-conflicts --field-manager=helm -f -$/
  assert.match(command ?? '', form)
  const { admin } = fixture.clusters[0]?.cluster ?? {}
  assert.ok(admin)
  const objects = parseManifest((await helm('get', 'manifest', 'acr-nopass')).stdout)
  const resourceOf = await discoverResources({ client: admin, signal: AbortSignal.timeout(60_000) }, objects)
  for (const one of objects) {
    const resource = resourceOf(one)
    assert.ok(resource)
    const query = { fieldManager: 'helm', force: true }
    const path = objectPath(resource, one, 'acr-nopass')
    await admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: one.body })
  }
}

/** Runs `mode: check` without any helm on PATH. */
const check = (inputs: Readonly<Record<string, string>> = {}) =>
  run({ mode: 'check', ...inputs }, { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` })

async function clustersOf({ outputs }: ActionOutcome): Promise<Readonly<Record<string, ClusterCheck>>> {
  const { clusters } = JSON.parse(await readFile(outputs['results-file'] ?? '', 'utf8'))
  return Object.fromEntries(clusters.map((one: ClusterCheck) => [one.name, one]))
}

const idsOf = (one: ClusterCheck | undefined) => one?.findings.map(({ id }) => id)

test('a fleet after a rollout is healthy, with a defect of each kind each is named, and repaired it is healthy again', async (t) => {
  const { cluster } = fixture.clusters[0] ?? {}
  assert.ok(cluster)
  const apply = await run({})
  assert.equal(apply.code, 0, apply.stdout + apply.stderr)
  let [earlier, command]: (string | undefined)[] = []

  await t.test('healthy: no finding, nothing unread, only reads in every audit log, and no helm', async () => {
    const [calls, audited] = [fixture.cloud.calls.length, readAuditLog(cluster).length]
    const outcome = await check({ 'fail-on': 'warning' })
    const own = readAuditLog(cluster)
      .slice(audited)
      .filter(({ userAgent }) => userAgent === 'acr-nopass-action')
    const { 'hangzhou-a': one } = await clustersOf(outcome)
    assert.deepEqual([one?.findings, one?.unread, one?.state], [[], [], 'healthy'], outcome.stdout)
    assert.equal(outcome.code, 0)
    assert.deepEqual(
      ['healthy', 'failed', 'drifted'].map((name) => JSON.parse(outcome.outputs[name] ?? '')),
      [['hangzhou-a'], [], []],
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
    'one run names every defect: helper scaled down, object deleted, values changed, policy detached, a cluster that is gone, one that does not respond',
    async () => {
      const { admin } = cluster
      await helm('upgrade', 'acr-nopass', join(ROOT, 'chart'), '--reuse-values', '--set', 'logLevel=debug')
      await admin.request({ method: 'PATCH', path: RELEASE, contentType: MERGE_PATCH, body: { spec: { replicas: 0 } } })
      const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/acr-nopass/roles/acr-nopass'
      await admin.request({ method: 'DELETE', path: role })
      await eventually(async () => {
        const { status } = await admin.request<{ status: { availableReplicas?: number } }>({
          method: 'GET',
          path: RELEASE,
        })
        assert.equal(status.availableReplicas ?? 0, 0)
      }, 60_000)
      fixture.cloud.control.revoke(fixture.clusters[0]?.workerRole ?? '')
      const report = join(temp, 'report.html')
      const outcome = await check({ cluster: '*', since: earlier ?? '', 'max-parallel': '8', 'report-file': report })
      assert.equal(outcome.code, 1, outcome.stdout + outcome.stderr)
      const { 'hangzhou-a': broken, gone, offline } = await clustersOf(outcome)
      assert.equal(broken?.state, 'failed')
      assert.deepEqual(idsOf(broken)?.toSorted(), [
        'HELPER_DOWN',
        'OBJECTS_DRIFTED',
        'ROLE_RIGHTS_MISSING',
        'VALUES_DRIFTED',
      ])
      assert.deepEqual(broken?.drift, {
        objects: [
          { object: 'Role acr-nopass/acr-nopass', change: 'missing', fields: [], added: [] },
          { object: 'Deployment acr-nopass/acr-nopass', change: 'changed', fields: ['spec.replicas'], added: [] },
        ],
        values: ['logLevel'],
      })
      command = broken?.findings.find(({ id }) => id === 'OBJECTS_DRIFTED')?.command
      assert.deepEqual([gone?.state, idsOf(gone)], ['failed', ['CLUSTER_GONE']])
      assert.deepEqual([offline?.state, idsOf(offline)], ['unread', ['CLUSTER_UNREAD']])
      assert.deepEqual(JSON.parse(outcome.outputs.drifted ?? ''), ['hangzhou-a'])
      assert.deepEqual(JSON.parse(outcome.outputs.failed ?? '').toSorted(), ['gone', 'hangzhou-a', 'offline'])
      assert.match(outcome.summary, /^### acr-nopass check: 2 failed, 1 unread\n\nChanged since /)
      assert.ok(outcome.annotations.some(({ title }) => title === 'CLUSTER_GONE'))
      assert.match(await readFile(report, 'utf8'), /<h1 class="bad">2 failed, 1 unread<\/h1>/)
    },
  )

  await t.test('repaired by the printed command and a rollout, it is healthy without a finding', async () => {
    await restore(command)
    const repair = await run({})
    assert.equal(repair.code, 0, repair.stdout + repair.stderr)
    const outcome = await check({ since: earlier ?? '' })
    assert.deepEqual(idsOf((await clustersOf(outcome))['hangzhou-a']), [], outcome.stdout)
    assert.equal(outcome.code, 0)
    assert.match(outcome.summary, /Nothing changed since /)
  })
})
