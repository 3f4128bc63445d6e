import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { HOME, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly imagePullSecrets?: readonly { readonly name: string }[] }
}

interface Event {
  readonly reason: string
  readonly message: string
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid?: string }
}

const helperCluster = await openHelperCluster('helper-heal')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin } = helperCluster
const [domain] = helperCluster.cloud.instances.find(({ edition }) => edition === 'enterprise')?.domains ?? []
// The node does not have this image, and reports so like a kubelet that must not pull it.
const spec = { containers: [{ name: 'app', image: `${domain}/team/app:1` }] }
const labels = { app: 'web' }

await helperCluster.chart.createNamespace('early')
const inEarly = (api: string, plural: string) => `${api}/namespaces/early/${plural}`
const create = (path: string, body: object) => admin.request({ method: 'POST', path, body })
await create(inEarly('/apis/apps/v1', 'replicasets'), {
  metadata: { name: 'web' },
  spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
})
await create(inEarly('/apis/batch/v1', 'jobs'), {
  metadata: { name: 'once' },
  spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } },
})
await create(inEarly('/api/v1', 'pods'), { metadata: { name: 'alone' }, spec })

const list = async <T>(plural: string) =>
  (await admin.request<{ items: T[] }>({ method: 'GET', path: inEarly('/api/v1', plural) })).items
const pods = async () => {
  const found = (await list<Pod>('pods')).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const of = (prefix: string) => found.find(({ metadata }) => metadata.name.startsWith(prefix))
  return { web: of('web-'), once: of('once-'), alone: of('alone') }
}
const events = async (reason: string) => (await list<Event>('events')).filter((event) => event.reason === reason)
const references = (pod: Pod | undefined) => (pod?.spec.imagePullSecrets ?? []).map(({ name }) => name)
const metric = async (line: string) => {
  const { ip } = await helperCluster.leader()
  const lines = (await (await fetch(`http://${ip}:8080/metrics`)).text()).split('\n')
  return lines.find((one) => one.startsWith(`${line} `))?.split(' ')[1]
}
const requests = (from: number) =>
  readAuditLog(helperCluster.chart.cluster)
    .slice(from)
    .filter(({ user }) => user.username === `system:serviceaccount:${HOME}:${RELEASE}`)
const refused = (from: number) =>
  requests(from)
    .filter(({ responseStatus }) => responseStatus?.code === 403)
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)

const before = await eventually(async () => {
  const { web, once, alone } = await pods()
  assert.ok(web && once && alone)
  assert.deepEqual([web, once, alone].flatMap(references), [])
  return { web, once, alone }
})

test('watchPods: a Pod that was admitted too early gets an Event with the fix, and is not changed', async () => {
  const from = helperCluster.auditLength()
  await helperCluster.install({ replicas: 1, watchPods: true })
  const reported = await eventually(async () => {
    const found = await events('PullSecretMissing')
    assert.equal(found.length, 3)
    return found
  }, 60_000)
  assert.deepEqual(
    new Set(reported.map(({ involvedObject }) => involvedObject.uid)),
    new Set([before.web, before.once, before.alone].map(({ metadata }) => metadata.uid)),
  )
  assert.match(
    reported.find(({ involvedObject }) => involvedObject.name === before.web.metadata.name)?.message ?? '',
    /^Pods of ReplicaSet web cannot pull .*\/team\/app:1 without acr-nopass: .*\. Delete the Pod: kubectl -n early /,
  )
  assert.equal(await metric('acr_nopass_pods_without_reference'), '3')
  const problems = await eventually(async () => {
    const found = (await helperCluster.status())?.problems.filter(({ code }) => code === 'PULL_SECRET_MISSING') ?? []
    assert.equal(found.length, 3)
    return found
  }, 60_000)
  assert.ok(problems.some(({ object, namespace }) => object === 'ReplicaSet web' && namespace === 'early'))
  assert.equal((await pods()).web?.metadata.uid, before.web.metadata.uid)
  assert.equal(requests(from).filter(({ objectRef }) => objectRef?.subresource === 'eviction').length, 0)
  assert.deepEqual(refused(from), [])
})

test('heal: the Pod of a ReplicaSet is evicted once and the next one has the reference; those of a Job and without an owner stay', async () => {
  const from = helperCluster.auditLength()
  await helperCluster.install({ replicas: 1, heal: true })
  await eventually(async () => {
    const { web } = await pods()
    assert.notEqual(web?.metadata.uid, before.web.metadata.uid)
    assert.deepEqual(references(web), [SECRET])
  }, 60_000)
  await eventually(async () => {
    const [event, ...more] = await events('PodEvicted')
    assert.deepEqual([event?.involvedObject.uid, more.length], [before.web.metadata.uid, 0])
  })
  await eventually(async () => assert.equal(await metric('acr_nopass_pods_without_reference'), '2'), 20_000)
  assert.equal(await metric('acr_nopass_pods_evicted_total{outcome="evicted"}'), '1')
  const now = await pods()
  assert.equal(now.once?.metadata.uid, before.once.metadata.uid)
  assert.equal(now.alone?.metadata.uid, before.alone.metadata.uid)
  const evictions = requests(from).filter(({ objectRef }) => objectRef?.subresource === 'eviction')
  assert.deepEqual(new Set(evictions.map(({ objectRef }) => objectRef?.name)), new Set([before.web.metadata.name]))
  assert.deepEqual(refused(from), [])
})

test('heal with scope namespaces: only Pods of the listed namespaces are checked', async () => {
  await helperCluster.install({ replicas: 0 })
  await eventually(() => assert.equal(helperCluster.helpers().length, 0), 30_000)
  const from = helperCluster.auditLength()
  const namespaces = { include: ['early'], exclude: [], selector: {} }
  await helperCluster.install({ replicas: 1, heal: true, scope: 'namespaces', targets: { namespaces } })
  await eventually(async () => assert.equal(await metric('acr_nopass_pods_without_reference'), '2'), 60_000)
  const reads = requests(from).filter(({ objectRef }) => objectRef?.resource === 'pods')
  assert.deepEqual(new Set(reads.map(({ objectRef }) => objectRef?.namespace)), new Set(['early']))
  assert.deepEqual(refused(from), [])
})
