import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeExisting } from '../../../scripts/live/ask/oidc.ts'
import { askStopped } from '../../../scripts/live/ask/stopped-instance.ts'
import { askEndsWithSession } from '../../../scripts/live/ask/token-life.ts'
import { FINGERPRINT_IDS } from '../../../scripts/live/names.ts'
import type { Stage } from '../../../scripts/live/stage.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { type ErrorCode, NopassError } from '../../../src/errors.ts'

const NOW = Date.parse('2026-12-01T00:00:00Z')
const INSTANCE = { region: 'cn-hangzhou', instanceId: 'cri-1' }

/** A run on an account whose operations respond like this. */
function stageOn(respond: (action: string) => object, changes: object = {}): Stage {
  const transport = { call: async ({ action }: { action: string }) => respond(action), clock: { now: () => NOW } }
  const deps = { transport, endpoints: createEndpoints(), caller: {} }
  return { deps, options: { region: 'cn-hangzhou' }, enterprise: INSTANCE, ...changes } as unknown as Stage
}

const token = (minutes: number) => ({
  TempUsername: 'cr_temp_user',
  AuthorizationToken: 'token',
  ExpireTime: NOW + minutes * 60_000,
})

test('only an instance that was stopped, or whose state no page lists, shows whether it refuses tokens', async () => {
  const answerOf = async (InstanceStatus: string, refusal: ErrorCode | undefined) => {
    const respond = (action: string): object => {
      if (action === 'GetInstance') return { InstanceStatus }
      if (action === 'ListInstanceEndpoint') return { Endpoints: [] }
      if (refusal === undefined) return token(60)
      throw new NopassError(refusal, 'refused', { reason: 'REASON' })
    }
    return (await askStopped(stageOn(respond), 'cri-1').catch(({ code }) => ({ answer: code }))).answer
  }
  for (const state of ['STOPPING', 'STOPPED', 'EXPIRED']) {
    assert.equal(await answerOf(state, 'CLOUD_REJECTED'), 'yes', state)
    assert.equal(await answerOf(state, 'CLOUD_NOT_FOUND'), 'yes', state)
    assert.equal(await answerOf(state, undefined), 'no', state)
    for (const other of ['CLOUD_DENIED', 'CLOUD_UNAVAILABLE', 'CLOUD_THROTTLED'] as const) {
      assert.equal(await answerOf(state, other), other, state)
    }
  }
  for (const state of ['PENDING', 'INIT_ERROR', 'STARTING', 'RUNNING', 'DELETING', 'DELETED']) {
    assert.equal(await answerOf(state, 'CLOUD_REJECTED'), 'not answered', state)
  }
})

test('a token that expires together with its session shows that the session limits it, and an earlier one shows nothing', async () => {
  const answerOf = async (minutes: number) => {
    const openSession = async () => ({ expiresAt: NOW + 15 * 60_000 })
    return (await askEndsWithSession(stageOn(() => token(minutes), { openSession }))).answer
  }
  assert.deepEqual(await Promise.all([10, 13.9, 14, 15, 16, 16.1, 60].map(answerOf)), [
    'not answered',
    'not answered',
    'yes',
    'yes',
    'yes',
    'no',
    'no',
  ])
})

test('an existing provider answers the question about its only fingerprint, unless a certificate cannot be read', () => {
  const answersOf = (chain: { leaf: string; root: string | undefined } | undefined, ...fingerprints: string[]) =>
    FINGERPRINT_IDS.map((id) => {
      const { answer, because } = judgeExisting(id, { kind: 'mismatch' }, fingerprints, chain)
      return answer === 'not answered' ? because : answer
    })
  const other = 'the provider that is in use has other fingerprints, and is not changed'
  const unreadable = 'the certificate of the issuer cannot be read from here'
  const chain = { leaf: 'a', root: 'b' }
  assert.deepEqual(
    FINGERPRINT_IDS.map((id) => id.split('_')[1]),
    ['ROOT', 'NO', 'LEAF', 'WRONG'],
  )
  assert.deepEqual(answersOf(chain, 'b'), ['no', other, other, other])
  assert.deepEqual(answersOf(chain), [other, 'no', other, other])
  assert.deepEqual(answersOf(chain, 'a'), [other, other, 'no', other])
  assert.deepEqual(answersOf(chain, '0'.repeat(40)), [other, other, other, 'yes'])
  assert.deepEqual(answersOf(chain, 'a', 'b'), [other, other, other, other])
  assert.deepEqual(answersOf({ leaf: 'a', root: undefined }, 'b'), [unreadable, other, other, other])
  assert.deepEqual(answersOf(undefined, 'b'), [unreadable, other, unreadable, other])
})
