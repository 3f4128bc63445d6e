import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  buildCredentialGroup,
  type CredentialGroup,
  createCredentialGroups,
} from '../../src/helper/credentials/credential-groups.ts'
import {
  decodeTokens,
  encodeTokens,
  readTokens,
  type SecretObject,
} from '../../src/helper/credentials/restore-tokens.ts'
import { writeListRequest, writeSecretRequest } from '../../src/helper/writes/writer.ts'
import { live, NOW, OPTIONS } from './plan-fixtures.ts'

const action = (precondition?: { uid: string; resourceVersion: string }, by: 'apply' | 'patch' = 'apply') =>
  ({ kind: 'writeSecret', namespace: 'shop', group: 'g', by, precondition, reason: 'missing' }) as const
const bodyOf = (group: CredentialGroup, precondition?: { uid: string; resourceVersion: string }) =>
  JSON.parse(String(writeSecretRequest(action(precondition), group, 'acr-nopass').body))

/** The object in the API server after the helper's apply. */
function stored(group: CredentialGroup): SecretObject {
  const body = bodyOf(group)
  const fieldsV1 = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
  }
  const managedFields = [{ manager: 'acr-nopass', operation: 'Apply' as const, fieldsV1 }]
  return {
    data: body.data,
    metadata: { uid: 'u', resourceVersion: '1', namespace: 'home', managedFields, ...body.metadata },
  }
}

test('a pull secret has one entry per domain, the helper’s labels, the hash of its content and the earliest times', () => {
  const [prod, legacy] = [live('prod'), live('legacy', 'x', { expiresAt: null })]
  const tokens = [prod, { ...legacy, refreshAt: null }]
  const group = buildCredentialGroup('g', tokens, { ...OPTIONS, secretLabels: { team: 'a' } })
  const body = bodyOf(group)
  const content = Buffer.from(body.data['.dockerconfigjson'], 'base64').toString()
  const auth = (password: string): string => Buffer.from(`cr_temp_user:${password}`).toString('base64')
  assert.deepEqual(JSON.parse(content), {
    auths: { 'legacy.example.com': { auth: auth('x') }, 'prod.example.com': { auth: auth('prod-password') } },
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
        'acr-nopass.io/registries': 'legacy,prod',
        'acr-nopass.io/issued-at': ',2026-01-01T00:00:00.000Z',
        'acr-nopass.io/expires-at': '2026-01-01T01:00:00.000Z',
        'acr-nopass.io/refresh-at': '2026-01-01T00:39:00.000Z',
        'acr-nopass.io/tokens': encodeTokens(tokens),
      },
    },
    data: body.data,
  })
  assert.equal(group.hash, hash)
})

