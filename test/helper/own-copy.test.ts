import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildOwnGroup, type CredentialGroup } from '../../src/helper/credentials/credential-groups.ts'
import { decodeTokens, readOwnCopy, requestOwnCopy, type SecretObject } from '../../src/helper/credentials/own-copy.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { stored } from './own-copy-fixture.ts'
import { live, NOW, OPTIONS } from './plan-fixtures.ts'

const own = (...logged: Parameters<typeof buildOwnGroup>[0]): CredentialGroup => buildOwnGroup(logged, 0, OPTIONS)
const read = (secret: SecretObject, instance = 'home.r') => readOwnCopy(secret, instance).credentials
const withAnnotations = (secret: SecretObject, more: Record<string, string | undefined>): SecretObject => {
  const annotations = { ...secret.metadata.annotations, ...more } as Record<string, string>
  return { ...secret, metadata: { ...secret.metadata, annotations } }
}

test('P7 the helper’s own copy is read back to the same bytes, so that a restart writes nothing and calls no cloud', () => {
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
        // Several credentials may have the same domains.
        const logged = all.map(([one, domains], index) => {
          const facts = { fingerprint: `f${index}`, shape: `s${index}`, refreshAt: one.expiresAt, number: index + 1 }
          return { name: `r${index}`, ...facts, token: { ...one, domains: domains.sort() } }
        })
        const group = own(...logged)
        const back = read(stored(group))
        assert.deepEqual(back, logged)
        assert.deepEqual([own(...back).hash, own(...back).note], [group.hash, group.note])
      },
    ),
    { numRuns: 300 },
  )
})

test('a copy that another client created or changed gives no credentials, but its version is known', () => {
  const good = stored(own(live('prod')))
  const version = { uid: 'u', resourceVersion: '1' }
  assert.deepEqual([readOwnCopy(good, 'home.r').last, read(good).length], [5, 1])
  assert.deepEqual(readOwnCopy(good, 'home.other'), { version, last: 0, credentials: [] })
  const unowned = { ...good, metadata: { ...good.metadata, managedFields: [] } }
  assert.deepEqual(readOwnCopy(unowned, 'home.r'), { version, last: 0, credentials: [] })
  const other = Buffer.from('{"auths":{"prod.example.com":{"auth":"YTpi"}}}').toString('base64')
  assert.deepEqual(read({ ...good, data: { '.dockerconfigjson': other } }), [])
  assert.deepEqual(readOwnCopy(undefined, 'home.r'), { version: undefined, last: 0, credentials: [] })
  assert.deepEqual(read({ metadata: good.metadata }), [])
})

test('each credential has its own login in the copy, even if an earlier credential has all its domains', () => {
  const [first, second] = [live('a'), live('b', 'x', { domains: ['a.example.com', 'z.example.com'] })]
  const third = live('c', 'y', { domains: ['z.example.com'] })
  const content = stored(own(first, second, third))
  assert.deepEqual(read(content), [first, second, third])
  const { auths } = JSON.parse(Buffer.from(content.data?.['.dockerconfigjson'] ?? '', 'base64').toString())
  assert.deepEqual(Object.keys(auths), ['a.example.com', 'c.acr-nopass.invalid', 'z.example.com'])
})

test('an own copy without numbers, which an earlier version wrote, counts as newer than every numbered credential', () => {
  const secret = stored(own(live('a', 'x', { number: 3 }), live('b', 'y', { number: 7 })))
  const notes = JSON.parse(secret.metadata.annotations?.['acr-nopass.io/tokens'] ?? '')
  const unnumbered = JSON.stringify(notes.map((note: object) => ({ ...note, number: undefined })))
  const numbers = (log: string | undefined) => {
    const found = readOwnCopy(
      withAnnotations(secret, { 'acr-nopass.io/tokens': unnumbered, 'acr-nopass.io/log': log }),
      'home.r',
    )
    return [found.last, ...found.credentials.map(({ number }) => number)]
  }
  assert.deepEqual(numbers(undefined), [1, 1, 1])
  // The earlier version left the annotation of a later version in place.
  assert.deepEqual(
    [numbers('last=7'), numbers('last=42')],
    [
      [8, 8, 8],
      [43, 43, 43],
    ],
  )
  for (const odd of ['last=', 'last=x', 'last=99999999999999999', 'uid a=1', 'last=7 a=1', 'at last=7'])
    assert.deepEqual(numbers(odd), [1, 1, 1])
})

