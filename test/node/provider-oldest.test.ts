import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { type ProviderNode, prepareProvider } from '../support/node/provider-node.ts'
import { readByDoctor } from '../support/node/read-by-doctor.ts'
import { testWorkerRole } from './worker-role-suite.ts'

// The kubelet and the API server of the oldest Kubernetes that the chart supports.

let fixture: NodeFixture
let provider: ProviderNode
before(async () => {
  fixture = await openNodeFixture(AbortSignal.timeout(20 * 60_000), 'oldest')
  provider = await prepareProvider(fixture)
  for (const image of ['team-a/app', 'team-b/app', 'base/os']) await fixture.push('1', image)
})
after(() => fixture?.[Symbol.asyncDispose]())

testWorkerRole(() => [fixture, provider])

test('doctor counts the calls of a kubelet that does not report its configuration, and says that it does not', async () => {
  const { nodes } = await readByDoctor([fixture, provider], 'worker-role')
  const [node] = nodes
  assert.ok(node)
  assert.match(node.version, /^v1\.30\./)
  assert.deepEqual([node.config, node.why], [undefined, `kubelet ${node.version} does not report its configuration`])
  assert.ok(node.calls > 0)
})
