import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { type AuditEntry, readAuditLog } from '../support/cluster/audit-log.ts'
import { type ActionFixture, type FixtureCluster, startActionFixture } from './support/action-fixture.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'

interface Result {
  readonly name: string
  readonly status: string
  readonly phase: string
  readonly revision: { readonly from: number | null; readonly to: number | null }
  readonly notes: readonly string[]
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string; readonly reason?: string }
}

async function run(
  fixture: ActionFixture,
  entries: readonly object[],
  inputs: Readonly<Record<string, string>>,
): Promise<ActionOutcome & { readonly results: readonly Result[] }> {
  const outcome = await runAction({
    inputs: { clusters: stringify(entries), values: fixture.values, endpoints: fixture.endpoints, ...inputs },
    env: fixture.env,
  })
  await rm(outcome.temp, { recursive: true })
  return { ...outcome, results: JSON.parse(outcome.outputs.results ?? '[]') }
}

function waves(clusters: readonly FixtureCluster[], ...numbers: readonly number[]): readonly object[] {
  return clusters.map((one, index) => one.entry(numbers[index] ?? 0))
}

function callsOfDeployer({ clusters }: ActionFixture, index: number): readonly AuditEntry[] {
  const { cluster } = clusters[index] ?? assert.fail(`no cluster ${index}`)
  return readAuditLog(cluster).filter(({ user }) => user.username === 'deployer')
}

test('a cluster that is down in wave 0 of 2: the other cluster of its wave is deployed, wave 1 is skipped', async (t) => {
  await using fixture = await startActionFixture({ clusters: ['down', 'up', 'later'], helm: 'helm4' })
  await fixture.clusters[0]?.cluster.stop()
  const outcome = await run(fixture, waves(fixture.clusters, 0, 0, 1), {})
  assert.equal(outcome.code, 1)
  const [down, up, later] = outcome.results
  assert.deepEqual([down?.status, down?.phase, down?.error?.code], ['failed', 'connect', 'CLUSTER_UNREACHABLE'])
  assert.match(down?.error?.message ?? '', /the API server https:\/\/127\.0\.0\.1:\d+ does not respond/)
  assert.deepEqual([up?.status, later?.status], ['deployed', 'skipped'])
  assert.deepEqual(
    [outcome.outputs.changed, outcome.outputs.failed, outcome.outputs.skipped],
    ['["up"]', '["down"]', '["later"]'],
  )
  const [first, verdict] = outcome.annotations
  assert.match(first?.message ?? '', /^down, phase connect: .*\nFix: Check that the cluster is up/)
  assert.equal(verdict?.message, '1 failed, 1 skipped, 1 deployed')
  const rows = outcome.summary.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| |'))
  assert.match(rows[1] ?? '', /\| down \| 0 \| \*\*failed\*\* in connect/)
  assert.match(outcome.summary, /\| later \| 1 \| skipped .* down failed/)

  await t.test('with on-failure: continue, the next wave is deployed all the same, but the job fails', async () => {
    const { results, code, stdout } = await run(fixture, waves(fixture.clusters, 0, 0, 1), { 'on-failure': 'continue' })
    assert.equal(code, 1, stdout)
    assert.deepEqual(
      results.map(({ status }) => status),
      ['failed', 'unchanged', 'deployed'],
    )
  })
})

test('a deployer without a right in the cluster is refused before anything is written, in the cluster and in RAM', async () => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const entries = waves(fixture.clusters)
  const { clusterId = '' } = (entries[0] as { readonly ack?: { readonly clusterId?: string } }).ack ?? {}
  fixture.cloud.control.authorize(clusterId, 'administrator', false)
  const from = fixture.cloud.calls.length
  for (const mode of ['plan', 'apply']) {
    const outcome = await run(fixture, entries, { mode })
    assert.equal(outcome.code, 1)
    const [result] = outcome.results
    assert.deepEqual([result?.status, result?.error?.code], ['failed', 'DEPLOYER_FORBIDDEN'], outcome.stdout)
    assert.match(result?.error?.message ?? '', /may not /)
  }
  assert.deepEqual(
    fixture.cloud.calls.slice(from).filter(({ write }) => write),
    [],
  )
  const written = callsOfDeployer(fixture, 0).filter(({ verb }) => !/^(get|list|watch)$/.test(verb))
  assert.deepEqual(
    written.filter(({ requestURI }) => !/selfsubject|dryRun=All/.test(requestURI)),
    [],
  )
})

test("P2 a wrong instance id: stopped early, rolled back, with the cloud's error; RAM was not narrowed", async () => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const entries = waves(fixture.clusters)
  assert.equal((await run(fixture, entries, {})).code, 0)
  const from = fixture.cloud.calls.length
  const wrong = fixture.values.replace(/cri-\w+/, 'cri-0000000000000000')
  const outcome = await run(fixture, entries, { values: wrong, timeout: '3m' })
  assert.equal(outcome.code, 1)
  const [result] = outcome.results
  assert.deepEqual(
    [result?.status, result?.phase, result?.revision, result?.error?.code, result?.error?.reason],
    ['rolled-back', 'deploy', { from: 1, to: 3 }, 'HELPER_FAILING', 'INSTANCE_NOT_EXIST'],
  )
  assert.match(result?.error?.message ?? '', /^registry prod \(cri-0000000000000000 in cn-hangzhou\): /)
  assert.ok(outcome.milliseconds < 150_000, "it was not stopped before helm's own timeout")
  const writes = fixture.cloud.calls.slice(from).filter(({ write }) => write)
  assert.deepEqual(
    writes.map(({ action }) => action),
    ['CreatePolicyVersion'],
  )
})

