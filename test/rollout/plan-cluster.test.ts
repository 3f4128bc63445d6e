import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makePlan } from '../../src/rollout/deploy/plan-cluster.ts'

type Arguments = Parameters<typeof makePlan>

/** A first installation of another chart, into a namespace that does not exist. */
async function digest(forceConflicts: boolean): Promise<string> {
  const cluster = { name: 'a', ram: 'none', settings: { access: { kind: 'kubeconfig' } } }
  const open = {
    connected: { identity: { kubeSystemUid: 'u' } },
    preflight: {
      options: { forceConflicts },
      history: [],
      namespaceExists: false,
      wanted: { chart: 'c-1.0.0', values: {}, objects: [], hooks: [] },
    },
  } as unknown as Arguments[1]
  const context = { settings: { inputs: {}, clusters: [], selected: [] } }
  const work = { cluster, context, signal: AbortSignal.timeout(60_000) } as unknown as Arguments[0]
  return (await makePlan(work, open)).digest
}

test('a plan that was approved without force-conflicts does not allow to overwrite what others set', async () => {
  assert.notEqual(await digest(true), await digest(false))
  assert.equal(await digest(false), await digest(false))
})
