import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventReporter, type Log } from '../../src/helper/report/event-reporter.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

const nothing = () => undefined
const SILENT: Log = { isLevelEnabled: () => false, debug: nothing, info: nothing, warn: nothing, error: nothing }

test('security 2: one namespace can only use up its own share of the Event budget', async () => {
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

test('an Event that is still waiting when the process stops is not sent', async () => {
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

test('security 2: problems of one namespace leave room for those of others, in memory and in the status', () => {
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
