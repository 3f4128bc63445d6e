import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { INSTANCE } from '../support/cloud/team-seed.ts'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { type ProviderNode, prepareProvider } from '../support/node/provider-node.ts'
import { WORKER_ROLE } from '../support/registry/private-registry.ts'
import { openRolloutCommand, type RolloutCommand } from '../support/rollout-command.ts'

// A release without a helper, on a real kubelet that asks the program for logins.

let fixture: NodeFixture
let provider: ProviderNode
let command: RolloutCommand
before(async () => {
  fixture = await openNodeFixture(AbortSignal.timeout(15 * 60_000))
  provider = await prepareProvider(fixture)
  command = await openRolloutCommand()
})
after(async () => {
  await command?.[Symbol.asyncDispose]()
  await fixture?.[Symbol.asyncDispose]()
})

interface Result {
  readonly status: string
  readonly notes: readonly string[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** Applies a release without a helper, and has an image pulled for a Pod without any Secret. */
async function apply(tag: string, logLevel: string): Promise<Result> {
  const { cloud, cluster, domain } = fixture
  const values = {
    helper: { enabled: false },
    identity: { type: 'worker-role' },
    node: { identity: 'worker-role' },
    endpoints: { sts: cloud.endpoints.sts, cr: cloud.endpoints.cr, imds: await cloud.imdsFor(WORKER_ROLE) },
    registries: [{ name: 'main', edition: 'enterprise', instanceId: INSTANCE, region: cloud.regionId }],
    // Another revision each time.
    logLevel,
  }
  const release = { kubeconfig: cluster.adminKubeconfigFile, namespace: 'acr-nopass', name: 'acr-nopass' }
  const flags = ['--verify-image', `${domain}/team/app:${tag}`, '-o', 'json']
  const { stdout, stderr } = await command.run('apply', release, values, ...flags)
  const [result] = (JSON.parse(stdout || '{"results":[]}') as { results: Result[] }).results
  assert.ok(result, stdout + stderr)
  return result
}

test('P16 apply without a helper: the node pulls the private image for a Pod without a Secret, and no login is in etcd', async () => {
  await provider.use({ node: { identity: 'worker-role' }, registries: [{ name: 'main' }] })
  await fixture.push('off')
  const { status, notes } = await apply('off', 'info')
  assert.equal(status, 'deployed', notes.join('\n'))
  assert.match(
    notes.join('\n'),
    /^without a Secret: .*\/team\/app:off was pulled after \d+ ms by node \S+, whose kubelet calls the program; other nodes were not/m,
  )
  const folder = fixture.cluster.run.folder
  const files = globSync('etcd-*/data/**/{*.wal,*.snap,db}', { cwd: folder })
  assert.ok(files.length > 1)
  // The start of each temporary login's `auth`: `cr_temp_user:` in base64.
  for (const file of files) assert.ok(!readFileSync(join(folder, file)).includes('Y3JfdGVtcF91c2Vy'), file)
})

test("apply without a helper, on a node that has lost the program: VERIFY_IMAGE with the node's message", async () => {
  await fixture.node.restartKubelet([])
  await fixture.push('lost')
  const { status, error } = await apply('lost', 'warn')
  assert.equal(error?.code, 'VERIFY_IMAGE', status)
  assert.match(error?.message ?? '', /\/team\/app:lost was not pulled in \d+ s; /)
})
