import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideLogin, type LoginRecord, lastLogin, readRecord } from '../../src/node/provider/login-record.ts'

// The cloud's clock is at 1,000,000 when the machine has run for 10,000 ms.
const LOGIN = {
  username: 'u',
  password: 'p',
  domains: ['d'],
  cloudAhead: 990_000,
  refreshAt: 1_060_000,
  expiresAt: 1_100_000,
}
const at = (cloud: number, boot = 'b1') => ({ boot, uptime: cloud - LOGIN.cloudAhead })
const FAILURE = { code: 'CLOUD_UNREACHABLE', message: 'm', hint: 'h' } as const
const decide = (record: LoginRecord | undefined, cloud: number, startedAt = cloud) => {
  const decision = decideLogin(record, at(cloud), startedAt - LOGIN.cloudAhead)
  return decision.kind === 'use' ? [decision.kind, decision.seconds] : [decision.kind]
}

test('a record that is not complete, as of another version, is not used', () => {
  const failure = { ...FAILURE, at: 5 }
  assert.deepEqual(readRecord(JSON.stringify({ boot: 'b1', login: LOGIN, failure })), {
    boot: 'b1',
    login: LOGIN,
    failure,
  })
  assert.deepEqual(readRecord('{"boot":"b1"}'), { boot: 'b1' })
  const wrong: readonly object[] = [
    { username: '' },
    { username: 1 },
    { password: '' },
    { password: undefined },
    { domains: 'd' },
    { domains: ['d', 1] },
    { expiresAt: '1' },
    { refreshAt: null },
    { cloudAhead: undefined },
  ]
  for (const change of wrong) {
    const text = JSON.stringify({ boot: 'b1', login: { ...LOGIN, ...change } })
    assert.equal(readRecord(text), undefined, text)
  }
  for (const text of ['', '[]', '{}', '{"boot":1}', '{"boot":"b1","login":null}'])
    assert.equal(readRecord(text), undefined, text)
  for (const change of [{ at: '5' }, { code: 'GONE' }, { code: 1 }, { message: 1 }, { hint: undefined }]) {
    const text = JSON.stringify({ boot: 'b1', failure: { ...failure, ...change } })
    assert.deepEqual(readRecord(text), { boot: 'b1' }, text)
  }
})

test('a login is used until it is due for renewal, and the kubelet may keep it that long', () => {
  const record = { boot: 'b1', login: LOGIN }
  assert.deepEqual(decide(record, 1_000_000), ['use', 60])
  assert.deepEqual(decide(record, 1_059_000), ['use', 1])
  assert.deepEqual(decide(record, 1_060_000), ['renew'])
  assert.deepEqual(decide(undefined, 1_000_000), ['renew'])
})

test('after a restart of the machine nothing that was stored before is used', () => {
  const record = { boot: 'b1', login: LOGIN, failure: { ...FAILURE, at: 10_000 } }
  assert.deepEqual(decideLogin(record, at(1_000_000, 'b2'), 0), { kind: 'renew' })
  assert.equal(lastLogin(record, 'CLOUD_UNREACHABLE', at(1_000_000, 'b2')), undefined)
})

test('requests that waited for a call share its failure, and later ones call again if there is no login', () => {
  const record = { boot: 'b1', failure: { ...FAILURE, at: 10_000 } }
  assert.deepEqual(decide(record, 1_000_500, 999_900), ['failed'])
  assert.deepEqual(decide(record, 1_000_500, 1_000_001), ['renew'])
})

test('while the last login can be used, a failing cloud is called every fifteen seconds only', () => {
  const record = { boot: 'b1', login: LOGIN, failure: { ...FAILURE, at: at(1_070_000).uptime } }
  assert.deepEqual(decide(record, 1_084_999), ['failed'])
  assert.deepEqual(decide(record, 1_085_000), ['renew'])
})

test('a login that has not expired is used after every failure, for at most fifteen seconds and never past its end', () => {
  const record = { boot: 'b1', login: LOGIN }
  for (const code of ['CLOUD_UNREACHABLE', 'CLOUD_DENIED', 'INTERNAL'] as const) {
    assert.equal(lastLogin(record, code, at(1_070_000))?.seconds, 15)
    assert.equal(lastLogin(record, code, at(1_095_000))?.seconds, 5)
  }
})

test('a login that has expired is used while the cloud does not respond, but not after the cloud has refused', () => {
  const record = { boot: 'b1', login: LOGIN }
  for (const code of [
    'CLOUD_UNREACHABLE',
    'CLOUD_UNAVAILABLE',
    'CLOUD_THROTTLED',
    'NODE_TIMEOUT',
    'IDENTITY_UNAVAILABLE',
  ] as const) {
    assert.equal(lastLogin(record, code, at(1_200_000))?.seconds, 0, code)
  }
  for (const code of [
    'CLOUD_DENIED',
    'IDENTITY_NOT_TRUSTED',
    'CLOUD_NOT_FOUND',
    'CREDENTIALS_REFUSED',
    'CLOUD_REJECTED',
  ] as const) {
    assert.equal(lastLogin(record, code, at(1_200_000)), undefined, code)
  }
})
