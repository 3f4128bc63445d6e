import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseNode, type NodeObject } from '../../../src/sandbox/cluster/binder.ts'
import type { Pod } from '../../../src/sandbox/cluster/pod.ts'

const meta = (name: string, labels = {}) => ({ name, uid: name, resourceVersion: '1', labels })
function node(name: string, changes: Partial<NodeObject> = {}, ready = 'True'): NodeObject {
  const status = { conditions: [{ type: 'Ready', status: ready }] }
  return { metadata: meta(name, { 'kubernetes.io/os': 'linux' }), status, ...changes }
}
const pod = (spec: Partial<Pod['spec']> = {}): Pod => {
  return { metadata: { ...meta('p'), namespace: 'n' }, spec: { containers: [], ...spec } }
}
const choose = (of: Pod, nodes: NodeObject[], bound: Record<string, number> = {}): string | undefined =>
  chooseNode(of, nodes, new Map(Object.entries(bound))).node

test('a Pod is bound to the node with the fewest Pods that is ready, schedulable and matches the Pod', () => {
  const tainted = node('tainted', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } })
  const cordoned = node('cordoned', { spec: { unschedulable: true } })
  assert.equal(choose(pod(), [node('b'), node('a')]), 'a')
  assert.equal(choose(pod(), [node('b'), node('a')], { a: 1 }), 'b')
  assert.equal(choose(pod(), [node('a', {}, 'Unknown'), cordoned, tainted]), undefined)
  const tolerations = [{ key: 'gpu', operator: 'Exists' }]
  assert.equal(choose(pod({ tolerations }), [tainted]), 'tainted')
  assert.equal(choose(pod({ tolerations: [{ key: 'gpu', value: 'no' }] }), [tainted]), undefined)
  assert.equal(choose(pod({ nodeSelector: { 'kubernetes.io/os': 'linux' } }), [node('a')]), 'a')
  assert.equal(choose(pod({ nodeSelector: { zone: 'x' } }), [node('a')]), undefined)
})

test('a Pod that no node can run gets the number of nodes as its reason', () => {
  assert.equal(
    chooseNode(pod({ nodeSelector: { zone: 'x' } }), [node('a')], new Map()).reason,
    "0/1 nodes are available: none is ready, open and matches the Pod's node selector.",
  )
})
