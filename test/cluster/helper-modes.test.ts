import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readRules } from '../support/chart/alerts.ts'
import { openHelm, scenario } from '../support/chart/chart.ts'
import { readPromql } from '../support/chart/promql.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

const WITH_ALERTS = { metrics: { prometheusRule: { enabled: true } } }
const helperCluster = await openHelperCluster('helper-modes')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin } = helperCluster
for (const name of ['listed', 'unlisted']) await helperCluster.chart.createNamespace(name)

const has = (namespace: string) =>
  eventually(async () => assert.match(contentOf(await helperCluster.secret(namespace)), /"auth"/))
const modeIs = (attach: string) =>
  eventually(async () => assert.equal((await helperCluster.status())?.attach, attach), 30_000)
const pod = (namespace: string) => {
  const containers = [{ name: 'app', image: 'demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1' }]
  const call = { method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, query: { dryRun: 'All' } } as const
  return admin.request<{ spec: { imagePullSecrets?: { name: string }[] } }>({
    ...call,
    body: { metadata: { name: 'app' }, spec: { containers } },
  })
}
const HELPER = `system:serviceaccount:${HOME}:${RELEASE}`

test('auto: Pods get the reference at admission if the API server supports the policy, else from ServiceAccounts', async () => {
  await helperCluster.install({ replicas: 1, attach: 'auto' })
  await helperCluster.settled()
  const auto = helperCluster.chart.minor === 'newest' ? 'admission' : 'serviceAccounts'
  assert.equal((await helperCluster.status())?.attach, auto)
  await has('listed')
  await eventually(async () => {
    assert.deepEqual(names(await helperCluster.account('listed')), auto === 'admission' ? [] : [SECRET])
  })
})

/** Modes that need the Pod policy, which the oldest minor lacks. */
const testNewest = helperCluster.chart.minor === 'newest' ? test : () => undefined

testNewest(
  'P5 P7 P8 by admission: one request a new namespace, no ServiceAccount touched, and its Pods have the reference',
  async () => {
    await helperCluster.install({ replicas: 1, attach: 'admission' })
    await helperCluster.settled()
    const from = helperCluster.auditLength()
    await helperCluster.chart.createNamespace('admitted')
    await has('admitted')
    assert.deepEqual(
      helperCluster.requests(from).map(({ verb, requestURI }) => `${verb} ${requestURI.split('?')[0]}`),
      [`patch /api/v1/namespaces/admitted/secrets/${SECRET}`],
    )
    assert.deepEqual(names(await helperCluster.account('admitted')), [])
    await eventually(async () => assert.deepEqual((await pod('admitted')).spec.imagePullSecrets, [{ name: SECRET }]))
    const touched = readAuditLog(helperCluster.chart.cluster).filter(
      (entry) => entry.user.username === HELPER && entry.objectRef?.resource === 'serviceaccounts',
    )
    assert.equal(touched.length, 0)
  },
)

testNewest('both: the reference is on the ServiceAccount too, and on a Pod once', async () => {
  await helperCluster.install({ replicas: 1, attach: 'both' })
  await modeIs('both')
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('admitted')), [SECRET]))
  await eventually(async () => assert.deepEqual((await pod('admitted')).spec.imagePullSecrets, [{ name: SECRET }]))
})

test('scope namespaces: Roles alone serve the listed namespaces, and no request is rejected', async () => {
  const namespaces = { include: ['listed'], exclude: [], selector: {} }
  const scoped = { scope: 'namespaces', targets: { namespaces } }
  await helperCluster.install({ replicas: 0, ...scoped })
  await eventually(() => assert.equal(helperCluster.helpers().length, 0), 30_000)
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/listed/secrets/${SECRET}` })
  const from = helperCluster.auditLength()
  await helperCluster.install({ replicas: 1, ...scoped })
  await has('listed')
  await eventually(async () => assert.equal((await helperCluster.status())?.namespaces.current, 2), 60_000)
  assert.ok(names(await helperCluster.account('listed')).includes(SECRET))
  const requests = readAuditLog(helperCluster.chart.cluster)
    .slice(from)
    .filter(({ user }) => user.username === HELPER)
  const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403)
  assert.deepEqual(
    refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    [],
  )
  assert.deepEqual(new Set(requests.map(({ objectRef }) => objectRef?.namespace)), new Set([HOME, 'listed']))
})

test('each alert finds its series on a running helper', async () => {
  await using helm = await openHelm('helm4')
  const { ip } = await helperCluster.leader()
  const served = await (await fetch(`http://${ip}:8080/metrics`)).text()
  const rules = readRules(await helm.render({ values: [scenario('service-accounts'), WITH_ALERTS] }))
  const queries = (rules?.groups ?? []).flatMap((group) => group.rules).flatMap(({ expr }) => readPromql(expr))
  assert.ok(queries.length >= 8)
  for (const { metric, matchers } of queries) {
    // Without a limit no credential has this series: test/helper/limited-entries.test.ts shows it.
    if (metric === 'acr_nopass_credential_too_wide') {
      assert.match(served, new RegExp(`^# TYPE ${metric} gauge$`, 'm'))
      continue
    }
    // The series of a `result` does not exist before the first such result, so only `state` is
    // compared.
    const state = matchers.state === undefined ? '' : `\\{state${matchers.state}\\}`
    assert.match(served, new RegExp(`^${metric}${state}[ {]`, 'm'))
  }
})
