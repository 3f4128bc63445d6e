import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createNamespaceReader } from '../../src/helper/cluster/namespace-reader.ts'
import { createTransforms } from '../../src/installation/object-views.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { sleep } from '../../src/lib/clock.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

const transforms = createTransforms({
  instance: 'home.r',
  secretLabels: {},
  secretName: 'acr-nopass',
  namespaceLabels: new Set(),
})

/** Opens a reader of one existing namespace whose reads fail while `refusal` is set. */
function open(t: TestContext, responseMs = 0) {
  const clock = createFakeClock()
  const reads: number[] = []
  const state: { refusal: number | undefined } = { refusal: undefined }
  const client = {
    async request() {
      reads.push(clock.monotonic())
      if (responseMs > 0) await sleep(clock, responseMs)
      if (state.refusal !== undefined) throw new KubeApiError(state.refusal, 'GET /api/v1/namespaces/a')
      return { metadata: { name: 'a', uid: 'u', resourceVersion: '5' } }
    },
  } as unknown as KubeClient
  const ignore = (): void => undefined
  const handlers = { onChange: ignore, onSynced: ignore, onRefused: ignore, onProblem: ignore }
  const reader = createNamespaceReader({ client, clock, names: ['a'], transforms, ...handlers })
  const stop = new AbortController()
  t.after(() => stop.abort())
  void reader.run(stop.signal)
  return { clock, reads, reader, state, signal: stop.signal }
}

for (const [status, seconds] of [
  [403, 30],
  [500, 2],
] as const) {
  test(`a namespace whose confirmation fails with ${status} is read again after ${seconds} s, not at its next poll minutes later`, async (t) => {
    const { clock, reads, reader, state, signal } = open(t)
    await clock.advance(20_000)
    state.refusal = status
    await reader.confirm('a', signal)
    state.refusal = undefined
    await clock.advance(seconds * 1000 + 5_000)
    assert.equal(reads[1], 20_000)
    assert.ok((reads[2] ?? Number.POSITIVE_INFINITY) <= 20_000 + seconds * 1000 + 1_000, `read at ${reads.join(', ')}`)
    assert.equal(reader.get('a')?.name, 'a')
  })
}

test('a namespace is confirmed even if the response arrives after the time for which a confirmation is valid', async (t) => {
  const { clock, reader, signal } = open(t, 12_000)
  await clock.advance(60_000)
  const confirmed = reader.confirm('a', signal)
  await clock.advance(13_000)
  assert.equal(await confirmed, true)
  assert.equal(reader.confirm('a', signal), undefined)
})
