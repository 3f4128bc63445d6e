import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY } from '../../src/kube/names.ts'
import { scenario } from '../support/chart.ts'
import { type AskedClient, type ChartCluster, openChartCluster } from '../support/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { applyPullSecret, type PullSecret } from '../support/pull-secret.ts'

let chart: ChartCluster
let helper: AskedClient
let adopter: AskedClient

before(async () => {
  chart = await openChartCluster('chart-guard')
  await chart.createNamespace('shop')
  await chart.install('guarded', 'sys', scenario('minimal'))
  await chart.install('adopter', 'sys', scenario('minimal'), { adopt: true })
  helper = await chart.helper('guarded', 'sys')
  adopter = await chart.helper('adopter', 'sys')
  // With every right there is, so that what is refused is refused by the guard and not by RBAC.
  await chart.admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: {
      metadata: { name: 'all-powerful-helpers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: ['guarded', 'adopter'].map((release) => ({
        kind: 'ServiceAccount',
        name: `${release}-acr-nopass`,
        namespace: 'sys',
      })),
    },
  })
  // Policies and bindings take a moment to become active.
  for (const client of [helper, adopter]) {
    await eventually(async () => {
      const { text } = await client.ask(applyPullSecret('shop', 'nobody.nothing'))
      assert.match(text, /a pull secret carries the labels/)
      const { text: refusal } = await client.ask(patchServiceAccount({ metadata: { labels: { probe: '1' } } }))
      assert.match(refusal, /the helper leaves metadata.labels alone/)
    }, 20_000)
  }
})
after(() => chart?.[Symbol.asyncDispose]())

const instance = 'sys.guarded'

/** Each row: what the helper tries, how the object differs from a right one, and which rule refuses it. */
const forbiddenCreations: readonly [string, (secret: PullSecret) => void, RegExp][] = [
  [
    'a Secret of another name',
    (s) => {
      s.metadata.name = 'other'
    },
    /only Secrets named acr-nopass/,
  ],
  [
    'a token of a ServiceAccount',
    (s) => {
      s.type = 'kubernetes.io/service-account-token'
      s.metadata.annotations = { 'kubernetes.io/service-account.name': 'default' }
    },
    /only Secrets of type kubernetes.io\/dockerconfigjson/,
  ],
  [
    'an Opaque Secret',
    (s) => {
      s.type = 'Opaque'
    },
    /only Secrets of type/,
  ],
  [
    'a second key',
    (s) => {
      s.data.more = 'eA=='
    },
    /\.dockerconfigjson and nothing else/,
  ],
  [
    'no labels',
    (s) => {
      s.metadata.labels = {}
    },
    /carries the labels/,
  ],
  [
    'the label of another tool',
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { [LABEL_MANAGED_BY]: 'Helm' })
    },
    /carries the labels/,
  ],
  [
    'the label of another release',
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { [LABEL_INSTANCE]: 'sys.adopter' })
    },
    /carries the labels/,
  ],
  [
    'a finalizer',
    (s) => {
      s.metadata.finalizers = ['x.example.com/y']
    },
    /leaves metadata.finalizers alone/,
  ],
  [
    'an owner',
    (s) => {
      s.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }]
    },
    /leaves metadata.ownerReferences alone/,
  ],
  [
    'immutable',
    (s) => {
      s.immutable = true
    },
    /leaves immutable alone/,
  ],
  [
    'immutable: false',
    (s) => {
      s.immutable = false
    },
    /leaves immutable alone/,
  ],
]

for (const [title, change, rule] of forbiddenCreations) {
  test(`P5 the guard refuses to create ${title}`, async () => {
    await chart.createNamespace(`new-${slug(title)}`)
    const { status, text } = await helper.ask(applyPullSecret(`new-${slug(title)}`, instance, change))
    assert.deepEqual([status, rule.test(text)], [422, true], text)
  })
  if (/name|type|token|Opaque|immutable: false/.test(title)) continue
  test(`P5 the guard refuses to change a pull secret into one with ${title}`, async () => {
    const namespace = `old-${slug(title)}`
    await chart.createNamespace(namespace)
    assert.equal((await helper.ask(applyPullSecret(namespace, instance))).status, 201)
    const { status, text } = await helper.ask(applyPullSecret(namespace, instance, change))
    assert.deepEqual([status, rule.test(text)], [422, true], text)
  })
}

test('P5 the guard lets the helper create, refresh and empty its pull secret', async () => {
  await chart.createNamespace('allowed')
  const refresh = (secret: PullSecret): void => {
    secret.data['.dockerconfigjson'] = Buffer.from('{"auths":{"a.example.com":{"auth":"eDp5"}}}').toString('base64')
    secret.metadata.annotations = { 'acr-nopass.io/registries': 'prod' }
    Object.assign(secret.metadata.labels ?? {}, { 'images.alibabacloud.com/accelerated': 'true' })
  }
  assert.equal((await helper.ask(applyPullSecret('allowed', instance, refresh))).status, 201)
  assert.equal((await helper.ask(applyPullSecret('allowed', instance))).status, 200)
  // A finalizer of somebody else's stays and keeps nothing from being refreshed.
  const path = '/api/v1/namespaces/allowed/secrets/acr-nopass'
  const body = { metadata: { finalizers: ['backup.example.com/copy'] } }
  await chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
  const { status, body: secret } = await helper.ask(applyPullSecret('allowed', instance, refresh))
  assert.equal(status, 200)
  assert.deepEqual((secret as PullSecret).metadata.finalizers, ['backup.example.com/copy'])
  const remove = { method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: { finalizers: null } } } as const
  assert.match((await helper.ask(remove)).text, /leaves metadata.finalizers alone/)
})

