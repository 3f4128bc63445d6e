import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { FIELD_MANAGER } from '../../src/kube/names.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import type { Guarded } from '../support/cluster/guarded.ts'
import { eventually } from '../support/eventually.ts'

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/sys/leases/guarded-acr-nopass'
const STATUS = '/api/v1/namespaces/sys/configmaps/guarded-acr-nopass-status'
const ABSENT_OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' }

const additions: readonly [string, { readonly metadata: object }, RegExp][] = [
  [
    'adding an owner reference',
    { metadata: { ownerReferences: [ABSENT_OWNER] } },
    /leaves metadata.ownerReferences alone/,
  ],
  ['adding a finalizer', { metadata: { finalizers: ['x.example.com/y'] } }, /leaves metadata.finalizers alone/],
  ['adding a label', { metadata: { labels: { a: 'b' } } }, /leaves metadata.labels alone/],
  ['adding an annotation', { metadata: { annotations: { a: 'b' } } }, /leaves metadata.annotations alone/],
]
const forbidden: typeof additions = [
  ...additions,
  ['removing the labels', { metadata: { labels: null } }, /leaves metadata.labels alone/],
]

/** Tests which writes to the helper's Lease and status the guard rejects and allows. */
export function testGuardOfLeadership({ chart, helper }: Guarded): void {
  const patch = (path: string, body: object) => helper.call({ method: 'PATCH', path, contentType: MERGE_PATCH, body })

  for (const [path, kind] of [
    [LEASE, 'Lease'],
    [STATUS, 'status ConfigMap'],
  ] as const) {
    for (const [title, body, rule] of forbidden) {
      test(`on the ${kind} the guard rejects ${title}`, async () => {
        const { status, text } = await patch(path, body)
        assert.deepEqual([status, rule.test(text)], [422, true], text)
      })
    }
  }

  test('the guard rejects a status ConfigMap that could never be changed again', async () => {
    assert.match((await patch(STATUS, { immutable: true })).text, /leaves immutable alone/)
    assert.match((await patch(STATUS, { binaryData: { a: 'eA==' } })).text, /leaves binaryData alone/)
  })

  test('the guard rejects a second key in the status ConfigMap, which could leave no room for reports', async () => {
    const { status, text } = await patch(STATUS, { data: { x: 'x'.repeat(900_000) } })
    assert.deepEqual([status, /the helper writes status.json and nothing else/.test(text)], [422, true], text)
    // The key of another client stays unchanged, and does not prevent a report.
    const theirs = { method: 'PATCH', path: STATUS, contentType: MERGE_PATCH, body: { data: { theirs: '1' } } } as const
    await chart.admin.request(theirs)
    assert.equal((await patch(STATUS, { data: { 'status.json': '{"a":1}' } })).status, 200)
    assert.equal((await patch(STATUS, { data: { theirs: '2' } })).status, 422)
    await chart.admin.request({ ...theirs, body: { data: { theirs: null } } })
  })

  test('the guard rejects a count of transitions with which no client could acquire the lease', async () => {
    const rule = /a change of the holder adds one to leaseTransitions/
    for (const leaseTransitions of [2_147_483_647, 2]) {
      const { status, text } = await patch(LEASE, { spec: { holderIdentity: 'x', leaseTransitions } })
      assert.deepEqual([status, rule.test(text)], [422, true], text)
    }
    // The count goes from none to 1, stays, goes to 2, and returns to 0 as after an overflow of its
    // type.
    for (const leaseTransitions of [1, 1, 2, 0])
      assert.equal((await patch(LEASE, { spec: { holderIdentity: 'x', leaseTransitions } })).status, 200)
  })

  test('the guard rejects a lease that lasts more than a minute, and allows the helper to lead and report', async () => {
    const spec = { holderIdentity: 'x', leaseDurationSeconds: 2147483647 }
    assert.match((await patch(LEASE, { spec })).text, /a lease lasts 60 seconds at most/)
    assert.equal((await patch(LEASE, { spec: { ...spec, leaseDurationSeconds: 15 } })).status, 200)
    assert.equal((await patch(LEASE, { spec: { holderIdentity: '', leaseDurationSeconds: 1 } })).status, 200)
    assert.equal((await patch(STATUS, { data: { 'status.json': '{}' } })).status, 200)
  })

  test('with the garbage collector running, Lease and status survive everything that the guard lets the helper write', async () => {
    // The same write on an unguarded object shows that the garbage collector works.
    const bait = '/api/v1/namespaces/sys/configmaps/bait'
    const metadata = { name: 'bait', ownerReferences: [ABSENT_OWNER] }
    await chart.admin.request({ method: 'POST', path: '/api/v1/namespaces/sys/configmaps', body: { metadata } })
    for (const path of [LEASE, STATUS]) await patch(path, { metadata: { ownerReferences: [ABSENT_OWNER] } })
    await eventually(() => assert.rejects(chart.admin.request({ method: 'GET', path: bait }), { status: 404 }), 60_000)
    for (const path of [LEASE, STATUS]) {
      const { metadata: kept } = await chart.admin.request<KubeObject>({ method: 'GET', path })
      assert.equal(kept.deletionTimestamp, undefined)
    }
  })

  test('the guard lets the helper create a Lease that was never applied, with a name alone, and no status', async () => {
    for (const path of [LEASE, STATUS]) await chart.admin.request({ method: 'DELETE', path })
    const apply = (path: string, apiVersion: string, kind: string, metadata: object = {}) => {
      const body = { apiVersion, kind, metadata: { name: path.slice(path.lastIndexOf('/') + 1), ...metadata } }
      return helper.call({ method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, contentType: APPLY, body })
    }
    for (const [title, { metadata }, rule] of additions) {
      const { status, text } = await apply(LEASE, 'coordination.k8s.io/v1', 'Lease', metadata)
      assert.deepEqual([status, rule.test(text)], [422, true], `${title}: ${text}`)
    }
    assert.match((await apply(STATUS, 'v1', 'ConfigMap')).text, /the helper creates none of these/)
    assert.equal((await apply(LEASE, 'coordination.k8s.io/v1', 'Lease')).status, 201)
  })
}
