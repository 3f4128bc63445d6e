import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import type { HelperStatus } from '../../src/installation/helper-status.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { type Admission, startAdmissionWebhook, untilWebhookCalled } from '../support/cluster/admission-webhook.ts'
import { eventually } from '../support/eventually.ts'
import { openFaultInvariants } from '../support/faults/fault-invariants.ts'
import { contentOf, HOME, openHelperCluster, RELEASE } from './helper-cluster.ts'

const helperCluster = await openHelperCluster('object-fault-refusals')
const { admin } = helperCluster
const others = ['team-a', 'team-b']
for (const name of others) await helperCluster.chart.createNamespace(name)
for (const name of ['hooked', 'hung', 'forbidden'])
  await helperCluster.chart.createNamespace(name, { webhook: name, vap: name })
await helperCluster.install({ replicas: 1 })
await helperCluster.settled()
const invariants = openFaultInvariants(helperCluster)
after(async () => {
  await invariants[Symbol.asyncDispose]()
  await helperCluster[Symbol.asyncDispose]()
})
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const HELPER = `system:serviceaccount:${HOME}:${RELEASE}`

/** Returns the leader's report in the cluster, which may be 30 s old. */
const report = async (): Promise<HelperStatus> => {
  const found = await helperCluster.status()
  assert.ok(found)
  return found
}

/**
 * Checks that status, log and metrics report the namespace, the object that rejected the write, and
 * the fix.
 */
async function assertNamed(namespace: string, code: string, by: RegExp, outcome: string): Promise<void> {
  const problem = await eventually(async () => {
    const found = (await report()).problems.find((one) => one.namespace === namespace)
    assert.ok(found, JSON.stringify((await report()).problems))
    return found
  }, 60_000)
  assert.equal(problem.code, code)
  assert.match(problem.message, by)
  assert.ok(problem.fix.length > 20, problem.fix)
  const { ip, name } = await helperCluster.leader()
  const metrics = await (await fetch(`http://${ip}:8080/metrics`)).text()
  assert.match(metrics, new RegExp(`acr_nopass_writes_total\\{kind="secret",outcome="${outcome}"\\} [1-9]`))
  const lines = helperCluster.node.log(`${HOME}/${name}`).split('\n')
  assert.ok(lines.some((line) => line.includes('not written') && line.includes(`"namespace":"${namespace}"`)))
}

/**
 * Runs a rotation that one namespace rejects. That namespace keeps its content, and all others get
 * the new one.
 */
async function assertRotationRefused(
  t: TestContext,
  id: string,
  namespace: string,
  fault: { readonly named: () => Promise<void>; readonly fix: () => void | Promise<void> },
): Promise<void> {
  const before = await helperCluster.secret(namespace)
  await helperCluster.requestRotation()
  await fault.named()
  await eventually(async () => {
    const home = contentOf(await helperCluster.secret(HOME))
    assert.notEqual(home, contentOf(before))
    for (const name of others) assert.equal(contentOf(await helperCluster.secret(name)), home)
  }, 30_000)
  assert.deepEqual((await helperCluster.secret(namespace))?.data, before?.data)
  await helperCluster.chart.createNamespace(`new-${namespace}`)
  await eventually(async () => assert.equal(await helperCluster.isUsable(`new-${namespace}`), true), 30_000)
  await fault.fix()
  const since = performance.now()
  const namespaces = [...others, namespace, `new-${namespace}`, HOME]
  await invariants.assertHeld(t, { id, area: 'objects', since, namespaces })
  await eventually(async () => assert.deepEqual((await report()).problems, []), 60_000)
}

const toHelper = (verdict: Admission) => (request: { userInfo: { username: string } }) =>
  request.userInfo.username === HELPER ? verdict : 'allow'

test('P2 an admission webhook rejects our write: the namespace keeps its Secret, the webhook is named, the others continue', async (t) => {
  await using webhook = await startAdmissionWebhook(admin, 'hooked', 'secrets')
  await untilWebhookCalled(admin, webhook, 'hooked')
  webhook.respond = toHelper({ reject: 'no Secrets on Fridays' })
  await assertRotationRefused(t, 'webhook-refuses', 'hooked', {
    named: () =>
      assertNamed('hooked', 'WRITE_REFUSED', /"hooked\.test\.example\.com".*no Secrets on Fridays/, 'refused'),
    fix: () => {
      webhook.respond = () => 'allow'
    },
  })
})

