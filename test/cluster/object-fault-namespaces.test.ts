import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { HelperStatus } from '../../src/installation/helper-status.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { type Admission, startAdmissionWebhook, untilWebhookCalled } from '../support/cluster/admission-webhook.ts'
import { type AuditEntry, readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { openFaultInvariants } from '../support/faults/fault-invariants.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

const helperCluster = await openHelperCluster('object-fault-namespaces')
const { admin } = helperCluster
const others = ['team-a', 'team-b']
for (const name of [...others, 'again', 'ending']) await helperCluster.chart.createNamespace(name)
await helperCluster.chart.createNamespace('reborn', { webhook: 'reborn' })
await helperCluster.install({ replicas: 1 })
await helperCluster.settled()
const invariants = openFaultInvariants(helperCluster)
after(async () => {
  await invariants[Symbol.asyncDispose]()
  await helperCluster[Symbol.asyncDispose]()
})
const HELPER = `system:serviceaccount:${HOME}:${RELEASE}`
const namespacePath = (name: string) => `/api/v1/namespaces/${name}`
/** Returns the leader's report in the cluster, which may be 30 s old. */
const report = async (): Promise<HelperStatus> => {
  const found = await helperCluster.status()
  assert.ok(found)
  return found
}
const untilDeleted = (path: string) =>
  eventually(() => assert.rejects(admin.request({ method: 'GET', path }), { status: 404 }), 120_000)

test('a namespace that is deleted and created again is served again, each time with its own Secret', async (t) => {
  invariants.exempt('again')
  const uids = new Set([(await helperCluster.secret('again'))?.metadata.uid])
  let since = 0
  for (let round = 0; round < 2; round += 1) {
    await admin.request({ method: 'DELETE', path: namespacePath('again') })
    await untilDeleted(namespacePath('again'))
    since = performance.now()
    await helperCluster.chart.createNamespace('again')
    await eventually(async () => assert.equal(await helperCluster.isUsable('again'), true), 60_000)
    uids.add((await helperCluster.secret('again'))?.metadata.uid)
  }
  assert.equal(uids.size, 3)
  const namespaces = [...others, 'again', HOME]
  await invariants.assertHeld(t, { id: 'namespace-again', area: 'objects', since, namespaces })
})

test('a namespace that cannot finish terminating is left alone while it terminates; the others rotate', async (t) => {
  invariants.exempt('ending')
  const finalizers = ['example.com/held']
  const held = `${namespacePath('ending')}/configmaps`
  await admin.request({ method: 'POST', path: held, body: { metadata: { name: 'held', finalizers } } })
  await admin.request({ method: 'DELETE', path: namespacePath('ending') })
  await eventually(async () => assert.equal((await report()).namespaces.skipped.terminating, 1), 60_000)
  await untilDeleted(`${namespacePath('ending')}/secrets/${SECRET}`)
  const [from, before] = [helperCluster.auditLength(), contentOf(await helperCluster.secret(HOME))]
  await helperCluster.requestRotation()
  await eventually(async () => {
    const now = contentOf(await helperCluster.secret('team-a'))
    assert.notEqual(now, before)
    for (const name of [...others, HOME]) assert.equal(contentOf(await helperCluster.secret(name)), now)
  }, 60_000)
  const there = helperCluster.requests(from).filter(({ objectRef }) => objectRef?.namespace === 'ending')
  assert.deepEqual(
    there.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    [],
  )
  await admin.request({
    method: 'PATCH',
    path: `${held}/held`,
    contentType: MERGE_PATCH,
    body: { metadata: { finalizers: null } },
  })
  await untilDeleted(namespacePath('ending'))
  const since = performance.now()
  await helperCluster.chart.createNamespace('ending')
  const namespaces = [...others, 'ending', HOME]
  await invariants.assertHeld(t, { id: 'namespace-ending', area: 'objects', since, namespaces })
})

test('P7 P8 a hundred new namespaces together: each is served by one write of its Secret', async (t) => {
  const many = Array.from({ length: 100 }, (_, index) => `burst-${index}`)
  const from = helperCluster.auditLength()
  const since = performance.now()
  await Promise.all(
    many.map((name) => admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })),
  )
  const createdMs = Math.round(performance.now() - since)
  const namespaces = [...others, ...many, HOME]
  await eventually(async () => {
    for (const name of many) assert.equal(await helperCluster.isUsable(name), true, name)
  }, 120_000)
  const slowestMs = slowestAttachment(readAuditLog(helperCluster.chart.cluster).slice(from))
  const counts = { namespaces: many.length, createdMs, slowestMs }
  await invariants.assertHeld(t, { id: 'namespaces-burst', area: 'objects', since, namespaces, counts })
  const writes = helperCluster
    .requests(from)
    .filter(({ objectRef }) => objectRef?.resource === 'secrets' && objectRef.namespace?.startsWith('burst-'))
  assert.deepEqual(writes.map(({ objectRef }) => objectRef?.namespace).sort(), many.toSorted())
})

/**
 * Returns the longest time between a ServiceAccount's creation and our entry in it, by the API
 * server's log.
 */
function slowestAttachment(entries: readonly AuditEntry[]): number {
  const made = new Map<string, number>()
  const waits: number[] = []
  for (const { verb, objectRef, user, stageTimestamp, responseStatus } of entries) {
    const { resource, namespace = '' } = objectRef ?? {}
    if (resource !== 'serviceaccounts' || !namespace.startsWith('burst-')) continue
    const [at, code = 0] = [Date.parse(stageTimestamp), responseStatus?.code]
    if (verb === 'create' && code === 201) made.set(namespace, at)
    if (verb === 'patch' && code === 200 && user.username === HELPER) waits.push(at - (made.get(namespace) ?? at))
  }
  assert.equal(waits.length, 100)
  return Math.max(...waits)
}

test('P1 a ServiceAccount that is recreated between our read and our write keeps its own list', async (t) => {
  invariants.exempt('reborn')
  await using webhook = await startAdmissionWebhook(admin, 'reborn', 'serviceaccounts', 30)
  await untilWebhookCalled(admin, webhook, 'reborn')
  const accounts = `${namespacePath('reborn')}/serviceaccounts`
  const make = (entry: string) =>
    admin.request({
      method: 'POST',
      path: accounts,
      body: { metadata: { name: 'app' }, imagePullSecrets: [{ name: entry }] },
    })
  const [writing, renewed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  webhook.respond = async ({ userInfo, name }): Promise<Admission> => {
    if (userInfo.username === HELPER && name === 'app') {
      writing.resolve()
      await renewed.promise
    }
    return 'allow'
  }
  const from = helperCluster.auditLength()
  await make('of-the-old')
  await writing.promise
  await admin.request({ method: 'DELETE', path: `${accounts}/app` })
  await make('of-the-new')
  const since = performance.now()
  renewed.resolve()
  await eventually(
    async () => assert.deepEqual(names(await helperCluster.account('reborn', 'app')), ['of-the-new', SECRET]),
    60_000,
  )
  const statuses = helperCluster
    .requests(from)
    .filter(({ objectRef }) => objectRef?.resource === 'serviceaccounts' && objectRef.name === 'app')
    .map(({ responseStatus }) => responseStatus?.code)
  assert.ok(statuses[0] === 409 || statuses[0] === 422 || statuses[0] === 404, `${statuses}`)
  assert.equal(statuses.at(-1), 200)
  const namespaces = [...others, 'reborn', HOME]
  await invariants.assertHeld(t, { id: 'account-reborn', area: 'objects', since, namespaces })
})
