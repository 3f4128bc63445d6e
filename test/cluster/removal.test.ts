import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { createReleaseNamespace, removeReleaseNamespace } from '../../src/rollout/release/release-namespace.ts'
import type { LeftoverQuery } from '../../src/rollout/uninstall/leftovers.ts'
import { findLeftovers, removeLeftovers } from '../../src/rollout/uninstall/leftovers.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

const chart = await openChartCluster('removal')
after(() => chart[Symbol.asyncDispose]())
const { admin } = chart
const { signal } = new AbortController()
const caller = { client: admin, signal }

const create = (path: string, body: object): Promise<unknown> => admin.request({ method: 'POST', path, body })
const read = <T = KubeObject>(path: string): Promise<T> => admin.request<T>({ method: 'GET', path })

/** Objects of other owners in a namespace, each with the line that names it. */
const CONTENT: readonly (readonly [plural: string, root: string, body: object])[] = [
  [
    'persistentvolumeclaims data',
    '/api/v1',
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ],
  ['configmaps data', '/api/v1', { metadata: { name: 'data' } }],
  ['secrets data', '/api/v1', { metadata: { name: 'data' } }],
  ['serviceaccounts robot', '/api/v1', { metadata: { name: 'robot' } }],
  [
    'deployments web',
    '/apis/apps/v1',
    {
      metadata: { name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'example.com/web' }] },
        },
      },
    },
  ],
  ['roles reader', '/apis/rbac.authorization.k8s.io/v1', { metadata: { name: 'reader' }, rules: [] }],
]

for (const [index, [line, root, body]] of CONTENT.entries()) {
  test(`P12 uninstall leaves the namespace that it created when ${line} is in it, and prints the command`, async () => {
    const namespace = `kept-${index}`
    await createReleaseNamespace(caller, namespace)
    const [plural] = line.split(' ')
    await create(`${root}/namespaces/${namespace}/${plural}`, body)
    const note = await removeReleaseNamespace(caller, namespace)
    assert.ok(note.startsWith(`namespace ${namespace} stays: it contains ${line}`), note)
    assert.ok(note.endsWith(`kubectl delete namespace ${namespace}`), note)
    const { metadata } = await read(`/api/v1/namespaces/${namespace}`)
    assert.equal(metadata.deletionTimestamp, undefined)
  })
}

test('P12 uninstall leaves a namespace with an object of a kind that only a CRD knows', async () => {
  const names = { plural: 'rollouts', singular: 'rollout', kind: 'Rollout' }
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  await create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'rollouts.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  })
  await createReleaseNamespace(caller, 'custom')
  const path = '/apis/example.com/v1/namespaces/custom/rollouts'
  const body = { apiVersion: 'example.com/v1', kind: 'Rollout', metadata: { name: 'web' } }
  await eventually(() => create(path, body))
  assert.match(await removeReleaseNamespace(caller, 'custom'), /^namespace custom stays: it contains rollouts web\./)
})

test('P12 uninstall removes the namespace that it created when nothing else is in it', async () => {
  await createReleaseNamespace(caller, 'empty')
  assert.match(await removeReleaseNamespace(caller, 'empty'), /^namespace empty (was removed|is being deleted)$/)
})

test('P12 uninstall leaves a namespace that existed before', async () => {
  await chart.createNamespace('older')
  assert.equal(await removeReleaseNamespace(caller, 'older'), 'namespace older stays: it existed before')
})

const OWN: LeftoverQuery = { secretName: 'acr-nopass', instance: 'acr-nopass.acr-nopass' }

/**
 * Creates a namespace with a pull secret of an instance, and a ServiceAccount whose list a client
 * wrote.
 */
async function createServedNamespace(
  name: string,
  writer: 'acr-nopass' | 'argocd-controller',
  instance?: string,
): Promise<void> {
  await chart.createNamespace(name)
  const path = `/api/v1/namespaces/${name}/serviceaccounts/web`
  const body = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web' },
    imagePullSecrets: [{ name: 'regcred' }, { name: 'acr-nopass' }],
  }
  const query = { fieldManager: writer }
  if (writer === 'acr-nopass') await admin.request({ method: 'POST', path: path.replace(/\/web$/, ''), body, query })
  else await admin.request({ method: 'PATCH', path, body, query: { ...query, force: true }, contentType: APPLY })
  if (instance === undefined) return
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance }
  const secrets = `/api/v1/namespaces/${name}/secrets`
  const secret = { metadata: { name: 'acr-nopass', labels } }
  await admin.request({ method: 'POST', path: secrets, body: secret, query: { fieldManager: 'acr-nopass' } })
}

