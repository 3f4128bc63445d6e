import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { explainRead, findPluginNode } from '../../src/rollout/verify/find-plugin-node.ts'

const METRIC = 'kubelet_credential_provider_plugin_duration_count{plugin_name="acr-nopass-provider"} 2\n'

/** Looks among these nodes. Only the kubelets with these names have called the program. */
async function find(items: readonly object[] | undefined, having: readonly string[] = []) {
  const calls: KubeCall[] = []
  const request = async (call: KubeCall) => {
    calls.push(call)
    if (call.path === '/api/v1/nodes') return { metadata: {}, items }
    const name = /^\/api\/v1\/nodes\/([^/]+)\/proxy\/metrics$/.exec(call.path)?.[1] ?? ''
    return having.includes(name) ? METRIC : ''
  }
  const client = { request } as unknown as KubeClient
  return { found: await findPluginNode({ client, signal: new AbortController().signal }), calls }
}

const node = (name: string, ready = 'True', spec?: object) => ({
  metadata: { name },
  ...(spec && { spec }),
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'True' },
      { type: 'Ready', status: ready },
    ],
  },
})

test('the first Ready and open node whose kubelet has called the program is used', async () => {
  const nodes = [
    { metadata: { name: 'new' } },
    { metadata: { name: 'empty' }, status: {} },
    node('down', 'Unknown'),
    node('drained', 'True', { unschedulable: true }),
    node('plain', 'True', {}),
    node('a b'),
    node('n1'),
    node('n2'),
  ]
  const { found, calls } = await find(nodes, ['new', 'empty', 'down', 'drained', 'n1', 'n2'])
  assert.deepEqual(found, { node: 'n1' })
  assert.deepEqual(
    calls.map(({ path }) => path),
    ['/api/v1/nodes', ...['plain', 'a%20b', 'n1'].map((name) => `/api/v1/nodes/${name}/proxy/metrics`)],
  )
  assert.deepEqual([calls[0]?.query, calls[1]?.isText], [{ limit: 100 }, true])
})

test('of a large cluster twenty kubelets are asked', async () => {
  const nodes = Array.from({ length: 25 }, (_, index) => node(`n${index}`))
  const { found, calls } = await find(nodes, ['n20'])
  assert.deepEqual(found, { why: 'none of 20 Ready nodes has a kubelet that has called the program' })
  assert.equal(calls.length, 21)
  const none = await find(undefined)
  assert.deepEqual(none.found, { why: 'none of 0 Ready nodes has a kubelet that has called the program' })
})

test('a refusal names the missing rights; another response of the API server is passed on; any other error is thrown', () => {
  assert.equal(explainRead(new KubeApiError(403, 'x')), 'the deployer lacks list of nodes or get of nodes/proxy')
  assert.equal(explainRead(new KubeApiError(503, 'not now')), 'not now')
  assert.throws(() => explainRead(new Error('a bug')), /a bug/)
})
