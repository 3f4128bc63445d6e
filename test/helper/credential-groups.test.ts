import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Union } from '../../src/acr/unions.ts'
import {
  buildCredentialGroup,
  buildOwnGroup,
  type CredentialGroup,
  createCredentialGroups,
} from '../../src/helper/credentials/credential-groups.ts'
import { byName, EMPTY_LOG, type LogState } from '../../src/helper/credentials/log-step.ts'
import { initialState, type RegistryEntry, type RegistryState } from '../../src/helper/credentials/registry-state.ts'
import { writeListRequest, writeSecretRequest } from '../../src/helper/writes/writer.ts'
import { LOG, live, NOW, OPTIONS } from './plan-fixtures.ts'

const action = (precondition?: { uid: string; resourceVersion: string }, by: 'apply' | 'patch' = 'apply') =>
  ({ kind: 'writeSecret', namespace: 'shop', group: 'g', by, precondition, reason: 'missing' }) as const
const bodyOf = (group: CredentialGroup, precondition?: { uid: string; resourceVersion: string }) =>
  JSON.parse(String(writeSecretRequest(action(precondition), group, 'acr-nopass').body))

test('a pull secret has one entry per domain, the helper’s labels, the hash of its content and the earliest times', () => {
  const [prod, legacy] = [live('prod'), live('legacy', 'x', { expiresAt: null })]
  const late = live('late', 'y', { expiresAt: NOW + 7_200_000 })
  const tokens = [prod, { ...legacy, refreshAt: null }, { ...late, refreshAt: NOW + 3_600_000 }]
  const group = buildCredentialGroup('g', tokens, LOG, { ...OPTIONS, secretLabels: { team: 'a' } })
  const body = bodyOf(group)
  const content = Buffer.from(body.data['.dockerconfigjson'], 'base64').toString()
  const auth = (password: string): string => Buffer.from(`cr_temp_user:${password}`).toString('base64')
  assert.deepEqual(JSON.parse(content), {
    auths: {
      'late.example.com': { auth: auth('y') },
      'legacy.example.com': { auth: auth('x') },
      'prod.example.com': { auth: auth('prod-password') },
    },
  })
  const hash = createHash('sha256').update(content).digest('hex')
  assert.deepEqual(body, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: {
      resourceVersion: '1',
      name: 'acr-nopass',
      labels: { team: 'a', 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' },
      annotations: {
        'acr-nopass.io/content-hash': hash,
        'acr-nopass.io/registries': 'late,legacy,prod',
        'acr-nopass.io/expires-at': '2026-01-01T01:00:00.000Z',
        'acr-nopass.io/refresh-at': '2026-01-01T00:39:00.000Z',
        'acr-nopass.io/log': 'uid-log late=5,legacy=5,prod=5',
      },
    },
    data: body.data,
  })
  assert.equal(group.hash, hash)
})

test('only what this leader got itself counts as fresh, and an earlier configuration’s credential has no part in the times', () => {
  const earlier = { ...live('c', 'x', { expiresAt: NOW }), fingerprint: 'fp-before', refreshAt: NOW }
  const logged = byName([live('a'), live('b', 'logged'), earlier, live('d')])
  const states = new Map<string, Partial<RegistryState>>([
    ['a', { live: live('a') }],
    ['b', { live: live('b', 'newer') }],
    ['c', { kept: earlier }],
    ['d', { live: live('d'), isFresh: false }],
  ])
  const stateOf = (name: string) => {
    const entry = { name, source: { key: `fp-${name}` } } as RegistryEntry
    return { ...initialState(entry, undefined), isFresh: true, ...states.get(name) }
  }
  const groups = createCredentialGroups({ log: () => ({ ...EMPTY_LOG, logged }), names: () => [], stateOf }, OPTIONS)
  const group = groups.of(['a', 'b', 'c', 'd'])
  assert.ok(group)
  const fresh = [...group.entries].map(([name, { isFresh }]) => [name, isFresh])
  assert.deepEqual(Object.fromEntries(fresh), { a: true, b: false, c: true, d: false })
  const { annotations } = bodyOf(group).metadata
  const times = [annotations['acr-nopass.io/expires-at'], annotations['acr-nopass.io/refresh-at']]
  assert.deepEqual(times, ['2026-01-01T01:00:00.000Z', '2026-01-01T00:39:00.000Z'])
})

