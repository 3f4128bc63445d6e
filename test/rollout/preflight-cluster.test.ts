import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preflightCluster } from '../../src/rollout/connect/preflight-cluster.ts'

type Arguments = Parameters<typeof preflightCluster>

test('with an approved plan an abandoned release is not repaired: no plan contains that', async (t) => {
  const asked: string[] = []
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    asked.push(method)
    const labels = { version: '1', status: 'pending-upgrade', modifiedAt: '1000000000' }
    return path.endsWith('/secrets') ? { items: [{ metadata: { labels } }] } : {}
  }
  const inputs = { 'recover-pending': true, mode: 'apply', timeout: '5m', wait: true, 'force-conflicts': false }
  const settings = { inputs, chart: { ours: false } }
  const helm = { path: '/nothing', environment: {}, version: { major: 4, text: '4.3.1' } }
  const context = { helm, settings, taken: new Map(), now: Date.now, approved: new Map(), report: assert.fail }
  const cluster = { name: 'a', settings: { namespace: 'n', release: 'r' } }
  await assert.rejects(
    preflightCluster(
      { cluster, context, signal: t.signal } as unknown as Arguments[0],
      { client: { request }, identity: { kubeSystemUid: 'u' }, kubeconfig: 'k' } as unknown as Arguments[1],
      { chart: 'c', chartVersion: undefined, valuesFiles: [], given: undefined },
    ),
    { code: 'HELM_PENDING' },
  )
  assert.deepEqual([...new Set(asked)], ['GET'])
})
