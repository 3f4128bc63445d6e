import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { FakeNode } from '../support/fake-node/fake-node.ts'
import { ACK_FILE, ACK_TEXT, openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

/** Runs the script on a node where it must refuse, and checks that nothing changed. */
async function refuses(node: FakeNode, script: string, message: RegExp, env?: Record<string, string>): Promise<void> {
  const before = node.files()
  const restarts = node.restarts()
  const { code, stderr } = await node.run('dash', script, ['--root', node.root], env)
  assert.match(stderr, message)
  assert.equal(code, 1)
  assert.deepEqual(node.files(), before)
  assert.equal(node.restarts(), restarts)
}

describe('the script stops before it changes anything', { concurrency: 4 }, () => {
  test('another provider that is not understood stops the script before it changes anything', async () => {
    await using node = await fixture.openNode('ack')
    node.write('/etc/ecr/config.json', 'kind: Something\n')
    node.write(
      ACK_FILE,
      ACK_TEXT.replace(
        '=" ',
        '=" --image-credential-provider-config=/etc/ecr/config.json --image-credential-provider-bin-dir=/etc/ecr/bin ',
      ),
    )
    await refuses(
      node,
      await fixture.print(node),
      /\/etc\/ecr\/config\.json: NODE_PROVIDERS: .* is not a CredentialProviderConfig\n {2}fix: /,
    )
  })

  test('without a network nothing changes, and the message shows the address without its query', async () => {
    await using node = await fixture.openNode('ack')
    const script = await node.print(['--url', 'http://127.0.0.1:1/node.tgz?key=value', '--sha256', fixture.sha256])
    await refuses(
      node,
      script,
      /NODE_FETCH: http:\/\/127\.0\.0\.1:1\/node\.tgz could not be fetched; nothing was changed/,
    )
  })

  test('an archive with another SHA-256 changes nothing, and is not unpacked', async () => {
    await using node = await fixture.openNode('k3s')
    const script = await node.print(['--url', `${fixture.url}?key=value`, '--sha256', 'a'.repeat(64)])
    await refuses(
      node,
      script,
      new RegExp(`NODE_CHECKSUM: [^\\s?]+ has the SHA-256 ${fixture.sha256}, expected a{64}; nothing was changed`),
    )
  })

  test('a file of flags that cannot be changed safely stops the script', async () => {
    await using node = await fixture.openNode('kubeadm')
    node.write('/etc/default/kubelet', 'KUBELET_EXTRA_ARGS="--a"\nKUBELET_EXTRA_ARGS="--b"\n')
    await refuses(
      node,
      await fixture.print(node),
      /\/etc\/default\/kubelet:2: NODE_FLAG_FILE: KUBELET_EXTRA_ARGS is set more than once/,
    )
  })

  test('a glibc older than 2.28, or none, stops the script', async () => {
    await using node = await fixture.openNode('ack')
    node.write('/lib64/libc.so.6', '\0GNU C Library (GNU libc) stable release version 2.17, by Roland McGrath\0')
    await refuses(node, await fixture.print(node), /NODE_HOST: glibc is 2\.17, and the program needs 2\.28 or newer/)
    rmSync(join(node.root, 'lib64'), { recursive: true })
    await refuses(node, await fixture.print(node), /NODE_HOST: no glibc was found/)
  })

  test('a kubelet that is not healthy before the change is left alone', async () => {
    await using node = await fixture.openNode('ack')
    const script = await fixture.print(node, ['--health-seconds', '1'])
    node.restart(['--refuse=everything'])
    await refuses(node, script, /NODE_UNHEALTHY: the kubelet is not healthy, so nothing was changed/)
  })

  test('a run that finds another run does nothing', async () => {
    await using node = await fixture.openNode('ack')
    mkdirSync(join(node.root, 'opt'))
    const script = await fixture.print(node)
    // A run locks before it does anything that another run may see.
    const lock = 'exec 9< "$1"; flock -n 9 && echo locked; exec sleep 300'
    const other = spawn('sh', ['-c', lock, 'sh', join(node.root, 'opt')])
    await once(other.stdout, 'data')
    await refuses(node, script, /NODE_BUSY: another run of this script changes this node\n {2}fix: /)
    other.kill('SIGKILL')
    await once(other, 'close')
    assert.equal((await node.run('dash', script)).code, 0)
  })

  test('an image in which /opt is an absolute link is refused: it would lead to the host', async () => {
    await using node = await fixture.openNode('ack')
    const outside = join(node.root, '..', 'outside')
    mkdirSync(outside)
    symlinkSync(outside, join(node.root, 'opt'))
    await refuses(node, await fixture.print(node), /NODE_HOST: \S+\/root\/opt leads out of \S+\/root\n/)
    assert.deepEqual(readdirSync(outside), [])
  })
})
