import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStore } from '../../src/kube/watch/store.ts'

const view = (resourceVersion: string, uid = 'u1') => ({ uid, resourceVersion })

test('late and repeated events change nothing, whatever their order', () => {
  const changes: string[] = []
  const store = createStore((key, current) => changes.push(`${key} ${current?.resourceVersion ?? 'gone'}`))
  store.put('a', view('9'))
  store.put('a', view('10'))
  store.put('a', view('9'))
  store.put('a', view('10'))
  store.remove('a', '9')
  assert.deepEqual(changes, ['a 9', 'a 10'])
})

test('a deleted object is not restored by older events, such as the late response to our own write', () => {
  const changes: string[] = []
  const store = createStore((key, current) => changes.push(`${key} ${current?.resourceVersion ?? 'gone'}`))
  store.put('a', view('9'))
  store.remove('a', '12')
  store.put('a', view('11'))
  assert.equal(store.get('a'), undefined)
  // A deletion may arrive before the first event of the object itself.
  store.remove('b', '14')
  store.put('b', view('13'))
  assert.equal(store.get('b'), undefined)
  store.put('a', view('15', 'u2'))
  assert.deepEqual(store.get('a'), view('15', 'u2'))
  assert.deepEqual(changes, ['a 9', 'a gone', 'a 15'])
})

test('deletions are remembered only for the newest 1,000 objects', () => {
  const store = createStore(() => undefined)
  for (let index = 0; index <= 1000; index += 1) store.remove(`key-${index}`, '50')
  store.put('key-0', view('40'))
  store.put('key-1', view('40'))
  assert.deepEqual([store.get('key-0'), store.get('key-1')], [view('40'), undefined])
})

test('after a rewind the next event of each object replaces the known state, whatever its version', () => {
  const changes: string[] = []
  const store = createStore((key, current) => changes.push(`${key} ${current?.resourceVersion ?? 'gone'}`))
  for (const key of ['a', 'b', 'c']) store.put(key, view('900'))
  store.remove('d', '901')
  store.rewind()
  assert.deepEqual([store.get('a'), store.has('a', view('900'))], [view('900'), false])
  store.put('a', view('300'))
  store.remove('b', '301')
  // The same version in the new history may have different content.
  store.put('c', view('900'))
  store.put('d', view('300'))
  store.put('a', view('299'))
  assert.deepEqual(changes.slice(3), ['a 300', 'b gone', 'c 900', 'd 300'])
  assert.equal(store.has('a', view('300')), true)
})