test('P2 an admission webhook times out: the namespace keeps its Secret, the webhook is named, the others continue', async (t) => {
  await using webhook = await startAdmissionWebhook(admin, 'hung', 'secrets')
  await untilWebhookCalled(admin, webhook, 'hung')
  webhook.respond = toHelper('hang')
  await assertRotationRefused(t, 'webhook-times-out', 'hung', {
    named: () => assertNamed('hung', 'WRITE_FAILING', /hung\.test\.example\.com/, 'unavailable'),
    fix: () => {
      webhook.respond = () => 'allow'
    },
  })
})

test('P2 a ValidatingAdmissionPolicy rejects our write in one namespace: the namespace keeps its Secret, the policy is named, the others continue', async (t) => {
  const name = 'no-robots'
  const policies = `${ADMISSION}/validatingadmissionpolicies`
  const bindings = `${ADMISSION}/validatingadmissionpolicybindings`
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['secrets'] }]
  const spec = {
    matchConstraints: { resourceRules },
    validations: [{ expression: `request.userInfo.username != '${HELPER}'`, message: 'robots write nothing here' }],
  }
  await admin.request({ method: 'POST', path: policies, body: { metadata: { name }, spec } })
  const matchResources = { namespaceSelector: { matchLabels: { vap: 'forbidden' } } }
  const binding = { policyName: name, validationActions: ['Deny'], matchResources }
  await admin.request({ method: 'POST', path: bindings, body: { metadata: { name }, spec: binding } })
  await eventually(async () => {
    const asHelper = await helperCluster.chart.helper(RELEASE, HOME)
    const path = '/api/v1/namespaces/forbidden/secrets/acr-nopass'
    const body = { metadata: { annotations: { 'acr-nopass.io/probe': '' } } }
    const { text } = await asHelper.call({
      method: 'PATCH',
      path,
      contentType: MERGE_PATCH,
      query: { dryRun: 'All' },
      body,
    })
    assert.match(text, /no-robots/)
  }, 30_000)
  await assertRotationRefused(t, 'policy-forbids', 'forbidden', {
    named: () => assertNamed('forbidden', 'WRITE_REFUSED', /'no-robots'.*robots write nothing here/, 'refused'),
    fix: async () => {
      await admin.request({ method: 'DELETE', path: `${bindings}/${name}` })
    },
  })
})

test('a ResourceQuota leaves no room for our Secret: the quota is named, and the namespace is served once there is room', async (t) => {
  await helperCluster.chart.createNamespace('full', { 'acr-nopass.io/skip': 'true' })
  const quotas = '/api/v1/namespaces/full/resourcequotas'
  await admin.request({
    method: 'POST',
    path: quotas,
    body: { metadata: { name: 'small' }, spec: { hard: { 'count/secrets': '0' } } },
  })
  await eventually(async () => {
    const quota = await admin.request<{ status?: { hard?: object } }>({ method: 'GET', path: `${quotas}/small` })
    assert.deepEqual(quota.status?.hard, { 'count/secrets': '0' })
  }, 60_000)
  const change = (path: string, body: object) =>
    admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
  await change('/api/v1/namespaces/full', { metadata: { labels: { 'acr-nopass.io/skip': null } } })
  await assertNamed('full', 'WRITE_REFUSED', /exceeded quota: small/, 'refused')
  await helperCluster.chart.createNamespace('roomy')
  await eventually(async () => assert.equal(await helperCluster.isUsable('roomy'), true), 30_000)
  assert.equal(await helperCluster.secret('full'), undefined)
  await change(`${quotas}/small`, { spec: { hard: { 'count/secrets': '5' } } })
  const since = performance.now()
  const namespaces = [...others, 'full', 'roomy', HOME]
  await invariants.assertHeld(t, { id: 'quota-full', area: 'objects', since, namespaces })
  await eventually(async () => assert.deepEqual((await report()).problems, []), 60_000)
})
