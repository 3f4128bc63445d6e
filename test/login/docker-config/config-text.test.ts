import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  checkAuths,
  encodeAuth,
  helperOf,
  parseConfig,
  readAuth,
  renderConfig,
} from '../../../src/login/docker-config/config-text.ts'
import { fuzz } from '../../support/fuzz.ts'

const word = fc.oneof(fc.string(), fc.constantFrom('auths', 'credsStore', 'credHelpers', '__proto__', 'docker.io', '1'))
const content = fc.dictionary(word, fc.jsonValue({ maxDepth: 3 })).map((one) => ({ ...one, auths: {} }))

test('every configuration is rendered with the same content and the same order of keys', async (t) => {
  await fuzz(
    t,
    'docker-config-render',
    fc.property(content, (one) => {
      const text = JSON.stringify(one)
      const rendered = renderConfig(parseConfig(text, 'config.json'))
      assert.equal(JSON.stringify(JSON.parse(rendered)), text)
      assert.equal(renderConfig(parseConfig(rendered, 'config.json')), rendered)
    }),
    500,
  )
})

test('any text is read as a configuration or refused, and no error quotes it', async (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    content.map((one) => `${JSON.stringify(one)}S3CR3T`),
  )
  await fuzz(
    t,
    'docker-config-parse',
    fc.property(text, (one) => {
      try {
        checkAuths(parseConfig(one, 'config.json'), 'config.json')
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'DOCKER_CONFIG_UNREADABLE')
        assert.equal(error.message.includes('S3CR3T'), false)
      }
    }),
    500,
  )
})

test('a password with every kind of character is read as it was written, by us and by Docker’s rule', async (t) => {
  const username = fc.string({ minLength: 1 }).filter((name) => !name.includes(':') && name.isWellFormed())
  const password = fc.string({ unit: 'binary' }).filter((secret) => secret.isWellFormed())
  await fuzz(
    t,
    'docker-config-auth',
    fc.property(username, password, (name, secret) => {
      const auths = { a: encodeAuth({ username: name, password: secret }) }
      assert.deepEqual(readAuth(auths, 'a'), { username: name, password: secret })
      checkAuths({ auths, content: {} }, 'config.json')
    }),
    500,
  )
})

test('a login is read from `auth`, and only without it from its other members', () => {
  const auth = (text: string): string => Buffer.from(text).toString('base64')
  const cases = [
    [{ auth: auth('a:b') }, { username: 'a', password: 'b' }],
    [{ auth: auth(':b') }, { username: '', password: 'b' }],
    [
      { auth: auth('a:b:c'), username: 'x', password: 'y' },
      { username: 'a', password: 'b:c' },
    ],
    [
      { auth: '', username: 'x', password: 'y' },
      { username: 'x', password: 'y' },
    ],
    [{ username: '', password: '' }, undefined],
    [{ identitytoken: 'T' }, undefined],
    ['text', undefined],
  ] as const
  for (const [entry, expected] of cases) assert.deepEqual(readAuth({ a: entry }, 'a'), expected)
  assert.equal(readAuth({}, 'toString'), undefined)
})

test('the helper of a domain is chosen as Docker chooses it', () => {
  const cases = [
    [{}, null],
    [{ credsStore: 'pass' }, 'pass'],
    [{ credsStore: '' }, null],
    [{ credsStore: 'pass', credHelpers: { a: 'keychain' } }, 'keychain'],
    [{ credsStore: 'pass', credHelpers: { b: 'keychain' } }, 'pass'],
    [{ credsStore: 'pass', credHelpers: { a: '' } }, null],
    [{ credsStore: 7, credHelpers: 'a' }, null],
  ] as const
  for (const [one, expected] of cases) assert.equal(helperOf({ auths: {}, content: one }, 'a'), expected)
})
