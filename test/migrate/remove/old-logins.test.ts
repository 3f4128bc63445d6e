import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import { describeLeft } from '../../../src/migrate/remove/left-secrets.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { isUsedFor, readOldLogins } from '../../../src/migrate/remove/old-logins.ts'
import { object } from '../import/import-fixture.ts'
import { A, account, deployment } from '../import/recipe-2018.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const withContent = (key: string, value: unknown): AnyObject =>
  object('Secret', 'shop', A, { data: { [key]: base64(JSON.stringify(value)) } })
const entry = (username: string) => ({ auth: base64(`${username}:password`) })

// Names: cr_temp_user in a response of the Personal Edition
// (https://www.alibabacloud.com/help/doc-detail/72334.htm), temp_user_cr in one of
// https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getauthorizationtoken
test('reading an old Secret returns its hosts, and whether all its logins are temporary', () => {
  const auths = { 'https://B.example.com/v1/': entry('cr_temp_user'), 'a.example.com': entry('temp_user_cr') }
  const rows: readonly (readonly [AnyObject, unknown])[] = [
    [withContent('.dockerconfigjson', { auths }), { hosts: ['a.example.com', 'b.example.com'], isFixed: false }],
    [withContent('.dockercfg', auths), { hosts: ['a.example.com', 'b.example.com'], isFixed: false }],
    [withContent('.dockerconfigjson', { auths: {} }), { hosts: [], isFixed: false }],
    [
      withContent('.dockerconfigjson', { auths: { 'a.example.com': { username: 'robot', password: 'x' } } }),
      { hosts: ['a.example.com'], isFixed: true },
    ],
    [
      withContent('.dockerconfigjson', { auths: { 'a.example.com': null } }),
      { hosts: ['a.example.com'], isFixed: true },
    ],
  ]
  for (const [secret, logins] of rows) assert.deepEqual(readOldLogins(secret.data), logins)
})

test('P15 of a Secret without readable content nothing is known, which is not the same as no host', () => {
  const unreadable = [
    object('Secret', 'shop', A),
    object('Secret', 'shop', A, { data: {} }),
    object('Secret', 'shop', A, { data: { '.dockerconfigjson': '!' } }),
    withContent('.dockerconfigjson', { auths: ['a.example.com'] }),
    withContent('.dockerconfigjson', {}),
  ]
  for (const secret of unreadable) assert.equal(readOldLogins(secret.data), undefined)
})

test('P6 the facts that are kept of an old Secret contain no user name and no password', () => {
  const login = fc.record({ username: fc.constantFrom('robot', 'cr_temp_user'), password: fc.string() })
  const property = fc.property(fc.array(login, { minLength: 1 }), (logins) => {
    const auths = Object.fromEntries(logins.map((one, index) => [`h${index}.example.com`, one]))
    const kept = readOldLogins(withContent('.dockerconfigjson', { auths }).data)
    assert.deepEqual(kept?.hosts.length, logins.length)
    assert.deepEqual(Object.keys(kept), ['hosts', 'isFixed'])
    for (const host of kept.hosts) assert.match(host, /^h\d+\.example\.com$/)
  })
  fc.assert(property)
})

// Kubernetes, pkg/credentialprovider/keyring.go, URLsMatch, and its test (keyring_test.go).
for (const [key, image, isUsed] of [
  ['a.example.com', 'a.example.com/x:1', true],
  ['a.example.com', 'b.example.com/x:1', false],
  ['a.example.com:5000', 'a.example.com/x:1', false],
  ['a.example.com:5000', 'a.example.com:5000/x:1', true],
  ['*.example.com', 'a.example.com/x:1', true],
  ['*.example.com', 'a.b.example.com/x:1', false],
  ['pre?ix*.example.com', 'prefix-a.example.com/x:1', true],
  ['a.example.com/team', 'a.example.com/team/x:1', true],
  ['a.example.com/team', 'a.example.com/other/x:1', false],
  ['[ab].example.com', 'c.example.com/x', true],
] as const) {
  test(`the login of ${key} is ${isUsed ? 'used' : 'not used'} for ${image}`, () => {
    assert.equal(isUsedFor(key, image), isUsed)
  })
}

test('an old Secret is listed with the objects that name it, its last possible expiry, and the command that deletes it', () => {
  const written = {
    managedFields: [{ manager: 'x', operation: 'Update', time: '2026-11-25T10:00:00Z', fieldsV1: { 'f:data': {} } }],
  }
  const secret = (namespace: string, logins: object | undefined): AnyObject => {
    const one = object('Secret', namespace, A)
    return { ...one, metadata: { ...one.metadata, ...written } as AnyObject['metadata'], logins }
  }
  const facts = collectFacts([
    secret('shop', { hosts: ['a.example.com'], isFixed: false }),
    secret('web', { hosts: ['a.example.com'], isFixed: true }),
    secret('bare', undefined),
    account('shop', 'default', A),
    deployment('shop', 'app', 'nginx', A),
    deployment('web', 'app', 'nginx'),
  ])
  assert.deepEqual(describeLeft(facts), [
    {
      secret: `shop/${A}`,
      namedBy: ['ServiceAccount shop/default', 'Deployment shop/app'],
      expiry: 'last written at 2026-11-25T10:00:00Z, so its logins expire by 2026-11-25T22:00:00Z at the latest',
      command: `kubectl -n shop delete secret ${A}`,
    },
    {
      secret: `web/${A}`,
      namedBy: [],
      expiry: 'it holds a login that does not expire',
      command: `kubectl -n web delete secret ${A}`,
    },
    {
      secret: `bare/${A}`,
      namedBy: [],
      expiry: 'when its logins expire is not known',
      command: `kubectl -n bare delete secret ${A}`,
    },
  ])
})
