import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fits, type NodeObject } from '../../../sandbox/cluster/binder.ts'

const metadata = (name: string, labels = {}) => ({ name, namespace: 'n', uid: name, resourceVersion: '1', labels })
function node(ready = 'True', spec: NodeObject['spec'] = {}): NodeObject {
  return { metadata: metadata('a', { zone: 'b' }), spec, status: { conditions: [{ type: 'Ready', status: ready }] } }
}
const pod = (nodeSelector: Record<string, string>) => ({
  metadata: metadata('p'),
  spec: { containers: [], nodeSelector },
})

test('a Pod is bound to a node that is ready, schedulable and matches the Pod', () => {
  assert.equal(fits(node(), pod({})), true)
  assert.equal(fits(node(), pod({ zone: 'b' })), true)
  assert.equal(fits(node(), pod({ zone: 'x' })), false)
  assert.equal(fits(node('Unknown'), pod({})), false)
  assert.equal(fits(node('True', { unschedulable: true }), pod({})), false)
})
