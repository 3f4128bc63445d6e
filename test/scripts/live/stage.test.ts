import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOidcInput } from '../../../scripts/live/ask/oidc.ts'
import type { LiveDeps } from '../../../scripts/live/live-deps.ts'
import { identifyCaller, type Stage } from '../../../scripts/live/stage.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'

const { signal } = new AbortController()
const NOW = Date.parse('2026-12-01T00:00:00Z')

function deps(changes: object): LiveDeps {
  return { endpoints: createEndpoints({ region: 'cn-hangzhou' }), caller: {}, ...changes } as unknown as LiveDeps
}

test('the role trusts the user or the role that calls; the key of the account itself is refused', async () => {
  const callerOf = (Arn: string) =>
    identifyCaller(deps({ transport: { call: async () => ({ AccountId: '12', Arn }) } }), signal)
  assert.equal((await callerOf('acs:ram::12:user/live')).arn, 'acs:ram::12:user/live')
  assert.equal((await callerOf('acs:ram::12:assumed-role/ci/job')).arn, 'acs:ram::12:role/ci')
  await assert.rejects(callerOf('acs:ram::12:root'), { code: 'LIVE_CALLER' })
})

test('a token that cannot be exchanged is not answered, with the reason', async () => {
  const reasonOf = async (claims: object | string, readChain = async () => ({ leaf: 'a', root: 'b' })) => {
    const text =
      typeof claims === 'string' ? claims : `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
    const readText = async () => (text === 'unreadable' ? Promise.reject(new Error()) : text)
    const input = deps({ readText, readChain, transport: { clock: { now: () => NOW } } })
    const stage = { deps: input, signal, options: { oidcTokenFile: 'token' } } as unknown as Stage
    const found = await readOidcInput(stage)
    return typeof found === 'object' ? found.claims : found
  }
  const claims = { iss: 'https://issuer.example', aud: ['one', 'two'], sub: 'pod', exp: NOW / 1000 + 3600 }
  assert.deepEqual(await reasonOf(claims), { issuer: 'https://issuer.example', audience: 'one', subject: 'pod' })
  assert.equal(await reasonOf('unreadable'), 'the token file cannot be read or is empty')
  assert.equal(await reasonOf('\n'), 'the token file cannot be read or is empty')
  for (const claim of ['iss', 'aud', 'sub', 'exp']) {
    const what = 'the token has no issuer, audience, subject or expiry'
    assert.equal(await reasonOf({ ...claims, [claim]: undefined }), what, claim)
  }
  assert.equal(await reasonOf('no token'), 'the token has no issuer, audience, subject or expiry')
  for (const iss of ['http://issuer.example', 'https://user@issuer.example', 'https://issuer.example?x']) {
    assert.equal(await reasonOf({ ...claims, iss }), "the token's issuer is not an https address", iss)
  }
  assert.equal(await reasonOf({ ...claims, exp: NOW / 1000 + 599 }), 'the token expires within 10 minutes')
  const unreachable = () => Promise.reject(new Error())
  assert.deepEqual(await reasonOf(claims, unreachable), await reasonOf(claims))
})
