import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scenario } from '../support/chart/chart.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

interface PodSpec {
  containers?: object[]
  initContainers?: object[]
  volumes?: object[]
  imagePullSecrets?: { name?: string }[]
  serviceAccountName?: string
}

interface Row {
  readonly title: string
  readonly spec?: PodSpec
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly namespace?: string
  /** The entries of the Pod after admission. */
  readonly entries: readonly string[]
}

const chart = await openChartCluster('chart-pods')
after(() => chart[Symbol.asyncDispose]())
await chart.createNamespace('shop')
await chart.createNamespace('kube-extra')
await chart.createNamespace('skipped', { 'acr-nopass.io/skip': 'true' })
for (const [name, entries] of [
  ['listed', ['sa-one', 'sa-two']],
  ['attached', ['sa-one', 'acr-nopass']],
  ['excluded', []],
] as const) {
  const body = { metadata: { name }, imagePullSecrets: entries.map((entry) => ({ name: entry })) }
  await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/shop/serviceaccounts', body })
}
const any = { attach: 'admission', targets: { serviceAccounts: { exclude: ['excl*'] } } }
await chart.install('acr-nopass', 'sys', scenario('minimal'), any)
await untilActive('shop')

const image = 'registry.example.com/app'
const container = { name: 'app', image }
const duplicates = { ...container, env: [1, 2, 3].map((value) => ({ name: 'TWICE', value: `${value}` })) }
const entry = (name: string): { name: string } => ({ name })
const imageVolume = { name: 'data', image: { reference: 'registry.example.com/data', pullPolicy: 'IfNotPresent' } }

const rows: readonly Row[] = [
  { title: 'a Pod without imagePullSecrets gets the reference', entries: ['acr-nopass'] },
  {
    title: 'a Pod with its own list also gets the reference',
    spec: { imagePullSecrets: [entry('own')] },
    entries: ['own', 'acr-nopass'],
  },
  {
    title: 'a list that contains an entry twice keeps the two entries, in order',
    spec: { imagePullSecrets: ['b', 'a', 'b'].map(entry) },
    entries: ['b', 'a', 'b', 'acr-nopass'],
  },
  { title: 'an empty list gets the reference', spec: { imagePullSecrets: [] }, entries: ['acr-nopass'] },
  { title: 'an entry without a name stays', spec: { imagePullSecrets: [{}] }, entries: ['', 'acr-nopass'] },
  {
    title: 'a Pod that already has the reference keeps its list',
    spec: { imagePullSecrets: ['acr-nopass', 'own'].map(entry) },
    entries: ['acr-nopass', 'own'],
  },
  {
    title: "a Pod without its own list also gets its ServiceAccount's list",
    spec: { serviceAccountName: 'listed' },
    entries: ['sa-one', 'sa-two', 'acr-nopass'],
  },
  {
    title: "a Pod with its own list does not get its ServiceAccount's list",
    spec: { serviceAccountName: 'listed', imagePullSecrets: [entry('own')] },
    entries: ['own', 'acr-nopass'],
  },
  {
    title: 'a reference on the ServiceAccount is not added again',
    spec: { serviceAccountName: 'attached' },
    entries: ['sa-one', 'acr-nopass'],
  },
  {
    title: 'a Pod whose ServiceAccount is not a target gets no reference',
    spec: { serviceAccountName: 'excluded' },
    entries: [],
  },
  {
    title: 'a Pod with init containers gets the reference',
    spec: { containers: [container], initContainers: [{ name: 'first', image }] },
    entries: ['acr-nopass'],
  },
  {
    title: 'a Pod that sets one variable three times gets the reference',
    spec: { containers: [duplicates] },
    entries: ['acr-nopass'],
  },
  {
    title: 'a Pod with an image volume gets the reference',
    spec: { containers: [container], volumes: [imageVolume] },
    entries: ['acr-nopass'],
  },
  { title: 'a Pod with the skip label gets no reference', labels: { 'acr-nopass.io/skip': 'true' }, entries: [] },
  {
    title: 'a Pod whose skip label has another value gets the reference',
    labels: { 'acr-nopass.io/skip': 'no' },
    entries: ['acr-nopass'],
  },
  { title: 'a Pod in a namespace with the skip label gets no reference', namespace: 'skipped', entries: [] },
  { title: 'a Pod in an excluded namespace gets no reference', namespace: 'kube-extra', entries: [] },
]

for (const row of rows) {
  test(`P8 at admission: ${row.title}`, async () => assert.deepEqual(await entriesOf(row), row.entries))
}

test('P8 Pods created by a controller get the reference too', async () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [duplicates] } }
  const body = { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template } }
  await chart.admin.request({ method: 'POST', path: '/apis/apps/v1/namespaces/shop/deployments', body })
  const pods = await eventually(async () => {
    const path = '/api/v1/namespaces/shop/pods'
    const list = await chart.admin.request<{ items: { spec: PodSpec }[] }>({
      method: 'GET',
      path,
      query: { labelSelector: 'app=web' },
    })
    assert.equal(list.items.length, 2)
    return list.items
  })
  for (const { spec } of pods) assert.deepEqual(spec.imagePullSecrets, [entry('acr-nopass')])
})

test('P8 an update of a Pod changes nothing', async () => {
  const made = await entriesOf({ title: 'kept', labels: { 'acr-nopass.io/skip': 'true' }, entries: [] }, false)
  assert.deepEqual(made, [])
  const path = '/api/v1/namespaces/shop/pods/probe'
  const body = { metadata: { labels: { 'acr-nopass.io/skip': null } } }
  const contentType = 'application/merge-patch+json'
  const { spec } = await chart.admin.request<{ spec: PodSpec }>({ method: 'PATCH', path, contentType, body })
  assert.equal(spec.imagePullSecrets, undefined)
})

test('P8 no Pod made the API server panic', () => {
  const log = readFileSync(join(chart.cluster.folder, 'kube-apiserver.log'), 'utf8')
  assert.ok(log.length > 1000, 'the log is not where it was expected')
  assert.doesNotMatch(log, /panic|goroutine \d+ \[running\]/i)
})

/** A policy takes up to a second to become active. */
async function untilActive(namespace: string): Promise<void> {
  const probe = { title: 'probe', namespace, entries: [] }
  await eventually(async () => assert.deepEqual(await entriesOf(probe), ['acr-nopass']), 20_000)
}

async function entriesOf(row: Row, dryRun = true): Promise<(string | undefined)[]> {
  const made = await chart.admin.request<{ spec: PodSpec }>({
    method: 'POST',
    path: `/api/v1/namespaces/${row.namespace ?? 'shop'}/pods`,
    query: dryRun ? { dryRun: 'All' } : {},
    body: {
      metadata: { name: 'probe', labels: row.labels ?? {}, annotations: row.annotations ?? {} },
      spec: { containers: [{ name: 'app', image: 'registry.example.com/app' }], ...row.spec },
    },
  })
  return (made.spec.imagePullSecrets ?? []).map(({ name }) => name ?? '')
}