test("P2 another access key that the cloud refuses: rolled back when helm times out, with the reason from the new Pod's log", async () => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const { cluster } = fixture.clusters[0] ?? assert.fail()
  const post = (path: string, body: object) => cluster.admin.request({ method: 'POST', path, body })
  await post('/api/v1/namespaces', { metadata: { name: 'acr-nopass' } })
  const refused = { accessKeyId: 'LTAI5tNoSuchKeyNoSuch', accessKeySecret: 'no-such-secret' }
  for (const [name, stringData] of Object.entries({ right: { ...fixture.cloud.administrator }, wrong: refused })) {
    await post('/api/v1/namespaces/acr-nopass/secrets', { metadata: { name }, stringData })
  }
  const valuesWith = (existingSecret: string): string =>
    stringify({ ...parse(fixture.values), identity: { type: 'access-key', accessKey: { existingSecret } } })
  const runWith = (existingSecret: string, inputs: Readonly<Record<string, string>>) =>
    run(fixture, waves(fixture.clusters), { values: valuesWith(existingSecret), ram: 'none', ...inputs })
  const first = await runWith('right', {})
  assert.equal(first.code, 0, first.stdout)
  const outcome = await runWith('wrong', { timeout: '20s' })
  assert.equal(outcome.code, 1)
  const [result] = outcome.results
  assert.deepEqual(
    [result?.status, result?.phase, result?.error?.code, result?.error?.reason],
    ['rolled-back', 'deploy', 'HELM_TIMEOUT', 'CREDENTIALS_REFUSED'],
  )
  assert.match(
    result?.error?.message ?? '',
    /^not ready in time: Pod acr-nopass\/\S+ is not ready: no new credential: /,
  )
  assert.ok(!JSON.stringify(outcome).includes(refused.accessKeySecret))
})

test('a role without the policy: the missing permission, and how to grant it', async () => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const outcome = await run(fixture, waves(fixture.clusters), { ram: 'none', timeout: '2m' })
  assert.equal(outcome.code, 1)
  const [result] = outcome.results
  assert.deepEqual([result?.status, result?.phase, result?.error?.code], ['failed', 'deploy', 'HELPER_FAILING'])
  assert.match(`${result?.error?.message} ${result?.error?.hint}`, /cr:GetAuthorizationToken/)
  assert.equal(fixture.cloud.calls.filter(({ product, write }) => product === 'Ram' && write).length, 0)
})

test('an entry that expects another cluster is rejected before anything is written', async (t) => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const entries = waves(fixture.clusters).map((entry) => ({
    ...entry,
    expect: { kubeSystemUid: '00000000-0000-0000-0000-000000000000' },
  }))
  const outcome = await run(fixture, entries, {})
  const [result] = outcome.results
  assert.deepEqual([result?.status, result?.phase, result?.error?.code], ['failed', 'connect', 'CLUSTER_MISMATCH'])
  const writes = callsOfDeployer(fixture, 0).filter(({ verb }) => verb !== 'get')
  assert.deepEqual(writes, [])

  await t.test('a role without permission for an ID token: the permission that the job lacks', async () => {
    const from = fixture.cloud.calls.length
    const [failed] = (
      await run(fixture, entries, {
        'role-to-assume': 'acs:ram::1427736501988243:role/acr-nopass-deploy',
        'oidc-provider-arn': 'acs:ram::1427736501988243:oidc-provider/github-actions',
      })
    ).results
    assert.deepEqual([failed?.status, failed?.error?.code], ['failed', 'CREDENTIALS_MISSING'])
    assert.match(failed?.error?.hint ?? '', /`permissions: \{ id-token: write, contents: read \}`/)
    assert.deepEqual(fixture.cloud.calls.slice(from), [])
  })

  const callsOf = (from: number, action: string): number =>
    fixture.cloud.calls.slice(from).filter((call) => call.action === action).length

  await t.test('a cloud that throttles is called again', async () => {
    const from = fixture.cloud.calls.length
    fixture.cloud.faults.add({ kind: 'throttle', match: { action: 'DescribeClusterUserKubeconfig' }, times: 2 })
    const [refused] = (await run(fixture, entries, {})).results
    assert.equal(refused?.error?.code, 'CLUSTER_MISMATCH')
    assert.equal(callsOf(from, 'DescribeClusterUserKubeconfig'), 3)
  })

  await t.test('a cloud that denies is not called again', async () => {
    const from = fixture.cloud.calls.length
    const match = { action: 'DescribeClusterUserKubeconfig' }
    fixture.cloud.faults.add({ kind: 'status', status: 403, code: 'NoPermission', match, times: 5 })
    const [refused] = (await run(fixture, entries, {})).results
    assert.equal(refused?.error?.code, 'CLOUD_DENIED')
    assert.equal(callsOf(from, 'DescribeClusterUserKubeconfig'), 1)
    fixture.cloud.faults.clear()
  })
})
