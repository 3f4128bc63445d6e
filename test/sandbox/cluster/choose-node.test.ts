import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsOnNode, type NodeObject } from '../../../sandbox/cluster/binder.ts'

const metadata = (name: string, labels = {}) => ({ name, namespace: 'n', uid: name, resourceVersion: '1', labels })
function node(ready = 'True', spec: NodeObject['spec'] = {}): NodeObject {
  return { metadata: metadata('a', { zone: 'b' }), spec, status: { conditions: [{ type: 'Ready', status: ready }] } }
}
const pod = (nodeSelector: Record<string, string>) => ({
  metadata: metadata('p'),
  spec: { containers: [], nodeSelector },
})

test('a Pod is bound to a node that is ready, schedulable and matches the Pod', () => {
  assert.equal(fitsOnNode(node(), pod({})), true)
  assert.equal(fitsOnNode(node(), pod({ zone: 'b' })), true)
  assert.equal(fitsOnNode(node(), pod({ zone: 'x' })), false)
  assert.equal(fitsOnNode(node('Unknown'), pod({})), false)
  assert.equal(fitsOnNode(node('True', { unschedulable: true }), pod({})), false)
})
