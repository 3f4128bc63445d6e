import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUARDED_NAMESPACE, type Guarded, patchServiceAccount, slug } from '../support/cluster/guarded.ts'

const ACCOUNTS = `/api/v1/namespaces/${GUARDED_NAMESPACE}/serviceaccounts`
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
  ["removing another client's entry", entries('one', 'acr-nopass'), /leaves the others alone/],
  ["adding another client's entry", entries('one', 'two', 'three'), /leaves the others alone/],
  ["reordering other clients' entries", entries('two', 'one', 'acr-nopass'), /leaves the others alone/],
  ['removing the whole list', { imagePullSecrets: null }, /leaves the others alone/],
  [
    'adding an annotation',
    { metadata: { annotations: { 'role.example.com/arn': 'x' } } },
    /metadata.annotations alone/,
  ],
  ['removing an annotation', { metadata: { annotations: null } }, /metadata.annotations alone/],
  ['changing a label', { metadata: { labels: { l: '2' } } }, /metadata.labels alone/],
  ['removing a label', { metadata: { labels: null } }, /metadata.labels alone/],
  ['adding a finalizer', { metadata: { finalizers: ['x.example.com/y'] } }, /metadata.finalizers alone/],
  [
    'adding an owner reference',
    { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] } },
    /metadata.ownerReferences alone/,
  ],
  ['changing its secrets', { secrets: [{ name: 'another' }] }, /leaves secrets alone/],
  [
    'changing automountServiceAccountToken',
    { automountServiceAccountToken: false },
    /automountServiceAccountToken alone/,
  ],
]

/** Tests which writes to ServiceAccounts the guard rejects and allows. */
export function testGuardOfServiceAccounts({ chart, helper }: Guarded): void {
  for (const [title, body, rule] of serviceAccountChanges) {
    test(`P5 on a ServiceAccount the guard ${rule ? 'rejects' : 'allows'} ${title}`, async () => {
      const name = `sa-${slug(title)}`
      const account = { ...owned, metadata: { ...owned.metadata, name } }
      await chart.admin.request({ method: 'POST', path: ACCOUNTS, body: account })
      const { status, text } = await helper.call(patchServiceAccount(body, name))
      assert.deepEqual([status, rule?.test(text) ?? true], [rule ? 422 : 200, true], text)
    })
  }

  test('P5 the guard allows the helper to remove its entry, and nothing else', async () => {
    const body = { metadata: { name: 'detached' }, ...entries('one', 'acr-nopass', 'two', 'acr-nopass') }
    await chart.admin.request({ method: 'POST', path: ACCOUNTS, body })
    assert.equal((await helper.call(patchServiceAccount(entries('one'), 'detached'))).status, 422)
    assert.equal((await helper.call(patchServiceAccount(entries('one', 'two'), 'detached'))).status, 200)
    const only = { metadata: { name: 'only' }, ...entries('acr-nopass') }
    await chart.admin.request({ method: 'POST', path: ACCOUNTS, body: only })
    assert.equal((await helper.call(patchServiceAccount({ imagePullSecrets: null }, 'only'))).status, 200)
  })

  test('P5 the guard rejects the creation of a ServiceAccount', async () => {
    const { status, text } = await helper.call({ method: 'POST', path: ACCOUNTS, body: { metadata: { name: 'made' } } })
    assert.deepEqual([status, /creates no ServiceAccount/.test(text)], [422, true], text)
  })
}
