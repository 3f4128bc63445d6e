import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventReporter } from '../../src/helper/report/event-reporter.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { GUARDED_NAMESPACE, type Guarded } from '../support/cluster/guarded.ts'

const EVENTS = `/api/v1/namespaces/${GUARDED_NAMESPACE}/events`

/** Returns the request with which the helper reports a problem, with the longest names and text. */
function eventOfHelper(): KubeCall {
  const calls: KubeCall[] = []
  const client = {
    request: (call: KubeCall) => {
      calls.push(call)
      return Promise.resolve({})
    },
  } as unknown as KubeClient
  const nothing = () => undefined
  const log = { isLevelEnabled: () => false, debug: nothing, info: nothing, warn: nothing, error: nothing }
  const { signal } = new AbortController()
  const reporter = createEventReporter({ client, clock: systemClock, log, instance: 'p'.repeat(253), signal })
  const name = 'a'.repeat(200)
  const subject = { apiVersion: 'v1', kind: 'ServiceAccount', name, namespace: GUARDED_NAMESPACE, uid: 'u'.repeat(36) }
  reporter.warn(subject, 'WriteRefused', '镜'.repeat(5_000))
  const [call] = calls
  if (call === undefined) throw new Error('no Event was sent')
  return call
}

const OWNER = { apiVersion: 'v1', kind: 'Namespace', name: GUARDED_NAMESPACE, uid: 'u', blockOwnerDeletion: true }

const refused: readonly [string, Readonly<Record<string, unknown>>, RegExp][] = [
  ['a finalizer, which would keep its namespace', { finalizers: ['x.example.com/y'] }, /leaves metadata.finalizers/],
  ['an owner, whose deletion it would delay', { ownerReferences: [OWNER] }, /leaves metadata.ownerReferences/],
  ['labels', { labels: { a: 'b' } }, /leaves metadata.labels/],
  ['annotations', { annotations: { a: 'x'.repeat(200_000) } }, /leaves metadata.annotations/],
]
const refusedFields: typeof refused = [
  ['a text of 1,001 characters', { message: 'x'.repeat(1_001) }, /message of an Event has at most 1000 characters/],
  ['a long reason', { reason: 'x'.repeat(129) }, /reason of an Event has at most 128/],
  ['another sender', { source: { component: 'kubelet' } }, /warnings in its own name/],
  ['no warning', { type: 'Normal' }, /warnings in its own name/],
  ['another object', { related: { kind: 'Pod', name: 'x' } }, /leaves related of its Events alone/],
]

/** Tests which of the helper's Events the guard rejects and allows. */
export function testGuardOfEvents({ helper }: Guarded): void {
  const event = eventOfHelper()
  const body = event.body as { readonly metadata: object }

  test('the guard lets the helper write each of its Events', async () => {
    const { status, text } = await helper.call(event)
    assert.equal(status, 201, text)
  })

  for (const [title, metadata, rule] of refused) {
    test(`the guard rejects an Event with ${title}`, async () => {
      const { status, text } = await helper.call({
        ...event,
        body: { ...body, metadata: { ...body.metadata, ...metadata } },
      })
      assert.deepEqual([status, rule.test(text)], [422, true], text)
    })
  }

  for (const [title, fields, rule] of refusedFields) {
    test(`the guard rejects an Event with ${title}`, async () => {
      const { status, text } = await helper.call({ ...event, body: { ...body, ...fields } })
      assert.deepEqual([status, rule.test(text)], [422, true], text)
    })
  }

  test('the guard rejects a change of an Event', async () => {
    const metadata = { name: 'changed', namespace: GUARDED_NAMESPACE }
    assert.equal((await helper.call({ ...event, body: { ...body, metadata } })).status, 201)
    const change = { metadata: { finalizers: ['x.example.com/y'] } }
    const path = `${EVENTS}/changed`
    const { status, text } = await helper.call({ method: 'PATCH', path, contentType: MERGE_PATCH, body: change })
    assert.deepEqual([status, /changes no Event/.test(text)], [422, true], text)
  })
}
