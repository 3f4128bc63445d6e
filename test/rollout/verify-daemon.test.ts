import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { requireDaemon, verifyDaemon } from '../../src/rollout/verify/verify-daemon.ts'

interface Given {
  readonly status?: object
  readonly generation?: number
  /** Undefined: the deployer may not list Pods. */
  readonly pods?: readonly { readonly node?: string; readonly ready: boolean }[] | undefined
  /** The API server's response to the second page of Pods. */
  readonly secondPage?: KubeApiError
  readonly mark?: string
}

const READY = { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }
const daemon = { namespace: 'acr-nopass-node', name: 'acr-nopass-node' }

function callerOf({ status, generation = 2, mark, secondPage, ...rest }: Given) {
  const pods = 'pods' in rest ? rest.pods : []
  const request = async ({ path, query }: { path: string; query?: { continue?: string } }) => {
    if (path.includes('/leases/')) return { metadata: { annotations: mark && { 'acr-nopass.io/node-stopped': mark } } }
    if (path.endsWith('/pods')) {
      if (pods === undefined) throw new KubeApiError(403, 'forbidden')
      if (secondPage !== undefined && query?.continue !== undefined) throw secondPage
      const ownerReferences = [{ kind: 'DaemonSet', name: daemon.name }]
      return {
        metadata: secondPage === undefined ? {} : { continue: 'next' },
        items: pods.map(({ node, ready }) => ({
          metadata: { ownerReferences },
          spec: { nodeName: node },
          status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
        })),
      }
    }
    if (status === undefined) throw new KubeApiError(404, 'not found')
    return { metadata: { generation }, status }
  }
  return { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000), limitMs: 60 }
}

test('the nodes are ready only if every Pod is updated and ready', async () => {
  assert.equal(await verifyDaemon(callerOf({ status: READY }), daemon), 'nodes: 3 of 3 are ready')
  const incomplete: readonly (readonly [Given, RegExp])[] = [
    // Helm 3 accepts this one, because one Pod may be unavailable.
    [{ status: { ...READY, numberAvailable: 2 } }, /nodes: 2 of 3 are ready/],
    // Ready for a moment only, as a kubelet that was just restarted reports it.
    [{ status: { ...READY, numberAvailable: 2, numberReady: 3 } }, /nodes: 2 of 3 are ready/],
    [{ status: { ...READY, updatedNumberScheduled: 1 } }, /nodes: 1 of 3 are ready/],
    [{ status: READY, generation: 3 }, /was not processed yet/],
    [{ status: { observedGeneration: 2 } }, /has no node: check node\.nodeSelector/],
    [{}, /^DaemonSet acr-nopass-node\/acr-nopass-node does not exist/],
  ]
  for (const [given, message] of incomplete) {
    await assert.rejects(verifyDaemon(callerOf(given), daemon), { code: 'VERIFY_NODES', message })
  }
})

test('a node that is not ready is named, with what stopped all nodes', async () => {
  const given = {
    status: { ...READY, numberAvailable: 1 },
    pods: [
      { node: 'node-b', ready: false },
      { node: 'node-c', ready: true },
      { node: 'node-a', ready: false },
      { ready: false },
    ],
    mark: JSON.stringify({ node: 'node-a', config: 'c1', why: 'NODE_UNDONE: the kubelet\nwas not healthy' }),
  }
  await assert.rejects(verifyDaemon(callerOf(given), daemon), {
    message:
      'nodes: 1 of 3 are ready; not ready: node-a, node-b; node node-a undid its change: NODE_UNDONE: the kubelet\\nwas not healthy',
  })
  await assert.rejects(verifyDaemon(callerOf({ ...given, pods: undefined, mark: 'x' }), daemon), {
    message: 'nodes: 1 of 3 are ready; the mark of a stopped node cannot be read',
  })
})

test('a page of Pods that cannot be read is reported, and hides neither the count nor what stopped all nodes', async () => {
  const secondPage = new KubeApiError(410, 'GET /x returned 410: the continue token is too old')
  const mark = JSON.stringify({ node: 'node-a', config: 'c1', why: 'NODE_UNDONE: the kubelet was not healthy' })
  const given = { status: { ...READY, numberAvailable: 1 }, pods: [{ node: 'node-b', ready: false }], secondPage, mark }
  await assert.rejects(verifyDaemon(callerOf(given), daemon), {
    code: 'VERIFY_NODES',
    message:
      'nodes: 1 of 3 are ready; which are not ready could not be read: GET /x returned 410: the continue token is too old; node node-a undid its change: NODE_UNDONE: the kubelet was not healthy',
  })
})

const nodes = { ...daemon, content: 'as deployed', removes: false }
const same = { deployed: nodes, isDeployed: true, desired: nodes }

test('the helper is not removed before every node has the program', async () => {
  await requireDaemon(callerOf({ status: READY }), same)
  await assert.rejects(requireDaemon(callerOf({}), { ...same, deployed: undefined }), {
    code: 'VERIFY_NODES',
    message: /^the helper is needed until every node has the program: .* does not exist/,
    hint: /helper\.enabled: true.*Nothing was written/,
  })
})

test('the helper is not removed by values with which no node was seen, or that take the program from nodes', async () => {
  const ready = callerOf({ status: READY })
  const refused: readonly (readonly [Partial<typeof same>, RegExp])[] = [
    [{ desired: { ...nodes, content: 'for more nodes' } }, /no revision with these values of `node` is deployed/],
    [{ isDeployed: false }, /no revision with these values of `node` is deployed/],
    [{ desired: { ...nodes, removes: true } }, /`node\.remove: true` takes it from the nodes/],
    [{ deployed: { ...nodes, removes: true } }, /`node\.remove: true` takes it from the nodes/],
  ]
  for (const [change, message] of refused) {
    await assert.rejects(requireDaemon(ready, { ...same, ...change }), { code: 'VERIFY_NODES', message })
  }
})

test('a DaemonSet that these values drop must have finished, and without any DaemonSet nodes are the user’s', async () => {
  const dropped = { ...same, desired: undefined }
  await requireDaemon(callerOf({ status: READY }), dropped)
  await assert.rejects(requireDaemon(callerOf({ status: { ...READY, numberAvailable: 2 } }), dropped), {
    message: /nodes: 2 of 3 are ready/,
  })
  await requireDaemon(callerOf({}), { deployed: undefined, isDeployed: true, desired: undefined })
})

test('a node that could not undo its change is not called undone, and a long reason is cut', async () => {
  const mark = JSON.stringify({
    node: 'n'.repeat(9_000),
    config: 'c',
    why: `NODE_UNDO: not restored: ${'x'.repeat(9_000)}`,
  })
  const given = { status: { ...READY, numberAvailable: 2 }, mark }
  await assert.rejects(verifyDaemon(callerOf(given), daemon), (error: Error) => {
    assert.match(error.message, /; node n+ could not undo its change: NODE_UNDO: not restored: x+ …$/)
    return error.message.length < 800
  })
})
