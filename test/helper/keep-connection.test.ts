import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepConnection } from '../../src/helper/keep-connection.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

test('a leader that writes nothing makes one request a minute, which keeps a connection open; a follower makes none', async () => {
  const clock = createFakeClock()
  const stop = new AbortController()
  const sent: string[] = []
  let leads = false
  const request = <T>({ method, path, lane = 'call' }: KubeCall): Promise<T> => {
    sent.push(`${method} ${path} (${lane}) ${clock.monotonic() / 60_000}`)
    return Promise.reject(new Error('refused'))
  }
  const kept = keepConnection({ request }, '/lease', () => leads, clock, stop.signal)
  const start = clock.monotonic() / 60_000
  await clock.advance(150_000)
  assert.deepEqual(sent, [])
  leads = true
  await clock.advance(100_000)
  assert.deepEqual(sent, [`GET /lease (call) ${start + 3}`, `GET /lease (call) ${start + 4}`])
  stop.abort()
  await kept
  await clock.advance(600_000)
  assert.equal(sent.length, 2)
})
