import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY } from '../../src/kube/names.ts'
import { ADOPTER, GUARDED, type Guarded, slug } from '../support/cluster/guarded.ts'
import { applyPullSecret, type PullSecret } from '../support/cluster/pull-secret.ts'

/**
 * Each row: the helper's attempt, the difference of the object from a valid one, and the rule that
 * rejects it.
 */
const forbiddenCreations: readonly [string, (secret: PullSecret) => void, RegExp][] = [
  [
    'another name',
    (s) => {
      s.metadata.name = 'other'
    },
    /only Secrets named acr-nopass/,
  ],
  [
    'the type of a ServiceAccount token',
    (s) => {
      s.type = 'kubernetes.io/service-account-token'
      s.metadata.annotations = { 'kubernetes.io/service-account.name': 'default' }
    },
    /only Secrets of type kubernetes.io\/dockerconfigjson/,
  ],
  [
    'type Opaque',
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
    "another tool's label",
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { [LABEL_MANAGED_BY]: 'Helm' })
    },
    /carries the labels/,
  ],
  [
    "another release's label",
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { [LABEL_INSTANCE]: ADOPTER })
    },
    /carries the labels/,
  ],
  [
    "another controller's label",
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { 'argocd.argoproj.io/secret-type': 'cluster' })
    },
    /no other labels than those of secretLabels/,
  ],
  [
    'another value of a secretLabels label',
    (s) => {
      Object.assign(s.metadata.labels ?? {}, { 'images.alibabacloud.com/accelerated': 'false' })
    },
    /no other labels than those of secretLabels/,
  ],
  ...['reflector.v1.k8s.emberstack.com/reflection-allowed', 'replicator.v1.mittwald.de/replicate-to'].map(
    (annotation): [string, (secret: PullSecret) => void, RegExp] => [
      `another controller's annotation, ${annotation.slice(0, 9)}`,
      (s) => {
        s.metadata.annotations = { [annotation]: '.*' }
      },
      /leaves other annotations than its own alone/,
    ],
  ),
  [
    'a finalizer',
    (s) => {
      s.metadata.finalizers = ['x.example.com/y']
    },
    /leaves metadata.finalizers alone/,
  ],
  [
    'an owner reference',
    (s) => {
      s.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }]
    },
    /leaves metadata.ownerReferences alone/,
  ],
  [
    'immutable: true',
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

/** Tests which writes to Secrets the guard rejects and allows. */
export function testGuardOfSecrets({ chart, helper, adopter }: Guarded): void {
  for (const [title, change, rule] of forbiddenCreations) {
    test(`P5 the guard rejects creating a pull secret with ${title}`, async () => {
      await chart.createNamespace(`new-${slug(title)}`)
      const { status, text } = await helper.call(applyPullSecret(`new-${slug(title)}`, GUARDED, change))
      assert.deepEqual([status, rule.test(text)], [422, true], text)
    })
    if (/name|type|token|Opaque|immutable: false/.test(title)) continue
    test(`P5 the guard rejects changing a pull secret into one with ${title}`, async () => {
      const namespace = `old-${slug(title)}`
      await chart.createNamespace(namespace)
      assert.equal((await helper.call(applyPullSecret(namespace, GUARDED))).status, 201)
      const { status, text } = await helper.call(applyPullSecret(namespace, GUARDED, change))
      assert.deepEqual([status, rule.test(text)], [422, true], text)
    })
  }

  test('P5 the guard allows the helper to create, refresh and empty its pull secret', async () => {
    await chart.createNamespace('allowed')
    const refresh = (secret: PullSecret): void => {
      secret.data['.dockerconfigjson'] = Buffer.from('{"auths":{"a.example.com":{"auth":"eDp5"}}}').toString('base64')
      secret.metadata.annotations = { 'acr-nopass.io/registries': 'prod' }
      Object.assign(secret.metadata.labels ?? {}, { 'images.alibabacloud.com/accelerated': 'true' })
    }
    assert.equal((await helper.call(applyPullSecret('allowed', GUARDED, refresh))).status, 201)
    assert.equal((await helper.call(applyPullSecret('allowed', GUARDED))).status, 200)
    // Another client's finalizer stays and does not prevent a refresh.
    const path = '/api/v1/namespaces/allowed/secrets/acr-nopass'
    const body = { metadata: { finalizers: ['backup.example.com/copy'] } }
    await chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
    const { status, body: secret } = await helper.call(applyPullSecret('allowed', GUARDED, refresh))
    assert.equal(status, 200)
    assert.deepEqual((secret as PullSecret).metadata.finalizers, ['backup.example.com/copy'])
    const remove = {
      method: 'PATCH',
      path,
      contentType: MERGE_PATCH,
      body: { metadata: { finalizers: null } },
    } as const
    assert.match((await helper.call(remove)).text, /leaves metadata.finalizers alone/)
  })

  test('labels and annotations of others on the pull secret cannot be changed; ours of earlier values may be removed', async () => {
    await chart.createNamespace('marked')
    const path = '/api/v1/namespaces/marked/secrets/acr-nopass'
    const patch = (client: { call: typeof helper.call }, metadata: object) =>
      client.call({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata } })
    assert.equal((await helper.call(applyPullSecret('marked', GUARDED))).status, 201)
    const theirs = { labels: { team: 'a', old: 'x' }, annotations: { note: 'theirs' } }
    await chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: theirs } })
    assert.equal((await helper.call(applyPullSecret('marked', GUARDED))).status, 200)
    assert.equal((await patch(helper, { labels: { old: null } })).status, 200)
    assert.match((await patch(helper, { labels: { team: 'b' } })).text, /no other labels/)
    assert.match((await patch(helper, { annotations: { note: 'ours' } })).text, /leaves other annotations/)
    assert.match((await patch(helper, { annotations: { note: null } })).text, /leaves other annotations/)
    assert.equal((await patch(helper, { annotations: { 'acr-nopass.io/expires-at': '' } })).status, 200)
  })

  test("P5 another client's Secret is taken over only with adopt", async () => {
    await chart.createNamespace('foreign')
    const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
    const body = { metadata: { name: 'acr-nopass' }, type: 'kubernetes.io/dockerconfigjson', data }
    await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/foreign/secrets', body })
    const { status, text } = await helper.call(applyPullSecret('foreign', GUARDED))
    assert.deepEqual([status, /belongs to somebody else/.test(text)], [422, true], text)
    assert.equal((await adopter.call(applyPullSecret('foreign', ADOPTER))).status, 200)
    // The Secret now belongs to the adopting release, and is foreign to the other release.
    assert.equal((await helper.call(applyPullSecret('foreign', GUARDED))).status, 422)
  })

  test('P5 the guard restricts only the helper', async () => {
    await chart.createNamespace('others')
    const secret = { metadata: { name: 'acr-nopass', finalizers: ['x.example.com/y'] }, data: { a: 'eA==' } }
    await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/others/secrets', body: secret })
    const path = '/api/v1/namespaces/others/serviceaccounts/default'
    const body = { metadata: { annotations: { a: 'b' } } }
    await chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
  })
}
