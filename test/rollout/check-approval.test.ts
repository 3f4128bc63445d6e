import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import { planContext, refuseChangedPlan, requireApproved } from '../../src/rollout/run/check-approval.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'

test('the files of the check of an approved plan are never those of another cluster', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-approval-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const folder = await createRunFolder(parent)
  const checked = planContext({ folder, settings: { inputs: {} } } as unknown as RunContext).folder
  const names = ['x', 'approved-x', 'approved', 'a']
  for (const name of names) {
    await checked.write(`${name}.kubeconfig`, 'checked')
    await folder.write(`${name}.kubeconfig`, 'applied')
  }
  assert.equal((await readdir(folder.path)).length, 2 * names.length)
})

test('a cluster that the approved plan does not have is not changed; without an approved plan, every cluster is', async () => {
  const open = (approved: RunContext['approved']) =>
    ({ cluster: { name: 'a' }, context: { approved } }) as unknown as Parameters<typeof requireApproved>[0]
  await requireApproved(open(undefined))
  await assert.rejects(requireApproved(open(new Map([['b', { digest: '', steps: [] }]]))), {
    code: 'PLAN_CHANGED',
    message: 'a is not in the approved plan',
  })
})

test('without an approved plan nothing is compared', async (t) => {
  const context = { approved: undefined } as unknown as RunContext
  assert.equal(await refuseChangedPlan([], context, t.signal), undefined)
})
