import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTransforms, isCopiedList } from '../../src/installation/object-views.ts'
import { listOwner, ownsContent } from '../../src/kube/managed-fields.ts'
import type { ManagedFieldsEntry, ObjectMeta } from '../../src/kube/types.ts'

// These entries are from a real API server (1.36).
const OURS: ManagedFieldsEntry = {
  manager: 'acr-nopass',
  operation: 'Apply',
  fieldsV1: {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:metadata': {
      'f:annotations': { 'f:acr-nopass.io/content-hash': {}, 'f:acr-nopass.io/registries': {} },
      'f:labels': { 'f:app.kubernetes.io/instance': {} },
    },
    'f:type': {},
  },
}
const without = (...path: string[]): ManagedFieldsEntry => {
  const copy = structuredClone(OURS) as { fieldsV1: Record<string, unknown> }
  let at = copy.fieldsV1
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
  delete at[path.at(-1) ?? '']
  return copy as ManagedFieldsEntry
}
const update = (manager: string, fieldsV1: object, operation: 'Update' | 'Apply' = 'Update'): ManagedFieldsEntry => ({
  manager,
  operation,
  fieldsV1,
})

test('content is ours while our entries own data, type and hash, whatever else others own', () => {
  assert.equal(ownsContent([OURS]), true)
  assert.equal(ownsContent([update('kubectl', { 'f:metadata': { 'f:labels': { 'f:team': {} } } }), OURS]), true)
  assert.equal(ownsContent([without('f:data', 'f:.dockerconfigjson')]), false)
  assert.equal(ownsContent([without('f:type')]), false)
  assert.equal(ownsContent([without('f:metadata', 'f:annotations', 'f:acr-nopass.io/content-hash')]), false)
  assert.equal(ownsContent([{ ...OURS, operation: 'Update' }]), false)
  const patched = update('acr-nopass-content', { 'f:data': { 'f:.dockerconfigjson': {} } })
  assert.equal(ownsContent([without('f:data', 'f:.dockerconfigjson'), patched]), true)
  assert.equal(ownsContent([patched]), false)
  for (const manager of ['kubectl', 'acr-nopass']) {
    assert.equal(ownsContent([without('f:data', 'f:.dockerconfigjson'), { ...patched, manager }]), false)
  }
  assert.equal(ownsContent([{ ...OURS, manager: 'other' }]), false)
  assert.equal(ownsContent([]), false)
  assert.equal(ownsContent(undefined), false)
})

test('the owner of a list is a foreign Apply, else a foreign Update, else the helper', () => {
  const list = { 'f:imagePullSecrets': {} }
  const ours = update('acr-nopass', list)
  assert.deepEqual(listOwner([ours]), { manager: 'acr-nopass', operation: 'Update' })
  assert.deepEqual(listOwner([ours, update('kubectl-edit', list)]), { manager: 'kubectl-edit', operation: 'Update' })
  assert.deepEqual(listOwner([update('kubectl-edit', list), ours, update('helm', list, 'Apply')]), {
    manager: 'helm',
    operation: 'Apply',
  })
  assert.equal(listOwner([update('helm', { 'f:metadata': {} }, 'Apply')]), undefined)
  // The API server writes this entry at the first apply of an object without a record. It does not
  // name the writer, and only shows that the write was not an apply.
  assert.equal(listOwner([update('before-first-apply', list)]), undefined)
  assert.deepEqual(listOwner([update('before-first-apply', list), ours]), {
    manager: 'acr-nopass',
    operation: 'Update',
  })
})

const transforms = createTransforms({
  instance: 'home.r',
  secretLabels: { team: 'a' },
  secretName: 'acr-nopass',
  namespaceLabels: new Set(['env']),
})
const meta = (more: Partial<ObjectMeta>): { metadata: ObjectMeta } => ({
  metadata: { name: 'n', namespace: 'shop', uid: 'u', resourceVersion: '3', ...more },
})

