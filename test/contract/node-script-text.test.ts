import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from '../cli/run-bin.ts'
import { ensureShellcheck } from '../support/fake-node/ensure-shellcheck.ts'
import { openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

test('a script with the values of an example fits into the user data of ECS, with room for the user', async () => {
  await using node = await fixture.openNode('ack')
  // 32 KB before Base64: https://www.alibabacloud.com/help/zh/ecs/user-guide/overview-of-ecs-instance-user-data
  assert.ok(readFileSync(await fixture.print(node)).length < 24 * 1024)
})

test("ACK's script has the redirection that ACK's user data must have", async () => {
  await using node = await fixture.openNode('ack')
  // "Only scripts that use `> /etc/kubernetes/kubelet-customized-args.conf` … are supported":
  // https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/customize-the-kubelet-configurations-of-a-node-pool
  assert.match(
    readFileSync(await fixture.print(node), 'utf8'),
    /^ +cat "\$one" > \/etc\/kubernetes\/kubelet-customized-args\.conf$/m,
  )
})

test('shellcheck finds nothing in the scripts', async () => {
  const shellcheck = await ensureShellcheck()
  await using node = await fixture.openNode('kubeadm')
  const files = [await fixture.print(node), join(ROOT, 'node/acr-nopass-provider')]
  assert.equal(spawnSync(shellcheck, ['--shell=sh', ...files], { encoding: 'utf8' }).stdout, '')
  const wrong = join(fixture.folder, 'wrong.sh')
  writeFileSync(wrong, '#!/bin/sh\nrm -rf $1\n')
  assert.match(spawnSync(shellcheck, [wrong], { encoding: 'utf8' }).stdout, /SC2086/)
})