/** Groups of a log with these credentials. `served`: the entries of a limited credential. */
function groupsOf(log: Partial<LogState>, states: Record<string, Partial<RegistryState>>, served?: readonly string[]) {
  const now = { log: { ...EMPTY_LOG, ...log } }
  const stateOf = (name: string): RegistryState | undefined => {
    const entry = { name, source: { key: `fp-${name}` } } as RegistryEntry
    return states[name] && { ...initialState(entry, undefined), ...states[name] }
  }
  const limited = served && {
    serve: (entries: readonly string[]) => [{ credential: 'u', entries, union: { entries: served } as Union }],
    servedBy: () => served,
  }
  const names = (): readonly string[] => Object.keys(states)
  return { now, groups: createCredentialGroups({ log: () => now.log, names, stateOf, ...limited }, OPTIONS) }
}

test('the content of many namespaces is rendered once, and again after a credential changed', () => {
  const { now, groups } = groupsOf({ logged: byName([live('a')]) }, { a: {}, b: {} })
  const first = groups.of(['a'])
  assert.ok(first)
  const list = ['a', 'b']
  assert.deepEqual(
    [groups.of(['a']) === first, groups.of(list) === first, groups.of(list) === first],
    [true, true, true],
  )
  const own = groups.own()
  assert.deepEqual([groups.own() === own, groups.byKey(own?.key ?? ''), own?.registries], [true, own, ['a']])
  assert.equal(groups.ownVersion(), now.log.copy)
  now.log = { ...now.log, logged: byName([live('a', 'next')]) }
  assert.deepEqual([groups.of(['a']) === first, groups.own() === own], [true, true])
  groups.reset()
  assert.notEqual(groups.of(['a'])?.hash, first.hash)
  assert.notEqual(groups.of(list)?.hash, first.hash)
  assert.notEqual(groups.own()?.hash, own?.hash)
  assert.equal(groups.byKey(first.key), groups.of(['a']))
  now.log = EMPTY_LOG
  groups.reset()
  assert.deepEqual([groups.of(['a']), groups.own()], [undefined, undefined])
})

test('a credential that no log has is noted without a log and without a number', () => {
  const pending = byName([live('a')])
  const { groups } = groupsOf({ pending, isStuck: true }, { a: {} })
  assert.deepEqual([groups.of(['a'])?.note, groups.of(['a'])?.log], ['- a=unlogged', ''])
})

test('a registry that is not known has no content, and is not failing', () => {
  const { groups } = groupsOf({ logged: byName([live('gone'), live('a')]) }, { a: { failures: 1 }, b: {} })
  assert.deepEqual([groups.of(['gone']), groups.of(['gone', 'a'])?.registries], [undefined, ['a']])
  assert.deepEqual([groups.isFailing('a'), groups.isFailing('b'), groups.isFailing('gone')], [true, false, false])
})

test('a limited credential names the entries that it serves, in each namespace and in the log', () => {
  const { groups } = groupsOf({ logged: byName([live('u')]) }, { u: {} }, ['y', 'x'])
  const [both, one] = [groups.of(['y', 'x']), groups.of(['x'])]
  assert.deepEqual([both?.registries, one?.registries, groups.own()?.registries], [['x', 'y'], ['x'], ['x', 'y']])
  assert.deepEqual([groups.byKey(both?.key ?? ''), groups.byKey(one?.key ?? '')], [both, one])
  assert.deepEqual(groups.of(['yx'])?.registries, ['yx'])
})

test('a limited credential of an earlier list stays where all its entries are, and gets to no other namespace', () => {
  const earlier = { ...live('u'), fingerprint: 'fp-before' }
  const limited = groupsOf({ logged: byName([earlier]) }, { u: {} }, ['x', 'y']).groups
  const list = ['x', 'y']
  const passwords = (...present: string[]) => limited.of(list, present)?.registries
  assert.deepEqual([passwords(), passwords('x'), passwords('x', 'y', 'z')], [undefined, undefined, list])
  assert.equal(passwords(), undefined)
  const other = groupsOf({ logged: byName([{ ...live('a'), fingerprint: 'fp-before' }]) }, { a: {} }).groups
  assert.deepEqual(other.of(['a'])?.registries, ['a'])
})

