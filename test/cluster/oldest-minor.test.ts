import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import type { AuditEntry } from '../../src/sandbox/cluster/audit-log.ts'
import { readRules } from '../support/alerts.ts'
import { openHelm, scenario } from '../support/chart.ts'
import { openChartCluster } from '../support/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { openGuarded } from '../support/guarded.ts'
import { fromTable } from '../support/markdown-table.ts'
import { readPromql } from '../support/promql.ts'
import { testGuardOfServiceAccounts } from './guard-accounts-suite.ts'
import { testGuardOfSecrets } from './guard-secrets-suite.ts'
import { contentOf, type HelperCluster, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-kit.ts'
import { testLifecycle } from './lifecycle-suite.ts'
import { testObjects } from './objects-suite.ts'
import { askForRights, columnsOf, testEscalation } from './rights-suite.ts'

const WITH_ALERTS = { metrics: { prometheusRule: { enabled: true } } }

// Everything that the chart promises, on the oldest minor that has the guard; one cluster for all of it.
const helms = [await openHelm('helm4'), await openHelm('helm3')] as const
const chart = await openChartCluster('oldest', 'oldest')
let kit: HelperCluster | undefined
after(async () => {
  await kit?.[Symbol.asyncDispose]()
  await chart[Symbol.asyncDispose]()
  await Promise.all(helms.map((helm) => helm[Symbol.asyncDispose]()))
})

await testObjects(chart, helms[0])
for (const helm of helms) testLifecycle(chart, helm, 'serviceAccounts')

test('P5 the rights are those of the newest minor, in every mode that this one has', async () => {
  const newest = fromTable(await readFile(new URL('golden/chart-rights.md', import.meta.url), 'utf8'))
  const [head = []] = newest
  const shared = ['request', ...columnsOf('oldest')].map((title) => head.indexOf(title))
  assert.ok(shared.length > 5 && !shared.includes(-1))
  assert.deepEqual(
    await askForRights(chart),
    newest.map((row) => shared.map((index) => row[index])),
  )
})
testEscalation(chart)

const guarded = await openGuarded(chart)
testGuardOfSecrets(guarded)
testGuardOfServiceAccounts(guarded)

test('P4 P5 P8 the helper serves old and new namespaces under these rights, and is refused nothing', async () => {
  for (const name of ['helped-a', 'helped-b']) await chart.createNamespace(name)
  kit = await openHelperCluster('oldest', chart)
  const { settled, isUsable, secret, askForRotation } = kit
  const targets = { namespaces: { include: ['helped-*'] } }
  await kit.install({ replicas: 1, attach: 'auto', targets })
  await settled()
  await chart.createNamespace('helped-c')
  for (const name of ['helped-a', 'helped-b', 'helped-c']) {
    await eventually(async () => assert.equal(await isUsable(name), true))
  }
  const before = await secret('helped-c')
  await askForRotation()
  await eventually(async () => assert.notEqual(contentOf(await secret('helped-c')), contentOf(before)))
  assert.equal((await secret('helped-c'))?.metadata.uid, before?.metadata.uid)
  assert.deepEqual(refusals(), [])
  assert.deepEqual(
    new Set(
      asked(0)
        .filter(isListByWatch)
        .map(({ responseStatus }) => responseStatus?.code),
    ),
    new Set([422]),
  )
})

test('each alert finds its series at a running helper', async () => {
  assert.ok(kit)
  const { ip } = await kit.leader()
  const served = await (await fetch(`http://${ip}:8080/metrics`)).text()
  const rules = readRules(await helms[0].render({ values: [scenario('service-accounts'), WITH_ALERTS] }))
  const asked = (rules?.groups ?? []).flatMap((group) => group.rules).flatMap(({ expr }) => readPromql(expr))
  assert.ok(asked.length >= 8)
  for (const { metric, matchers } of asked) {
    // of results there are only those that happened
    const state = matchers.state === undefined ? '' : `\\{state${matchers.state}\\}`
    assert.match(served, new RegExp(`^${metric}${state}[ {]`, 'm'))
  }
})

test('P5 scope namespaces: the listed one is served by Roles alone, and nothing is refused', async () => {
  assert.ok(kit)
  const { install, helpers, secret, account } = kit
  await chart.createNamespace('listed')
  const namespaces = { include: ['listed'], exclude: [], selector: {} }
  const scoped = { attach: 'auto', scope: 'namespaces', targets: { namespaces } }
  await install({ replicas: 0, ...scoped })
  await eventually(() => assert.equal(helpers().length, 0), 30_000)
  const from = kit.auditLength()
  await install({ replicas: 1, ...scoped })
  await eventually(async () => {
    assert.match(contentOf(await secret('listed')), /"auth"/)
    assert.ok(names(await account('listed')).includes(SECRET))
  }, 30_000)
  assert.deepEqual(refusals(from), [])
})

/** A list by watch, which only newer servers have. */
const isListByWatch = ({ requestURI }: AuditEntry): boolean => requestURI.includes('sendInitialEvents=true')

function asked(from: number): AuditEntry[] {
  const user = `system:serviceaccount:${HOME}:${RELEASE}`
  return chart.cluster
    .auditLog()
    .slice(from)
    .filter((entry) => entry.user.username === user)
}

/** What the API server refused to the helper. */
function refusals(from = 0): string[] {
  return asked(from)
    .filter((entry) => (entry.responseStatus?.code ?? 0) >= 400 && !isListByWatch(entry))
    .map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} ${responseStatus?.code}`)
}
