import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPERATIONS } from '../../../src/sandbox/cloud/dispatch.ts'

test('no two rows match the same request', () => {
  const keys = OPERATIONS.map(({ version, name, roa }) => {
    return roa === undefined ? `${version} ${name}` : `${version} ${roa.method} ${roa.path.replace(/\{\w+\}/g, '{}')}`
  })
  assert.equal(new Set(keys).size, keys.length)
})

test('every operation is authorized by RAM, except those that authenticate or identify the caller', () => {
  const exempt = OPERATIONS.filter(({ action }) => action === undefined).map(({ name }) => name)
  assert.deepEqual(exempt, ['GetCallerIdentity', 'AssumeRoleWithOIDC'])
  for (const { name, action, resources } of OPERATIONS) {
    if (action !== undefined) assert.ok(resources !== undefined, name)
  }
})

test('exactly the operations that change something are marked as writes', () => {
  for (const { name, write } of OPERATIONS) {
    const changes = /^(Create|Update|Delete|Set|Attach|Detach|Tag|Untag)/.test(name)
    assert.equal(write === true, changes, name)
  }
})