test('P5 a Secret of somebody else is taken over with adopt alone', async () => {
  await chart.createNamespace('foreign')
  const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
  const body = { metadata: { name: 'acr-nopass' }, type: 'kubernetes.io/dockerconfigjson', data }
  await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/foreign/secrets', body })
  const { status, text } = await helper.ask(applyPullSecret('foreign', instance))
  assert.deepEqual([status, /belongs to somebody else/.test(text)], [422, true], text)
  assert.equal((await adopter.ask(applyPullSecret('foreign', 'sys.adopter'))).status, 200)
  // And now it is the adopter's, foreign to the other release.
  assert.equal((await helper.ask(applyPullSecret('foreign', instance))).status, 422)
})

test('P5 the guard binds the helper alone', async () => {
  await chart.createNamespace('others')
  const secret = { metadata: { name: 'acr-nopass', finalizers: ['x.example.com/y'] }, data: { a: 'eA==' } }
  await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/others/secrets', body: secret })
  const path = '/api/v1/namespaces/others/serviceaccounts/default'
  const body = { metadata: { annotations: { a: 'b' } } }
  await chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
})

const owned = {
  metadata: { labels: { l: '1' }, annotations: { a: '1' } },
  secrets: [{ name: 'old-token' }],
  automountServiceAccountToken: true,
  imagePullSecrets: [{ name: 'one' }, { name: 'two' }],
}
const entries = (...names: string[]): object => ({ imagePullSecrets: names.map((name) => ({ name })) })

const serviceAccountChanges: readonly [string, object, RegExp | undefined][] = [
  ['appending our entry', entries('one', 'two', 'acr-nopass'), undefined],
  ['putting our entry first', entries('acr-nopass', 'one', 'two'), undefined],
  ['changing nothing', entries('one', 'two'), undefined],
  ['adding our entry twice', entries('one', 'two', 'acr-nopass', 'acr-nopass'), /adds the entry acr-nopass once/],
  ['dropping an entry of others', entries('one', 'acr-nopass'), /leaves the others alone/],
  ['adding an entry of others', entries('one', 'two', 'three'), /leaves the others alone/],
  ['reordering the entries of others', entries('two', 'one', 'acr-nopass'), /leaves the others alone/],
  ['removing the whole list', { imagePullSecrets: null }, /leaves the others alone/],
  ['an annotation', { metadata: { annotations: { 'role.example.com/arn': 'x' } } }, /metadata.annotations alone/],
  ['an annotation removed', { metadata: { annotations: null } }, /metadata.annotations alone/],
  ['a label', { metadata: { labels: { l: '2' } } }, /metadata.labels alone/],
  ['a label removed', { metadata: { labels: null } }, /metadata.labels alone/],
  ['a finalizer', { metadata: { finalizers: ['x.example.com/y'] } }, /metadata.finalizers alone/],
  [
    'an owner',
    { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] } },
    /metadata.ownerReferences alone/,
  ],
  ['its secrets', { secrets: [{ name: 'another' }] }, /leaves secrets alone/],
  ['automount', { automountServiceAccountToken: false }, /automountServiceAccountToken alone/],
]

for (const [title, body, rule] of serviceAccountChanges) {
  test(`P5 the guard ${rule ? 'refuses' : 'allows'} on a ServiceAccount: ${title}`, async () => {
    const name = `sa-${slug(title)}`
    const path = '/api/v1/namespaces/shop/serviceaccounts'
    const account = { ...owned, metadata: { ...owned.metadata, name } }
    await chart.admin.request({ method: 'POST', path, body: account })
    const { status, text } = await helper.ask(patchServiceAccount(body, name))
    assert.deepEqual([status, rule?.test(text) ?? true], [rule ? 422 : 200, true], text)
  })
}

test('P5 the guard allows the helper to take its entry back, and no more', async () => {
  const path = '/api/v1/namespaces/shop/serviceaccounts'
  const body = { metadata: { name: 'detached' }, ...entries('one', 'acr-nopass', 'two', 'acr-nopass') }
  await chart.admin.request({ method: 'POST', path, body })
  assert.equal((await helper.ask(patchServiceAccount(entries('one'), 'detached'))).status, 422)
  assert.equal((await helper.ask(patchServiceAccount(entries('one', 'two'), 'detached'))).status, 200)
  const only = { metadata: { name: 'only' }, ...entries('acr-nopass') }
  await chart.admin.request({ method: 'POST', path, body: only })
  assert.equal((await helper.ask(patchServiceAccount({ imagePullSecrets: null }, 'only'))).status, 200)
})

test('P5 the guard refuses to create a ServiceAccount', async () => {
  const path = '/api/v1/namespaces/shop/serviceaccounts'
  const { status, text } = await helper.ask({ method: 'POST', path, body: { metadata: { name: 'made' } } })
  assert.deepEqual([status, /creates no ServiceAccount/.test(text)], [422, true], text)
})

function patchServiceAccount(body: object, name = 'default'): Parameters<AskedClient['ask']>[0] {
  const path = `/api/v1/namespaces/shop/serviceaccounts/${name}`
  return { method: 'PATCH', path, contentType: MERGE_PATCH, body }
}

function slug(title: string): string {
  return title.toLowerCase().replace(/[^a-z]+/g, '-')
}
