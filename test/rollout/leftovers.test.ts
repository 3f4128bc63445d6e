import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { type KubeCall, type KubeClient, METADATA_ONLY_LIST } from '../../src/kube/client.ts'
import { findLeftovers, leftoversOf, removeLeftovers } from '../../src/rollout/uninstall/leftovers.ts'

test('P12 uninstall leaves the entries that another manager wrote, as cleanup does', async (t) => {
  const account = (name: string, manager: string, operation: string) => ({
    metadata: {
      namespace: 'shop',
      name,
      uid: name,
      resourceVersion: '1',
      managedFields: [{ manager, operation, fieldsV1: { 'f:imagePullSecrets': {} } }],
    },
    imagePullSecrets: [{ name: 'acr' }],
  })
  const accounts = [account('default', 'acr-nopass', 'Update'), account('app', 'argocd-controller', 'Apply')]
  const written: string[] = []
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    if (method !== 'GET') written.push(`${method} ${path}`)
    return { metadata: { resourceVersion: '1' }, items: path.endsWith('/serviceaccounts') ? accounts : [] }
  }
  const client = { request } as unknown as KubeClient
  const caller = { client, signal: t.signal }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  const { detached } = await removeLeftovers(caller, 'acr', found)
  assert.deepEqual(written, ['PATCH /api/v1/namespaces/shop/serviceaccounts/default'])
  assert.deepEqual(
    [detached, found.kept.map(({ account: { metadata } }) => metadata.name)],
    [['shop/default'], ['app']],
  )
})

test("a pull Secret without a record of its writers belongs to the release; a copy that only other clients wrote stays, and so does another release's Secret", async (t) => {
  const labelled = (instance: string, name: string, ...managers: readonly string[]) => ({
    metadata: {
      namespace: name,
      name: 'acr',
      uid: name,
      resourceVersion: '1',
      labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance },
      managedFields: managers.map((manager) => ({ manager, operation: 'Apply', fieldsV1: {} })),
    },
  })
  const secret = (name: string, ...managers: readonly string[]) => labelled('n.r', name, ...managers)
  const secrets = [
    labelled('n.other', 'second', 'acr-nopass'),
    secret('unrecorded'),
    secret('own', 'acr-nopass'),
    secret('content', 'acr-nopass-content', 'other'),
    secret('copied', 'replicator'),
  ]
  const byPath = new Map(secrets.map((one) => [`/api/v1/namespaces/${one.metadata.namespace}/secrets/acr`, one]))
  const request = async ({ path }: { readonly path: string }) =>
    byPath.get(path) ?? { metadata: { resourceVersion: '1' }, items: path === '/api/v1/secrets' ? secrets : [] }
  const caller = { client: { request } as unknown as KubeClient, signal: t.signal }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  assert.deepEqual(
    found.secrets.map(({ metadata }) => metadata.namespace),
    ['unrecorded', 'own', 'content'],
  )
  assert.deepEqual(found.copies, ['copied/acr'])
})

const OURS = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'n.r' }
const writer = (manager: string, operation = 'Update', field = 'f:imagePullSecrets') => [
  { manager, operation, fieldsV1: { [field]: {} } },
]
const metadata = (namespace: string, name: string, more: object) => ({
  namespace,
  name,
  uid: `${namespace}/${name}`,
  resourceVersion: '1',
  ...more,
})
const secretOf = (labels: object | undefined, managers = writer('acr-nopass', 'Apply', 'f:data')) => ({
  metadata: metadata('shop', 'acr', { labels, managedFields: managers }),
})

interface Cluster {
  /** The managed fields of the ServiceAccount `shop/default`: who wrote its list. */
  readonly wrote?: readonly object[]
  readonly secret?: object
  /** Namespaces with a ConfigMap that has the labels of a release. */
  readonly releases?: readonly string[]
  /**
   * The configuration of the release in `team`. Its ClusterRoleBinding proves that the chart
   * installed the release.
   */
  readonly proven?: string | undefined
  /** The configuration of the release in `team`, which nothing proves. */
  readonly written?: string
  readonly mayListReleases?: boolean
}