async function entries(namespace: string): Promise<readonly string[]> {
  const account = await read<{ imagePullSecrets?: readonly { name: string }[] }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/web`,
  )
  return (account.imagePullSecrets ?? []).map(({ name }) => name)
}

// Entries of GitOps tools, and of a second release with the same secretName, must stay.
test("P12 uninstall removes only this release's entries and Secrets", async () => {
  await createServedNamespace('ours', 'acr-nopass', OWN.instance)
  await createServedNamespace('gitops', 'argocd-controller', OWN.instance)
  await createServedNamespace('second', 'acr-nopass', 'other.other')
  await createServedNamespace('bare', 'acr-nopass')
  const found = await findLeftovers(caller, OWN)
  assert.deepEqual(await removeLeftovers(caller, OWN.secretName, found), {
    detached: ['ours/web'],
    deleted: ['gitops/acr-nopass', 'ours/acr-nopass'],
    left: [],
  })
  assert.deepEqual(found.kept.map(({ account, why }) => [account.metadata.namespace, why]).toSorted(), [
    ['bare', 'there is no Secret acr-nopass, and another release writes Secrets of that name'],
    ['gitops', 'argocd-controller applies the list'],
    ['second', 'the Secret acr-nopass there does not belong to this release'],
  ])
  assert.deepEqual(await entries('ours'), ['regcred'])
  for (const name of ['gitops', 'second', 'bare']) assert.deepEqual(await entries(name), ['regcred', 'acr-nopass'])
  assert.equal((await read('/api/v1/namespaces/second/secrets/acr-nopass')).metadata.name, 'acr-nopass')
})

test('P12 once no other release has Secrets with that name, entries without a Secret are removed', async () => {
  await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/second/secrets/acr-nopass' })
  const found = await findLeftovers(caller, OWN)
  assert.deepEqual(found.accounts.map(({ metadata }) => metadata.namespace).toSorted(), ['bare', 'second'])
  assert.deepEqual(
    (await findLeftovers(caller, { ...OWN, namespaces: ['bare'] })).accounts.map(({ metadata }) => metadata.namespace),
    ['bare'],
  )
})

test('P12 uninstall leaves entries while a release that has no Secret yet uses their name', async () => {
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'fresh' }
  const body = { metadata: { name: 'fresh', labels }, data: { 'config.yaml': 'secretName: acr-nopass' } }
  await create('/api/v1/namespaces/default/configmaps', body)
  const { accounts, kept } = await findLeftovers(caller, { ...OWN, namespaces: ['bare'] })
  assert.deepEqual([accounts.length, kept.map(({ account }) => account.metadata.namespace)], [0, ['bare']])
  await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/default/configmaps/fresh' })
})

test("P12 uninstall leaves a Secret with the release's labels that another client copied", async () => {
  await chart.createNamespace('copied')
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': OWN.instance }
  const path = '/api/v1/namespaces/copied/secrets'
  const query = { fieldManager: 'reflector' }
  await admin.request({ method: 'POST', path, body: { metadata: { name: 'acr-nopass', labels } }, query })
  const { secrets, copies } = await findLeftovers(caller, { ...OWN, namespaces: ['copied'] })
  assert.deepEqual([secrets, copies], [[], ['copied/acr-nopass']])
})

test('uninstall reports a Secret that finalizers keep', async () => {
  await createServedNamespace('held', 'acr-nopass', OWN.instance)
  const path = '/api/v1/namespaces/held/secrets/acr-nopass'
  const patch = (finalizers: readonly string[]) =>
    admin.request({ method: 'PATCH', path, body: { metadata: { finalizers } }, contentType: MERGE_PATCH })
  await patch(['example.com/backup'])
  const found = await findLeftovers(caller, { ...OWN, namespaces: ['held'] })
  const { left } = await removeLeftovers(caller, OWN.secretName, found)
  assert.deepEqual(left, ['Secret held/acr-nopass: it stays until its finalizers are removed (example.com/backup)'])
  await patch([])
})