test('the view of a Secret has its marks, and both labels identify its owner', () => {
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r', team: 'a' }
  const annotations = {
    'acr-nopass.io/content-hash': 'abc',
    'acr-nopass.io/expires-at': '2026-01-01T01:00:00.000Z',
    'acr-nopass.io/registries': 'legacy,prod',
    'acr-nopass.io/log': 'uid-log legacy=1,prod=2',
  }
  assert.deepEqual(transforms.secret(meta({ labels, annotations, managedFields: [OURS] })), {
    uid: 'u',
    resourceVersion: '3',
    ours: true,
    intact: true,
    labelled: true,
    hash: 'abc',
    registries: ['legacy', 'prod'],
    expiresAt: Date.parse('2026-01-01T01:00:00Z'),
    note: 'uid-log legacy=1,prod=2',
    otherManager: undefined,
  })
  const others = { ...labels, 'app.kubernetes.io/instance': 'home.other' }
  const foreign = transforms.secret(
    meta({ labels: others, annotations, managedFields: [update('kubectl', { 'f:data': {} })] }),
  )
  assert.deepEqual(
    [foreign.ours, foreign.intact, foreign.registries, foreign.otherManager],
    [false, false, [], 'kubectl'],
  )
})

test('a Secret expires at a time, or never if the annotation is empty; without the annotation its expiry is unknown', () => {
  const of = (annotations: Record<string, string>) => transforms.secret(meta({ annotations })).expiresAt
  const at = (text: string) => of({ 'acr-nopass.io/expires-at': text })
  assert.deepEqual([at('2026-01-01T01:00:00Z'), at('')], [Date.parse('2026-01-01T01:00:00Z'), null])
  assert.deepEqual([of({}), at('soon')], [undefined, undefined])
})

test('a note that is too long to be ours is not kept', () => {
  const noteOf = (note: string) => transforms.secret(meta({ annotations: { 'acr-nopass.io/log': note } })).note
  assert.deepEqual([noteOf('x'.repeat(32 * 1024))?.length, noteOf('x'.repeat(32 * 1024 + 1))], [32 * 1024, undefined])
})

test('the view of a Secret shows a missing label, and one that the values no longer request', () => {
  const marks = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' }
  const labelled = (labels: Record<string, string>, ...ours: string[]): boolean => {
    const owned = Object.fromEntries(ours.map((key) => [`f:${key}`, {}]))
    const entry = update('acr-nopass', { 'f:metadata': { 'f:labels': { '.': {}, ...owned } } }, 'Apply')
    return transforms.secret(meta({ labels: { ...marks, ...labels }, managedFields: [entry] })).labelled
  }
  assert.equal(labelled({ team: 'a' }, 'team', ...Object.keys(marks)), true)
  assert.equal(labelled({}), false)
  assert.equal(labelled({ team: 'b' }, 'team'), false)
  assert.equal(labelled({ team: 'a', old: 'x' }, 'team', 'old'), false)
  assert.equal(labelled({ team: 'a', theirs: 'x' }, 'team'), true)
})

test('the view of a Namespace has the requested labels, opt-out and termination', () => {
  const labels = { env: 'prod', other: 'x', 'acr-nopass.io/skip': 'true' }
  const view = transforms.namespace(meta({ labels, deletionTimestamp: '2026-01-01T00:00:00Z' }))
  assert.deepEqual([view.labels, view.optedOut, view.terminating], [{ env: 'prod' }, true, true])
})

test('a Namespace that is neither opted out nor ending is served', () => {
  const bare = transforms.namespace(meta({}))
  assert.deepEqual([bare.name, bare.labels, bare.optedOut, bare.terminating], ['n', {}, false, false])
  assert.equal(transforms.namespace(meta({ labels: { 'acr-nopass.io/skip': 'false' } })).optedOut, false)
})

test('each label of the values has to be on a Secret', () => {
  const secretLabels = { team: 'a', tier: 'b' }
  const both = createTransforms({ instance: 'home.r', secretLabels, secretName: 's', namespaceLabels: new Set() })
  const labelled = (labels: Record<string, string>): boolean => both.secret(meta({ labels })).labelled
  assert.deepEqual([labelled(secretLabels), labelled({ team: 'a' }), labelled({ tier: 'b' })], [true, false, false])
})

test('the view of a ServiceAccount has its list unchanged, with entries without a name', () => {
  const view = transforms.serviceAccount({ ...meta({}), imagePullSecrets: [{ name: 'b' }, {}, { name: 'b' }] })
  assert.deepEqual([view.namespace, view.list, view.optedOut], ['shop', ['b', '', 'b'], false])
  assert.equal(transforms.serviceAccount(meta({ annotations: { 'acr-nopass.io/skip': 'true' } })).optedOut, true)
})