/** Returns why the entry of `shop/default` stays. Undefined if it is removed. */
async function whyKept(cluster: Cluster, all = false) {
  const { wrote = [], secret, releases = [], mayListReleases = true } = cluster
  const account = {
    metadata: metadata('shop', 'default', { managedFields: wrote }),
    imagePullSecrets: [{ name: 'acr' }],
  }
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'other' }
  const request = async ({ path }: { readonly path: string }): Promise<unknown> => {
    if (path === '/api/v1/serviceaccounts') return { metadata: {}, items: [account] }
    if (path.endsWith('/serviceaccounts/default')) return account
    if (path === '/api/v1/secrets') return { metadata: {}, items: secret === undefined ? [] : [secret] }
    if (path === '/api/v1/configmaps') {
      if (!mayListReleases) throw new KubeApiError(403, 'configmaps is forbidden')
      return { metadata: {}, items: releases.map((namespace) => ({ metadata: metadata(namespace, 'c', { labels }) })) }
    }
    if ('proven' in cluster && path.endsWith('/clusterrolebindings/acr-nopass.team.other'))
      return { metadata: { name: 'acr-nopass.team.other' } }
    if ('proven' in cluster && path === '/api/v1/namespaces/team/configmaps')
      return { metadata: {}, items: [{ metadata: metadata('team', 'c', {}), data: { 'config.yaml': cluster.proven } }] }
    if (cluster.written !== undefined && path === '/api/v1/namespaces/team/configmaps')
      return {
        metadata: {},
        items: [{ metadata: metadata('team', 'c', {}), data: { 'config.yaml': cluster.written } }],
      }
    throw new KubeApiError(404, `${path} not found`)
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r', all })
  assert.equal(found.accounts.length + found.kept.length, 1)
  return found.kept[0] && { why: found.kept[0].why, removable: found.kept[0].removable }
}

for (const [title, cluster, expected] of [
  ['beside its Secret, written by the helper', { wrote: writer('acr-nopass'), secret: secretOf(OURS) }, undefined],
  ['beside its Secret, without a record of the writer', { secret: secretOf(OURS) }, undefined],
  [
    "beside another release's Secret",
    { wrote: writer('acr-nopass'), secret: secretOf({ ...OURS, 'app.kubernetes.io/instance': 'n.other' }) },
    { why: 'the Secret acr there does not belong to this release', removable: false },
  ],
  [
    "beside a user's Secret",
    { wrote: writer('acr-nopass'), secret: secretOf({}) },
    { why: 'the Secret acr there does not belong to this release', removable: false },
  ],
  [
    'beside a copy of its Secret',
    { wrote: writer('acr-nopass'), secret: secretOf(OURS, writer('replicator', 'Update', 'f:data')) },
    { why: 'the Secret acr there does not belong to this release', removable: false },
  ],
  ['without a Secret, written by the helper', { wrote: writer('acr-nopass') }, undefined],
  [
    'without a Secret and without a record of the writer',
    {},
    { why: 'it is not recorded who wrote the list', removable: true },
  ],
  [
    'written last by another client',
    { wrote: writer('kubectl-edit'), secret: secretOf(OURS) },
    { why: 'kubectl-edit wrote the list last', removable: true },
  ],
  [
    'that another client applies',
    { wrote: writer('argocd-controller', 'Apply') },
    { why: 'argocd-controller applies the list', removable: true },
  ],
  [
    'without a Secret, where something has the labels of another release',
    { wrote: writer('acr-nopass'), releases: ['team'] },
    {
      why: 'there is no Secret acr, and team/other, which has the labels of a release, may be one that writes Secrets of that name',
      removable: false,
    },
  ],
  [
    'without a Secret, where what has the labels of another release claims another name',
    { wrote: writer('acr-nopass'), releases: ['team'], written: 'secretName: other' },
    {
      why: 'there is no Secret acr, and team/other, which has the labels of a release, may be one that writes Secrets of that name',
      removable: false,
    },
  ],
  [
    'without a Secret, where another release uses its name',
    { wrote: writer('acr-nopass'), releases: ['team'], proven: 'secretName: acr' },
    { why: 'there is no Secret acr, and another release writes Secrets of that name', removable: false },
  ],
  [
    'without a Secret, where the configuration of another release is absent',
    { wrote: writer('acr-nopass'), releases: ['team'], proven: undefined },
    { why: 'there is no Secret acr, and another release writes Secrets of that name', removable: false },
  ],
  [
    'without a Secret, where the configuration of another release has no name',
    { wrote: writer('acr-nopass'), releases: ['team'], proven: 'a: [b' },
    { why: 'there is no Secret acr, and another release writes Secrets of that name', removable: false },
  ],
  [
    'without a Secret, where another release uses another name',
    { wrote: writer('acr-nopass'), releases: ['team'], proven: 'secretName: other' },
    undefined,
  ],
  [
    "beside a user's Secret without labels",
    { wrote: writer('acr-nopass'), secret: secretOf(undefined) },
    { why: 'the Secret acr there does not belong to this release', removable: false },
  ],
  [
    'beside its Secret, where something has the labels of another release',
    { wrote: writer('acr-nopass'), secret: secretOf(OURS), releases: ['team'] },
    undefined,
  ],
  [
    'beside its Secret, where another release uses its name',
    { wrote: writer('acr-nopass'), secret: secretOf(OURS), releases: ['team'], proven: 'secretName: acr' },
    undefined,
  ],
  [
    'without a Secret, where other releases may not be listed',
    { wrote: writer('acr-nopass'), mayListReleases: false },
    {
      why: 'there is no Secret acr, and acr-nopass could not read whether another release writes Secrets of that name',
      removable: false,
    },
  ],
] as readonly (readonly [string, Cluster, { why: string; removable: boolean } | undefined])[]) {
  test(`P12 an entry ${title} ${expected === undefined ? 'is removed' : 'stays, and the reason is named'}`, async () => {
    assert.deepEqual(await whyKept(cluster), expected)
    // With `all`, an entry is removed whoever wrote it, unless another release may need it.
    assert.deepEqual(await whyKept(cluster, true), expected?.removable ? undefined : expected)
  })
}

