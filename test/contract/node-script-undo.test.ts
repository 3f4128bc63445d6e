import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { PROFILES, type ProfileName } from '../../src/node/script/profiles.ts'
import { eventually } from '../support/eventually.ts'
import { openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

const ALL = Object.keys(PROFILES) as readonly ProfileName[]
const CASES: readonly (readonly [shell: string, profiles: readonly ProfileName[]])[] = [
  ['dash', ALL],
  ['bash', ['ack']],
]

for (const [shell, profiles] of CASES) {
  describe(shell, { concurrency: 4 }, () => {
    for (const profile of profiles) {
      test(`${profile}: a kubelet that does not come back is undone completely, and the script says so`, async () => {
        await using node = await fixture.openNode(profile)
        const script = await fixture.print(node, ['--health-seconds', '2'])
        node.restart(['--refuse=acr-nopass-provider'])
        node.write('/opt/of-others', '')
        const [before, folders] = [node.files(), node.folders()]
        const { code, stderr } = await node.run(shell, script)
        assert.equal(code, 1)
        assert.match(
          stderr,
          /NODE_UNDONE: the kubelet was not healthy with the new configuration; everything was undone, and the kubelet is healthy again\n {2}fix: /,
        )
        assert.deepEqual([node.files(), node.folders()], [before, folders])
        assert.ok(node.isHealthy())
      })
    }

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      test(`a run that ${signal} ends in the middle is undone, by itself or by the next run`, async () => {
        await using node = await fixture.openNode('kubeadm')
        // The kubelet does not come back, so the script waits with its flags written.
        node.restart(['--refuse=acr-nopass-provider'])
        const before = node.files()
        const script = await fixture.print(node, ['--health-seconds', '4'])
        const run = node.start(shell, script)
        const ended = once(run, 'exit')
        await eventually(() => assert.equal(node.restarts(), 3))
        run.kill(signal)
        await ended
        if (signal === 'SIGTERM') {
          assert.deepEqual(node.files(), before)
          assert.ok(node.isHealthy())
          return
        }
        assert.notDeepEqual(node.files(), before)
        const next = await node.run(shell, await fixture.print(node, ['--health-seconds', '4']))
        assert.match(next.stdout, /^acr-nopass: an earlier run was interrupted: undoing it first\n/)
        assert.match(next.stderr, /NODE_UNDONE/)
        assert.deepEqual(node.files(), before)
        assert.ok(node.isHealthy())
      })
    }
  })
}
