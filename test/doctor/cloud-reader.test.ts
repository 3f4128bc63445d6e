import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironmentProvider } from '../../src/alibaba/identities/access-key.ts'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { createCloudReader } from '../../src/doctor/cloud/cloud-reader.ts'
import { NopassError } from '../../src/errors.ts'

const KEY = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret' }

test('a read that is denied, fails or times out is noted once; an internal error and an interrupt are not', async () => {
  const never = new AbortController().signal
  const sources = {
    transport: createDefaultTransport(),
    endpoints: createEndpoints(),
    credentials: createEnvironmentProvider(KEY),
    onProgress: () => undefined,
  }
  const reader = createCloudReader(sources, never)
  const denied = () => Promise.reject(new NopassError('CLOUD_DENIED', 'no'))
  assert.equal(await reader.attempt('role r', 'ram:GetRole', denied), undefined)
  await reader.attempt('role r', 'ram:GetRole', denied)
  const away = () => Promise.reject(new NopassError('CLOUD_UNREACHABLE', 'ram is away', { reason: 'ECONNREFUSED' }))
  await reader.attempt('role s', 'ram:GetRole', away)
  assert.equal(await reader.attempt('role t', 'ram:GetRole', async () => 1), 1)
  assert.deepEqual(reader.notes, [
    { what: 'role r', why: 'your credentials lack the right ram:GetRole' },
    { what: 'role s', why: 'ram is away (ECONNREFUSED)' },
  ])
  await assert.rejects(
    reader.attempt('x', 'y', () => Promise.reject(new TypeError('ours'))),
    TypeError,
  )
  const late = createCloudReader(sources, never, AbortSignal.abort())
  await late.attempt('role r', 'ram:GetRole', () => Promise.reject(new Error('aborted')))
  assert.deepEqual(late.notes, [{ what: 'role r', why: 'Alibaba Cloud did not respond in time' }])
  const aborted = createCloudReader(sources, AbortSignal.abort(new Error('ended')))
  await assert.rejects(aborted.attempt('x', 'y', denied), /ended/)
})
