import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventReporter, type Log } from '../../src/helper/report/event-reporter.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

const nothing = () => undefined
const SILENT: Log = { isLevelEnabled: () => false, debug: nothing, info: nothing, warn: nothing, error: nothing }

test('one namespace cannot use up more than its own share of the Event budget', async () => {
  const written: string[] = []
  const client: KubeClient = {
    request: (call: KubeCall) => {
      written.push(call.path)
      return Promise.resolve({} as never)
    },
    watch: () => Promise.resolve(),
    close: nothing,
  }
  const clock = createFakeClock()
  const reporter = createEventReporter({
    client,
    clock,
    log: SILENT,
    instance: 'pod',
    signal: new AbortController().signal,
  })
  const warn = (namespace: string, name: string): void =>
    reporter.warn({ apiVersion: 'v1', kind: 'ServiceAccount', name, namespace }, 'ListOverlong', 'text')
  for (let index = 0; index < 500; index += 1) warn('hostile', `a${index}`)
  assert.equal(written.length, 20)
  warn('shop', 'default')
  warn('shop', 'default')
  assert.deepEqual(written.slice(20), ['/api/v1/namespaces/shop/events'])
  for (let index = 0; index < 500; index += 1) warn(`ns-${index}`, 'default')
  assert.equal(written.length, 200)
  await clock.advance(60 * 60_000)
  warn('hostile', 'a0')
  assert.equal(written.length, 201)
})

for (const [what, error, posts] of [
  ['the API server is overloaded', new KubeApiError(429, 'too many requests'), 2],
  ['no response comes', new KubeApiError(0, 'no response', { code: 'KUBE_TIMEOUT' }), 2],
  ['a server fails', new KubeApiError(503, 'unavailable'), 2],
  ['the first try was performed but its response was lost', new KubeApiError(409, 'exists'), 1],
  ['the helper may not write Events there', new KubeApiError(403, 'forbidden'), 1],
  ['a policy refuses it', new KubeApiError(422, 'denied'), 1],
] as const) {
  test(`an Event is sent ${posts === 1 ? 'once' : 'again within a minute'} when ${what}`, async () => {
    const bodies: unknown[] = []
    const client: KubeClient = {
      request({ body }: KubeCall) {
        bodies.push(body)
        return bodies.length === 1 ? Promise.reject(error) : Promise.resolve({} as never)
      },
      watch: () => Promise.resolve(),
      close: nothing,
    }
    const clock = createFakeClock()
    const { signal } = new AbortController()
    const reporter = createEventReporter({ client, clock, log: SILENT, instance: 'pod', signal })
    const subject = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: 'shop' }
    for (let minute = 0; minute < 10; minute += 1) {
      reporter.warn(subject, 'WriteRefused', 'text')
      await clock.advance(60_000)
    }
    assert.deepEqual(bodies, Array(posts).fill(bodies[0]))
    assert.equal(clock.timers, 0)
  })
}

test('a failed Event is retried a limited number of times, and never after the process is stopped', async () => {
  let posts = 0
  const client: KubeClient = {
    request() {
      posts += 1
      return Promise.reject(new KubeApiError(503, 'unavailable'))
    },
    watch: () => Promise.resolve(),
    close: nothing,
  }
  const clock = createFakeClock()
  const stop = new AbortController()
  const reporter = createEventReporter({ client, clock, log: SILENT, instance: 'pod', signal: stop.signal })
  const subject = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: 'shop' }
  reporter.warn(subject, 'WriteRefused', 'text')
  await clock.advance(50 * 60_000)
  assert.equal(posts, 4)
  reporter.warn({ ...subject, name: 'later' }, 'WriteRefused', 'text')
  await clock.advance(0)
  stop.abort()
  await clock.advance(50 * 60_000)
  assert.equal(posts, 5)
})

test('an Event that waits when the process stops is not sent', async () => {
  const waiting: { call: KubeCall; signal: AbortSignal | undefined }[] = []
  const client: KubeClient = {
    request: (call: KubeCall, signal?: AbortSignal) => {
      waiting.push({ call, signal })
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
    watch: () => Promise.resolve(),
    close: nothing,
  }
  const stop = new AbortController()
  const reporter = createEventReporter({
    client,
    clock: createFakeClock(),
    log: SILENT,
    instance: 'pod',
    signal: stop.signal,
  })
  const subject = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: 'shop' }
  reporter.warn(subject, 'WriteRefused', 'text')
  stop.abort()
  reporter.warn({ ...subject, name: 'later' }, 'WriteRefused', 'text')
  assert.deepEqual(
    waiting.map(({ call, signal }) => [call.method, signal?.aborted]),
    [['POST', true]],
  )
})

test('problems of one namespace leave room for problems of other namespaces, in memory and in the status', () => {
  const problemStore = createProblemStore(nothing)
  const at = (index: number): string => new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString()
  const set = (namespace: string, key: string, index: number): void =>
    problemStore.set(`${namespace}/${key}`, { code: 'LIST_OVERLONG', message: key, fix: 'c', at: at(index), namespace })
  set('shop', 'first', 0)
  for (let index = 1; index <= 2000; index += 1) set('hostile', `a${index}`, index)
  assert.equal(problemStore.size, 101)
  const newest = problemStore.newest(20)
  assert.equal(newest.length, 20)
  assert.deepEqual(
    newest.slice(0, 4).map(({ message }) => message),
    ['a2000', 'a1999', 'a1998', 'first'],
  )
  for (let index = 1; index <= 2000; index += 1) problemStore.clear(`hostile/a${index}`)
  assert.equal(problemStore.size, 1)
})