test('the view of a ServiceAccount has its role for nodes, unless the text is longer than any role', () => {
  const roleOf = (role: string) =>
    transforms.serviceAccount(meta({ annotations: { 'acr-nopass.io/role-arn': role } })).pullRole
  assert.deepEqual([roleOf(' acs:ram::1:role/a '), roleOf('x'.repeat(256))?.length], ['acs:ram::1:role/a', 256])
  for (const annotations of [{ 'acr-nopass.io/role-arn': '' }, {}])
    assert.equal('pullRole' in transforms.serviceAccount(meta({ annotations })), false)
  assert.equal(roleOf('x'.repeat(257)), undefined)
})

test('a Secret without marks is nobody’s, and the longest marks of ours are kept', () => {
  const bare = transforms.secret(meta({}))
  assert.deepEqual(
    [bare.ours, bare.intact, bare.labelled, bare.hash, bare.registries, bare.expiresAt, bare.note],
    [false, false, false, undefined, [], undefined, ''],
  )
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' }
  const of = (hash: string, registries: string) =>
    transforms.secret(
      meta({ labels, annotations: { 'acr-nopass.io/content-hash': hash, 'acr-nopass.io/registries': registries } }),
    )
  const long = of('f'.repeat(64), 'r,'.repeat(16 * 1024))
  assert.deepEqual([long.hash?.length, long.registries.length], [64, 16 * 1024])
  const over = of('f'.repeat(65), `${'r,'.repeat(16 * 1024)}r`)
  assert.deepEqual([over.hash, over.registries], [undefined, []])
  assert.deepEqual([of('a', '').registries, transforms.secret(meta({ labels })).registries], [[], []])
  const other = { ...labels, 'app.kubernetes.io/managed-by': 'Helm' }
  assert.equal(transforms.secret(meta({ labels: other })).ours, false)
})

test('a Pod’s list is a copy of its ServiceAccount’s from before our entry, or it is the Pod’s own', () => {
  const isCopy = (pod: readonly string[], account: readonly string[]) => isCopiedList(pod, account, 'acr-nopass')
  assert.deepEqual(
    [isCopy([], ['a', 'acr-nopass']), isCopy(['a'], ['a', 'acr-nopass']), isCopy([], [])],
    [true, true, true],
  )
  assert.deepEqual([isCopy(['b', 'a'], ['a', 'acr-nopass', 'b']), isCopy(['a'], ['a'])], [true, true])
  assert.deepEqual(
    [isCopy(['b'], ['a', 'acr-nopass']), isCopy(['a', 'b'], ['a']), isCopy(['a'], ['a', 'b'])],
    [false, false, false],
  )
  assert.deepEqual([isCopy(['a', 'c'], ['a', 'b']), isCopy(['b', 'b'], ['a', 'b', 'acr-nopass'])], [false, false])
})

test('the view of an overlong list has only its length and our entry', () => {
  const view = (names: readonly string[]) =>
    transforms.serviceAccount({ ...meta({}), imagePullSecrets: names.map((name) => ({ name })) })
  const many = Array.from({ length: 100 }, (_, index) => `n${index}`)
  assert.deepEqual([view(many).list.length, view(many).overlong], [100, undefined])
  const over = view([...many, 'one-more'])
  assert.deepEqual([over.list, over.overlong], [[], 101])
  const attached = view([...many, 'acr-nopass'])
  assert.deepEqual([attached.list, attached.overlong], [['acr-nopass'], 101])
  const giant = view(['x'.repeat(1_300_000)])
  assert.deepEqual([giant.list, giant.overlong], [[], 1])
  assert.equal(view(['x'.repeat(4096)]).overlong, undefined)
})

test('the view of a Secret has no annotation that is longer than ours', () => {
  const annotations = {
    'acr-nopass.io/content-hash': 'f'.repeat(200_000),
    'acr-nopass.io/registries': 'r,'.repeat(30_000),
  }
  const { hash, registries } = transforms.secret(meta({ annotations }))
  assert.deepEqual([hash, registries], [undefined, []])
})