test('an unknown Secret is only created, without force, and a known one is applied with force and its UID', () => {
  const group = buildCredentialGroup('g', [live('prod')], OPTIONS)
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

test('an unchanged Secret gets the new content and its annotations in one patch with its UID, and nothing else', () => {
  const group = buildCredentialGroup('g', [live('prod')], { ...OPTIONS, secretLabels: { team: 'a' } })
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
    Object.keys(bodyOf(buildCredentialGroup('g', tokens, OPTIONS)).metadata.annotations)
  const static_ = { ...live('legacy', 'x', { expiresAt: null }), refreshAt: null }
  assert.deepEqual(marks(static_), marks(live('prod')))
  assert.deepEqual(marks(), marks(live('prod')))
  const { annotations } = bodyOf(buildCredentialGroup('g', [static_], OPTIONS)).metadata
  assert.deepEqual([annotations['acr-nopass.io/expires-at'], annotations['acr-nopass.io/refresh-at']], ['', ''])
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

test('P7 reading back the helper’s own copy gives the same bytes, so that a restart writes nothing and calls no one', () => {
  const domain = fc.stringMatching(/^[a-z0-9]{1,8}\.(example|aliyuncs)\.com(\/[a-z]{1,5})?$/)
  const token = fc.record({
    username: fc.stringMatching(/^[\x21-\x39\x3b-\x7e]{1,20}$/),
    password: fc
      .string({ minLength: 1, maxLength: 40, unit: 'binary' })
      .filter((text) => Buffer.from(text).toString() === text),
    issuedAt: fc.constant(NOW),
    expiresAt: fc.option(fc.integer({ min: NOW, max: NOW * 2 })),
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(token, fc.uniqueArray(domain, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 4 }),
      (all) => {
        const claimed = new Set<string>()
        const tokens = all.flatMap(([one, domains], index) => {
          const own = domains.filter((name) => !claimed.has(name)).sort()
          for (const name of own) claimed.add(name)
          if (own.length === 0) return []
          return [
            { name: `r${index}`, fingerprint: `f${index}`, refreshAt: one.expiresAt, token: { ...one, domains: own } },
          ]
        })
        const group = buildCredentialGroup('@', tokens, OPTIONS)
        const back = readTokens(stored(group), 'home.r')
        assert.deepEqual(back, tokens)
        assert.equal(buildCredentialGroup('', back, OPTIONS).hash, group.hash)
      },
    ),
    { numRuns: 300 },
  )
})

test('a copy that another client created or changed is ignored', () => {
  const good = stored(buildCredentialGroup('@', [live('prod')], OPTIONS))
  assert.equal(readTokens(good, 'home.r').length, 1)
  assert.deepEqual(readTokens(good, 'home.other'), [])
  assert.deepEqual(readTokens({ ...good, metadata: { ...good.metadata, managedFields: [] } }, 'home.r'), [])
  const other = Buffer.from('{"auths":{"prod.example.com":{"auth":"YTpi"}}}').toString('base64')
  assert.deepEqual(readTokens({ ...good, data: { '.dockerconfigjson': other } }, 'home.r'), [])
})

test('of two registries with the same domain the second is read back by another domain, or not at all if it has none', () => {
  const [first, second] = [live('a'), live('b', 'x', { domains: ['a.example.com', 'z.example.com'] })]
  const third = live('c', 'y', { domains: ['z.example.com'] })
  const back = readTokens(stored(buildCredentialGroup('@', [first, second, third], OPTIONS)), 'home.r')
  assert.deepEqual(back, [first, second])
})

test('annotations in another format are ignored', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const note of decodeTokens(text)) assert.equal(typeof note.name, 'string')
    }),
  )
  assert.deepEqual(
    decodeTokens(
      '[{"name":"a"},null,7,{"name":"a","fingerprint":"f","issuedAt":1,"expiresAt":"x","refreshAt":1,"domains":[]}]',
    ),
    [],
  )
})

test('L7 an annotation with a time that Date cannot represent is ignored, without affecting other registries', () => {
  const [good, odd] = [live('prod'), live('odd')]
  const secret = stored(buildCredentialGroup('@', [good, odd], OPTIONS))
  const { annotations = {} } = secret.metadata
  const [first, second] = JSON.parse(annotations['acr-nopass.io/tokens'] ?? '')
  for (const field of ['issuedAt', 'expiresAt', 'refreshAt']) {
    for (const [time, names] of [
      [8.64e15, ['prod', 'odd']],
      [8.64e15 + 1, ['prod']],
      [-8.64e15 - 1, ['prod']],
    ] as const) {
      const notes = JSON.stringify([first, { ...second, [field]: time }])
      const metadata = { ...secret.metadata, annotations: { ...annotations, 'acr-nopass.io/tokens': notes } }
      const back = readTokens({ ...secret, metadata }, 'home.r')
      assert.deepEqual(
        back.map(({ name }) => name),
        names,
        `${field} ${time}`,
      )
      assert.doesNotThrow(() => buildCredentialGroup('@', back, OPTIONS))
    }
  }
})

test('a credential that a follower got within the clocks’ tolerance does not replace the one of the leader in a Secret', () => {
  const theirs = live('prod', 'of-the-leader')
  for (const [later, origin, expected] of [
    [1_500, 'proof', 'of-the-leader'],
    [2_500, 'proof', 'of-the-follower'],
    [1_500, undefined, 'of-the-follower'],
  ] as const) {
    const { issuedAt } = theirs.token
    const token = { ...theirs.token, password: 'of-the-follower', issuedAt: issuedAt + later }
    const ours = { ...theirs, token, ...(origin && { origin }) }
    const groups = createCredentialGroups(() => ours, OPTIONS)
    const group = groups.of(['prod'])
    assert.ok(group)
    const mixed = groups.carryOver('shop', group, { names: ['prod'], mixture: 'm' }, [theirs], NOW)
    assert.deepEqual([later, origin, mixed.tokens[0]?.token.password], [later, origin, expected])
  }
})

test('a write names UID and version of the Secret that was planned: with the version alone an apply would create a deleted one again', () => {
  const precondition = { uid: 'u-1', resourceVersion: '42' }
  const group = buildCredentialGroup('prod', [live('prod')], OPTIONS)
  const { uid, resourceVersion } = bodyOf(group, precondition).metadata
  assert.deepEqual({ uid, resourceVersion }, precondition)
})
