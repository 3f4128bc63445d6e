import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPERATIONS } from '../../../sandbox/cloud/dispatch.ts'

test('no two rows match the same request', () => {
  const keys = OPERATIONS.map(({ version, name, path }) => `${version} ${path?.replace(/:\w+/g, ':') ?? name}`)
  assert.equal(new Set(keys).size, keys.length)
})

test('every operation is authorized by RAM, except those that authenticate or identify the caller', () => {
  const exempt = OPERATIONS.filter(({ resources }) => resources === undefined).map(({ name }) => name)
  assert.deepEqual(exempt, ['GetCallerIdentity', 'AssumeRoleWithOIDC'])
})

test('exactly the operations that change something are marked as writes', () => {
  for (const { name, write } of OPERATIONS) {
    const changes = /^(Create|Update|Delete|Set|Add|Attach|Detach|Tag|Untag|Grant)/.test(name)
    assert.equal(write === true, changes, name)
  }
})
