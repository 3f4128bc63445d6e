import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { newRun, type RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import { makePlan } from '../../src/rollout/deploy/plan-cluster.ts'
import type { PreparedCluster } from '../../src/rollout/inputs/prepare-cluster.ts'
import { planContext, refuseChangedPlan, requireApproved } from '../../src/rollout/run/check-approval.ts'
import { openCluster } from '../../src/rollout/run/open-cluster.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'
import { startFakeApiServer } from '../support/fake-api-server.ts'

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

/** A run on clusters with these kubeconfigs, whose chart has no objects. */
async function openRun(t: TestContext, kubeconfigs: Readonly<Record<string, string>>) {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-approval-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const path = join(parent, 'helm')
  const rendered = { chart: { metadata: { name: 'c', version: '1' } }, config: {}, manifest: '' }
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify(rendered)}'\n`)
  await chmod(path, 0o700)
  const clusters = Object.entries(kubeconfigs).map(([name, text], wave) => {
    const access = { kind: 'kubeconfig-text', text, from: 'test', context: undefined }
    const settings = { name, access, namespace: 'n', release: 'r', layers: [], expect: {}, workerRoles: [] }
    return { name, wave, settings, values: undefined, ram: 'none', warnings: [] } as unknown as PreparedCluster
  })
  const inputs = { mode: 'apply', timeout: '5m', wait: false, verify: false, 'max-parallel': 2 }
  const settings = { inputs, chart: { ours: false }, clusters: clusters.map(({ settings }) => settings), selected: [] }
  const reported: string[] = []
  const context = {
    settings,
    prepared: clusters,
    helm: { path, environment: { PATH: '/usr/bin:/bin' }, version: { major: 4, minor: 3, patch: 1, text: '4.3.1' } },
    chart: async () => 'c',
    folder: await createRunFolder(parent),
    mask: () => undefined,
    report: (cluster: string, line: string) => reported.push(`${cluster}: ${line}`),
    runName: 'run',
    taken: new Map(),
  } as unknown as RunContext
  const refuse = async (approved: RunContext['approved']) => {
    const folder = await createRunFolder(parent)
    const results = await refuseChangedPlan(clusters, { ...context, approved, folder }, t.signal)
    return results?.map(({ name, status, phase, notes, error }) => [name, status, phase, ...notes, error?.message])
  }
  const digestOf = async ([cluster]: readonly PreparedCluster[]): Promise<string> => {
    const work = { cluster: cluster ?? assert.fail(), context: planContext(context), run: newRun(), signal: t.signal }
    return (await openCluster(work, makePlan)).digest
  }
  return { refuse, digest: await digestOf(clusters), reported }
}

test('P14 a plan is approved as a whole: if one cluster has changed, no cluster is written to', async (t) => {
  await using server = await startFakeApiServer([])
  const allowed = JSON.stringify({ status: { allowed: true } })
  server.answer = (path) => (path.endsWith('/selfsubjectaccessreviews') ? allowed : undefined)
  const unreachable = server.kubeconfig.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:1')
  const { refuse, digest, reported } = await openRun(t, { a: server.kubeconfig, b: unreachable })
  const approval = { digest, steps: [] }
  const other = { digest: 'other', steps: [] }
  assert.deepEqual(await refuse(new Map([['a', approval]])), undefined)
  assert.deepEqual(reported, [])
  const changed = await refuse(
    new Map([
      ['a', other],
      ['b', other],
    ]),
  )
  assert.deepEqual(changed, [
    ['a', 'failed', 'preflight', 'a would deploy something other than the approved plan'],
    ['b', 'skipped', 'connect', 'the plan of a has changed; nothing was written', undefined],
  ])
  assert.deepEqual(reported, ['a: failed in preflight: PLAN_CHANGED'])
})