test('without a Secret in the namespace, an entry stays if another release has a Secret of that name elsewhere; a Secret of the release itself or of a user does not keep it', async () => {
  const elsewhere = (labels: object | undefined) => ({
    metadata: metadata('bank', 'acr', { labels, managedFields: writer('acr-nopass', 'Apply', 'f:data') }),
  })
  const wrote = writer('acr-nopass')
  assert.equal(await whyKept({ wrote, secret: elsewhere(OURS) }), undefined)
  assert.equal(await whyKept({ wrote, secret: elsewhere(undefined) }), undefined)
  const other = elsewhere({ ...OURS, 'app.kubernetes.io/instance': 'n.other' })
  assert.deepEqual(await whyKept({ wrote, secret: other }), {
    why: 'there is no Secret acr, and another release writes Secrets of that name',
    removable: false,
  })
})

test('with `scope: namespaces` only the listed namespaces are read', async () => {
  const paths: string[] = []
  const request = async ({ path }: { readonly path: string }) => {
    paths.push(path)
    return { metadata: {}, items: [] }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  await findLeftovers(caller, { secretName: 'acr', instance: 'n.r', namespaces: ['n', 'shop'] })
  assert.deepEqual(paths.filter((path) => !path.includes('configmaps')).toSorted(), [
    '/api/v1/namespaces/n/secrets',
    '/api/v1/namespaces/n/serviceaccounts',
    '/api/v1/namespaces/shop/secrets',
    '/api/v1/namespaces/shop/serviceaccounts',
  ])
})

test('an object that changed meanwhile, or that a finalizer keeps, is reported as left; entries of other owners stay in the list', async () => {
  const calls: unknown[] = []
  const request = async ({ method, path, body }: KubeCall) => {
    calls.push([method, path, body])
    if (path.includes('changed')) throw new KubeApiError(409, 'changed')
    return path.includes('held') ? { metadata: { finalizers: ['a/b'] } } : {}
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const account = (namespace: string, ...names: readonly string[]) => ({
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: metadata(namespace, 'default', {}),
    imagePullSecrets: names.map((name) => ({ name })),
  })
  const secret = (namespace: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: metadata(namespace, 'acr', {}) })
  const result = await removeLeftovers(caller, 'acr', {
    accounts: [account('shop', 'own', 'acr', 'last'), account('changed', 'acr')],
    secrets: [secret('shop'), secret('held'), secret('changed')],
  } as unknown as Parameters<typeof removeLeftovers>[2])
  assert.deepEqual(result, {
    detached: ['shop/default'],
    deleted: ['shop/acr'],
    left: [
      'ServiceAccount changed/default: KUBE_CONFLICT',
      'Secret held/acr: it stays until its finalizers are removed (a/b)',
      'Secret changed/acr: KUBE_CONFLICT',
    ],
  })
  assert.deepEqual(calls[0], [
    'PATCH',
    '/api/v1/namespaces/shop/serviceaccounts/default',
    { metadata: { uid: 'shop/default', resourceVersion: '1' }, imagePullSecrets: [{ name: 'own' }, { name: 'last' }] },
  ])
  assert.deepEqual(
    calls.slice(2).map((call) => (call as readonly unknown[]).slice(0, 2)),
    ['shop', 'held', 'changed'].map((namespace) => ['DELETE', `/api/v1/namespaces/${namespace}/secrets/acr`]),
  )
})

test('if lists have no record of writers, each object is read; a deleted object is left out, and an unreadable object has no record', async () => {
  const account = (namespace: string) => ({
    metadata: metadata(namespace, 'default', {}),
    imagePullSecrets: [{ name: 'acr' }],
  })
  const accounts = ['read', 'gone', 'refused'].map(account)
  const request = async ({ path }: KubeCall): Promise<unknown> => {
    if (path === '/api/v1/serviceaccounts') return { metadata: {}, items: accounts }
    if (path.includes('gone')) throw new KubeApiError(404, 'not found')
    if (path.includes('refused')) throw new KubeApiError(403, 'forbidden')
    if (path.includes('read'))
      return { ...account('read'), metadata: metadata('read', 'default', { managedFields: writer('acr-nopass') }) }
    return { metadata: {}, items: null }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  assert.deepEqual(
    [found.accounts, found.kept.map((one) => one.account)].map((list) => list.map((one) => one.metadata.namespace)),
    [['read'], ['refused']],
  )
})

test('a deployer of `scope: namespaces` searches in its own namespace and in those of the targets, each once', () => {
  const release = { namespace: 'n', release: 'r' }
  const own = { secretName: 'acr', instance: 'n.r' }
  assert.deepEqual(leftoversOf(release, 'acr', undefined), own)
  assert.deepEqual(leftoversOf(release, 'acr', { namespaces: undefined }), own)
  assert.deepEqual(leftoversOf(release, 'acr', { namespaces: [] }), { ...own, namespaces: ['n'] })
  assert.deepEqual(leftoversOf(release, 'acr', { namespaces: ['shop', 'n'] }), { ...own, namespaces: ['n', 'shop'] })
})

test('of Secrets only metadata is read, and only those with the name; other ServiceAccounts are not kept', async () => {
  const calls: KubeCall[] = []
  const account = (name: string, ...names: readonly string[]) => ({
    metadata: metadata('shop', name, { managedFields: writer('acr-nopass') }),
    ...(names.length > 0 && { imagePullSecrets: names.map((one) => ({ name: one })) }),
  })
  const accounts = [account('none'), account('other', 'regcred'), account('both', 'regcred', 'acr')]
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'r' }
  const request = async (call: KubeCall): Promise<unknown> => {
    calls.push(call)
    if (call.path === '/api/v1/serviceaccounts') return { metadata: {}, items: accounts }
    // The release's own configuration is not one of another release.
    const own = { metadata: metadata('n', 'c', { labels }) }
    return { metadata: {}, items: call.path === '/api/v1/configmaps' ? [own] : [] }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  assert.deepEqual([found.accounts.map((one) => one.metadata.name), found.kept], [['both'], []])
  const secrets = calls.find(({ path }) => path === '/api/v1/secrets')
  assert.deepEqual(
    [secrets?.query?.fieldSelector, secrets?.query?.limit, secrets?.accept],
    ['metadata.name=acr', 500, METADATA_ONLY_LIST],
  )
})
