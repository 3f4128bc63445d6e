import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import {
  errorSince,
  initialState,
  type RegistryEntry,
  renamed,
  sameLogin,
} from '../../src/helper/credentials/registry-state.ts'
import { live, NOW } from './plan-fixtures.ts'

const entry = (name: string, key = `fp-${name}`): RegistryEntry => ({ name, source: { key } }) as RegistryEntry

test('a credential follows its registry to a new name, unless the name has a credential already', () => {
  const names = (credentials: readonly string[], entries: readonly RegistryEntry[]) =>
    renamed(
      credentials.map((name) => live(name)),
      entries,
    ).map(({ name, token }) => `${name} ${token.password}`)
  assert.deepEqual(names(['a', 'b'], [entry('a'), entry('new', 'fp-b')]), ['a a-password', 'new b-password'])
  // Another source is another registry.
  assert.deepEqual(names(['a'], [entry('new', 'fp-other')]), ['a a-password'])
  assert.deepEqual(names(['a', 'b'], [entry('b', 'fp-a')]), ['a a-password', 'b b-password'])
  assert.deepEqual(names(['a'], [entry('a', 'fp-x'), entry('new', 'fp-a')]), ['a a-password'])
  const twins = [live('a'), { ...live('b'), fingerprint: 'fp-a' }]
  assert.deepEqual(
    renamed(twins, [entry('one', 'fp-a'), entry('two', 'fp-a')]).map(({ name }) => name),
    ['one', 'two'],
  )
})

test('a login is the same with the same user, password and domains, whatever its times', () => {
  const { token } = live('a')
  const same = (more: object): boolean => sameLogin(token, { ...token, ...more })
  assert.deepEqual([same({}), same({ issuedAt: 0, expiresAt: null })], [true, true])
  for (const more of [{ username: 'x' }, { password: 'x' }, { domains: [] }, { domains: ['b.example.com'] }])
    assert.equal(same(more), false, JSON.stringify(more))
})

test('a failure keeps its first time while its code and its reason stay the same', () => {
  const at = (error: NopassError, before?: ReturnType<typeof errorSince>) => errorSince(before, error, NOW + 1_000)
  const denied = (reason: string) => new NopassError('CLOUD_DENIED', 'no', { reason })
  const first = errorSince(undefined, denied('NoPermission'), NOW)
  assert.equal(at(denied('NoPermission'), first).at, first.at)
  for (const other of [denied('Forbidden'), new NopassError('CLOUD_UNAVAILABLE', 'no', { reason: 'NoPermission' })])
    assert.notEqual(at(other, first).at, first.at)
})

test('after a reload that leaves a registry’s source as it was, its new settings count', () => {
  const before = initialState(entry('a'), undefined)
  const same = entry('a')
  assert.equal(initialState(same, before).by, same)
  assert.equal(initialState(entry('a', 'fp-other'), before).by, before.by)
})
