import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ANNOTATION_AWAITED_CONFIG } from '../../src/kube/names.ts'
import type { BinResult } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'
import { readAccessLog } from '../support/registry/access-log.ts'
import { openRolloutCommand, type RolloutCommand } from '../support/rollout-command.ts'

interface Result {
  readonly status: string
  readonly phase: string
  readonly notes: readonly string[]
  readonly error?: { readonly code: string; readonly message: string }
}

/** Tests `acr-nopass apply --verify-image` with a real kubelet and containerd. */
export function testVerifyImage(opened: () => readonly [NodeFixture, NodeHelper]): void {
  let command: RolloutCommand
  before(async () => {
    command = await openRolloutCommand()
  })
  after(() => command?.[Symbol.asyncDispose]())

  /** The release of the other tests, whose helper also serves the namespace of the probe. */
  async function apply(image: string, logLevel: string): Promise<{ output: BinResult; result: Result }> {
    const [fixture, helper] = opened()
    const namespaces = { include: ['team-*', 'acr-nopass-probe-*'] }
    const values = { ...helper.values, attach: 'serviceAccounts', targets: { namespaces }, logLevel }
    const flags = ['--verify-image', `${fixture.domain}/${image}`, '-o', 'json']
    const output = await command.run('apply', helper.release(), values, ...flags)
    const [result] = (JSON.parse(output.stdout || '{"results":[]}') as { results: Result[] }).results
    assert.ok(result, output.stdout + output.stderr)
    return { output, result }
  }

  test('P8 apply --verify-image: the kubelet pulls the private image in a new namespace', async () => {
    const [fixture, helper] = opened()
    const [before] = await helper.pods()
    await fixture.push('verify')
    const from = readAccessLog(fixture.registry.logFile).length
    const { output, result } = await apply('team/app:verify', 'info')
    assert.equal(output.code, 0, output.stdout + output.stderr)
    assert.deepEqual([result.status, result.phase], ['deployed', 'verify'])
    assert.match(result.notes.join('\n'), /\/team\/app:verify was pulled after \d+ ms/)
    const pulled = readAccessLog(fixture.registry.logFile).slice(from)
    assert.ok(
      pulled.some(({ path, status }) => path.includes('/team/app/blobs/') && status === 200),
      'no layer came',
    )
    // The same Pod keeps running. The node was made to read the new targets early, because it
    // normally does so every 60 to 90 s.
    const [after] = await helper.pods()
    assert.equal(after?.metadata.uid, before?.metadata.uid)
    assert.match(after?.metadata.annotations?.[ANNOTATION_AWAITED_CONFIG] ?? '', /^[0-9a-f]{64}$/)
  })

  test("an image that the registry lacks: VERIFY_IMAGE with the node's message", async () => {
    const { output, result } = await apply('team/absent:1', 'debug')
    assert.equal(output.code, 1, output.stdout + output.stderr)
    assert.deepEqual([result.status, result.phase, result.error?.code], ['failed', 'verify', 'VERIFY_IMAGE'])
    assert.match(result.error?.message ?? '', /\/team\/absent:1 was not pulled in \d+ s; .*\/team\/absent:1.*not found/)
  })

  test('nothing remains of the namespaces of the probes and their Pods', async () => {
    const { admin } = opened()[0].cluster
    const query = { labelSelector: 'acr-nopass.io/probe=true' }
    await eventually(async () => {
      const { items } = await admin.request<{ items: unknown[] }>({ method: 'GET', path: '/api/v1/namespaces', query })
      assert.deepEqual(items, [])
    }, 60_000)
  })
}