test('annotations in another format are ignored', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const note of decodeTokens(text)) assert.equal(typeof note.name, 'string')
    }),
  )
  assert.deepEqual(
    decodeTokens(
      '[{"name":"a"},null,7,{"name":"a","fingerprint":"f","shape":"s","issuedAt":1,"expiresAt":"x","refreshAt":1,"domains":[]}]',
    ),
    [],
  )
  const note = { name: 'a', fingerprint: 'f', shape: 's', issuedAt: 1, expiresAt: 2, refreshAt: 1, domains: [] }
  const isNote = (more: object): boolean => decodeTokens(JSON.stringify([{ ...note, ...more }])).length === 1
  assert.equal(isNote({ number: Number.MAX_SAFE_INTEGER }), true)
  for (const number of [0, -1, 1.5, 2 ** 53, '1', null]) assert.equal(isNote({ number }), false, `${number}`)
  for (const key of ['name', 'fingerprint', 'shape', 'domains']) assert.equal(isNote({ [key]: 1 }), false, key)
  assert.deepEqual([isNote({ domains: [1] }), isNote({ domains: ['a', 'b'] })], [false, true])
  // A login without expiry is never due, but it was issued at some time.
  assert.deepEqual([isNote({ expiresAt: null, refreshAt: null }), isNote({ issuedAt: null })], [true, false])
})

test('a note without a login in the copy gives no credential', () => {
  const secret = stored(own(live('prod')))
  const [note] = JSON.parse(secret.metadata.annotations?.['acr-nopass.io/tokens'] ?? '')
  const tokens = JSON.stringify([note, { ...note, name: 'other', domains: ['other.example.com'] }])
  assert.deepEqual(read(withAnnotations(secret, { 'acr-nopass.io/tokens': tokens })), [live('prod')])
})

test('the own copy is read by a list of one name, because the helper may not get a Secret', async () => {
  const calls: KubeCall[] = []
  const copy = stored(own(live('prod')))
  const readWith = (response: object) => {
    const request = async (call: KubeCall): Promise<unknown> => {
      calls.push(call)
      return response
    }
    const client = { request } as unknown as KubeClient
    return requestOwnCopy({ client, namespace: 'home', secretName: 'acr' }, new AbortController().signal)
  }
  assert.deepEqual(
    [await readWith({ items: [copy] }), await readWith({ items: [] }), await readWith({})],
    [copy, undefined, undefined],
  )
  assert.deepEqual(calls[0], {
    method: 'GET',
    path: '/api/v1/namespaces/home/secrets',
    query: { fieldSelector: 'metadata.name=acr' },
  })
})

test('keys that another client added to a note are not taken over', () => {
  const secret = stored(own(live('prod')))
  const [note] = JSON.parse(secret.metadata.annotations?.['acr-nopass.io/tokens'] ?? '')
  const tokens = JSON.stringify([{ ...note, username: 'x', isKept: true, token: {} }])
  assert.deepEqual(read(withAnnotations(secret, { 'acr-nopass.io/tokens': tokens })), [live('prod')])
})

test('an annotation with a time that Date cannot represent is ignored, without affecting other registries', () => {
  const [good, odd] = [live('prod'), live('odd')]
  const secret = stored(own(good, odd))
  const { annotations = {} } = secret.metadata
  const [first, second] = JSON.parse(annotations['acr-nopass.io/tokens'] ?? '')
  for (const field of ['issuedAt', 'expiresAt', 'refreshAt']) {
    for (const [time, names] of [
      [8.64e15, ['prod', 'odd']],
      [8.64e15 + 1, ['prod']],
      [-8.64e15 - 1, ['prod']],
    ] as const) {
      const notes = JSON.stringify([first, { ...second, [field]: time }])
      const back = read(withAnnotations(secret, { 'acr-nopass.io/tokens': notes }))
      assert.deepEqual(
        back.map(({ name }) => name),
        names,
        `${field} ${time}`,
      )
      assert.doesNotThrow(() => own(...back))
    }
  }
})