test('an emptied log has no login and no note of one, and keeps the annotation with its highest number', () => {
  const { groups } = groupsOf({}, {})
  const { emptyOwn, empty } = groups
  const { metadata, data } = bodyOf(emptyOwn)
  assert.equal(Buffer.from(data['.dockerconfigjson'], 'base64').toString(), '{"auths":{}}')
  assert.deepEqual(metadata.annotations, {
    'acr-nopass.io/content-hash': empty.hash,
    'acr-nopass.io/registries': '',
    'acr-nopass.io/expires-at': '',
    'acr-nopass.io/refresh-at': '',
    'acr-nopass.io/tokens': '[]',
  })
  assert.deepEqual(
    [groups.byKey(emptyOwn.key), groups.byKey(empty.key), groups.byKey('other')],
    [emptyOwn, empty, undefined],
  )
  assert.deepEqual([emptyOwn.note, emptyOwn.log, empty.note, empty.log], ['', '', '', ''])
})

test('the log keeps the highest number that was given, also of a credential that it does not have any more', () => {
  const notes = [9, 3].map((last) => buildOwnGroup([live('prod')], last, OPTIONS).note)
  assert.deepEqual(notes, ['last=9', 'last=5'])
})

test('a Secret that is not in the cache is only created, without force; a known Secret is applied with force and its UID', () => {
  const group = buildCredentialGroup('g', [live('prod')], LOG, OPTIONS)
  const path = '/api/v1/namespaces/shop/secrets/acr-nopass?fieldManager=acr-nopass&fieldValidation=Ignore&force='
  const unknown = writeSecretRequest(action(), group, 'acr-nopass')
  assert.equal(unknown.path, `${path}false`)
  assert.equal(JSON.parse(String(unknown.body)).metadata.resourceVersion, '1')
  const known = writeSecretRequest(action({ uid: 'u-1', resourceVersion: '42' }), group, 'acr-nopass')
  assert.equal(known.path, `${path}true`)
  assert.equal(known.contentType, 'application/apply-patch+yaml')
  const { uid, resourceVersion, name } = bodyOf(group, { uid: 'u-1', resourceVersion: '42' }).metadata
  assert.deepEqual([uid, resourceVersion, name], ['u-1', '42', 'acr-nopass'])
  assert.match(known.accept ?? '', /PartialObjectMetadata/)
})

test('an unchanged Secret gets only the new content and its annotations, in one patch with its UID', () => {
  const group = buildCredentialGroup('g', [live('prod')], LOG, { ...OPTIONS, secretLabels: { team: 'a' } })
  const precondition = { uid: 'u-1', resourceVersion: '42' }
  const call = writeSecretRequest(action(precondition, 'patch'), group, 'acr-nopass')
  assert.equal(call.path, '/api/v1/namespaces/shop/secrets/acr-nopass?fieldManager=acr-nopass-content')
  assert.equal(call.contentType, 'application/strategic-merge-patch+json')
  const { data, metadata } = bodyOf(group)
  const { annotations } = metadata
  assert.deepEqual(JSON.parse(String(call.body)), { metadata: { ...precondition, annotations }, data })
})

test('both requests write the same annotations, so that none remains from an earlier content', () => {
  const marks = (...tokens: ReturnType<typeof live>[]): string[] =>
    Object.keys(bodyOf(buildCredentialGroup('g', tokens, LOG, OPTIONS)).metadata.annotations)
  const static_ = { ...live('legacy', 'x', { expiresAt: null }), refreshAt: null }
  assert.deepEqual(marks(static_), marks(live('prod')))
  assert.deepEqual(marks(), marks(live('prod')))
  const { annotations } = bodyOf(buildCredentialGroup('g', [static_], LOG, OPTIONS)).metadata
  assert.deepEqual([annotations['acr-nopass.io/expires-at'], annotations['acr-nopass.io/refresh-at']], ['', ''])
  assert.equal(buildCredentialGroup('', [], '', OPTIONS).note, '')
})

test('P1 a list is written completely, on condition that it has not changed', () => {
  const precondition = { uid: 'u', resourceVersion: '9' }
  const action = {
    kind: 'attach',
    namespace: 'shop',
    serviceAccount: 'a.b',
    precondition,
    list: ['x', '', 'y'],
  } as const
  const call = writeListRequest(action, action.list)
  assert.equal(call.path, '/api/v1/namespaces/shop/serviceaccounts/a.b?fieldManager=acr-nopass')
  assert.deepEqual(call.body, { metadata: precondition, imagePullSecrets: [{ name: 'x' }, {}, { name: 'y' }] })
})

test('a write names UID and version of the planned Secret, because an apply with the version alone would create a deleted Secret again', () => {
  const precondition = { uid: 'u-1', resourceVersion: '42' }
  const group = buildCredentialGroup('prod', [live('prod')], LOG, OPTIONS)
  const { uid, resourceVersion } = bodyOf(group, precondition).metadata
  assert.deepEqual({ uid, resourceVersion }, precondition)
})
