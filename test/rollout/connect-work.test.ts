import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectedWork } from '../../src/rollout/cluster/cluster-run.ts'
import { kubeconfigMinutes } from '../../src/rollout/connect/connect-cluster.ts'
import { withLastingCredential } from '../../src/rollout/connect/connect-work.ts'

test("the kubeconfig of a deploy, and of an uninstall, stays valid for three waits of helm, within ACK's limits", () => {
  // TemporaryDurationMinutes is 15 to 4320:
  // https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig
  for (const [timeoutSeconds, minutes] of [
    [60, 15],
    [300, 20],
    [900, 50],
    [3600, 185],
    [90_000, 4320],
  ] as const) {
    assert.equal(kubeconfigMinutes(timeoutSeconds, 0), minutes, `timeout ${timeoutSeconds} s`)
  }
})

test('the kubeconfig of a chart with hooks stays valid for each of their waits', () => {
  // Two helm calls of 5 minutes, each with 3 x 5 minutes for the hook, the verification, and 5 more
  // minutes.
  assert.equal(kubeconfigMinutes(300, 1), 50)
  assert.equal(kubeconfigMinutes(300, 2), 80)
})

for (const { name, access, hooks, again } of [
  { name: 'a chart without hooks goes on with the first kubeconfig', access: 'ack', hooks: 0, again: false },
  { name: 'a kubeconfig of the user lives as long as it lives', access: 'kubeconfig-file', hooks: 3, again: false },
  { name: 'a chart with hooks gets a kubeconfig of ACK that outlives them', access: 'ack', hooks: 1, again: true },
] as const) {
  test(name, async () => {
    const asked: string[] = []
    const cloud = {
      cs: () => {
        asked.push('kubeconfig')
        throw new Error('asked')
      },
    }
    const settings = { access: { kind: access, region: 'r', clusterId: 'c' } }
    const inputs = { timeout: '5m' }
    const context = { settings: { inputs }, cloud, helm: {}, folder: {}, mask: () => undefined }
    const work = { cluster: { name: 'a', settings }, context, run: { notes: [] }, signal: AbortSignal.timeout(60_000) }
    const done = withLastingCredential(
      work as unknown as ConnectedWork,
      hooks,
      async (longer) => longer === (work as unknown),
    )
    if (again) await assert.rejects(done, /asked/)
    else assert.equal(await done, true)
    assert.deepEqual(asked, again ? ['kubeconfig'] : [])
  })
}
