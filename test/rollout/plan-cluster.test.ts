import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHooks } from '../../src/helm/release/manifest.ts'
import { makePlan } from '../../src/rollout/deploy/plan-cluster.ts'

type Arguments = Parameters<typeof makePlan>

/** A first installation of another chart, into a namespace that does not exist. */
async function digest(forceConflicts: boolean, hook?: string): Promise<string> {
  const cluster = { name: 'a', ram: 'none', settings: { access: { kind: 'kubeconfig' } } }
  const open = {
    cluster,
    context: { settings: { inputs: {}, clusters: [], selected: [] } },
    signal: AbortSignal.timeout(60_000),
    identity: { kubeSystemUid: 'u' },
    options: { forceConflicts },
    history: [],
    namespaceExists: false,
    deployed: undefined,
    dryRuns: [],
    desired: { chart: 'c-1.0.0', values: {}, objects: [], hooks: parseHooks(hook === undefined ? [] : [hook]) },
  }
  return (await makePlan(open as unknown as Arguments[0])).digest
}

test('a plan that was approved without force-conflicts does not allow overwriting what others set', async () => {
  assert.notEqual(await digest(true), await digest(false))
  assert.equal(await digest(false), await digest(false))
})

test('H8 a hook that was changed, added or removed after the approval is not in the approved plan', async () => {
  const job = (image: string) =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: { name: migrate }\nspec: { image: ${image} }\n`
  const approved = await digest(false, job('good'))
  assert.equal(await digest(false, job('good')), approved)
  assert.notEqual(await digest(false, job('evil')), approved)
  assert.notEqual(await digest(false), approved)
})
