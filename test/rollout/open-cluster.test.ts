import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubeconfigMinutes } from '../../src/rollout/connect/connect-cluster.ts'

test("L7 the kubeconfig of a deploy, and of an uninstall, stays valid for three waits of helm, within ACK's limits", () => {
  // TemporaryDurationMinutes is 15 to 4320: https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig
  for (const [timeoutSeconds, minutes] of [
    [60, 15],
    [300, 20],
    [900, 50],
    [3600, 185],
    [90_000, 4320],
  ] as const) {
    assert.equal(kubeconfigMinutes(timeoutSeconds), minutes, `timeout ${timeoutSeconds} s`)
  }
})
