import assert from 'node:assert/strict'
import { once } from 'node:events'
import { lstatSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { PROFILES, type ProfileName } from '../../src/node/script/profiles.ts'
import { eventually } from '../support/eventually.ts'
import { findLiveObstacle, runOnNode } from '../support/fake-node/run-live.ts'
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
        const script = await fixture.print(node, ['--health-seconds', '15'])
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
        const run = node.start(shell, await fixture.print(node))
        const ended = once(run, 'exit')
        await eventually(() => assert.equal(node.restarts(), 3), 60_000)
        run.kill(signal)
        await ended
        if (signal === 'SIGTERM') {
          assert.deepEqual(node.files(), before)
          assert.ok(node.isHealthy())
          return
        }
        assert.notDeepEqual(node.files(), before)
        const next = await node.run(shell, await fixture.print(node, ['--health-seconds', '12']))
        assert.match(next.stdout, /^acr-nopass: an earlier run was interrupted: undoing it first\n/)
        assert.match(next.stderr, /NODE_UNDONE/)
        assert.deepEqual(node.files(), before)
        assert.ok(node.isHealthy())
      })
    }
  })
}

/** A node whose kubelet refuses our provider, and reads its flags through a link. */
async function openLinkedNode(target: string) {
  const node = await fixture.openNode('kubeadm')
  node.write('/etc/sysconfig/kubelet', 'KUBELET_EXTRA_ARGS="--v=4"\n')
  mkdirSync(join(node.root, 'etc/default'))
  symlinkSync(target, join(node.root, 'etc/default/kubelet'))
  node.restart(['--refuse=acr-nopass-provider'])
  return node
}

test('a file of flags behind a link is undone too: the kubelet never keeps flags without their program', async () => {
  await using node = await openLinkedNode('../sysconfig/kubelet')
  const before = node.files()
  const { code, stderr } = await node.run('dash', await fixture.print(node, ['--health-seconds', '15']))
  assert.match(stderr, /NODE_UNDONE/)
  assert.equal(code, 1)
  assert.deepEqual(node.files(), before)
  assert.ok(node.isHealthy())
})

test('flags of the unit that the kubelet would lose are noticed, and everything is undone', async () => {
  await using node = await fixture.openNode('kubeadm')
  node.writeDropIn(['--node-ip=10.1.2.3'])
  // A place that the script does not read.
  rmSync(join(node.root, 'etc/systemd'), { recursive: true })
  const before = node.files()
  const { code, stderr } = await node.run('dash', await fixture.print(node, ['--health-seconds', '15']))
  assert.equal(code, 1)
  assert.match(stderr, /not healthy for 15 s: the kubelet has lost flags that it had before: --node-ip\n/)
  assert.match(stderr, /NODE_UNDONE/)
  assert.deepEqual([node.files(), node.isHealthy()], [before, true])
})

test('a file of flags behind an absolute link in an image is written in the image, not on this host', async () => {
  await using node = await fixture.openNode('kubeadm')
  const outside = join(node.root, '..', 'of-this-host')
  mkdirSync(join(node.root, 'etc/default'))
  symlinkSync(outside, join(node.root, 'etc/default/kubelet'))
  const script = await node.printForImage(['--url', fixture.archive, '--sha256', fixture.sha256])
  const { code, stderr } = await node.run('dash', script)
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(lstatSync(outside, { throwIfNoEntry: false }), undefined)
  assert.match(node.read(outside), /^KUBELET_EXTRA_ARGS="--image-credential-provider-config=/m)
})

test('on a disk that is full in the middle of an update, everything is undone and the exit code is 1', async (t) => {
  const obstacle = findLiveObstacle()
  if (obstacle !== undefined) return t.skip(obstacle)
  await using node = await fixture.openNode('ack')
  const script = await node.printForImage(['--url', fixture.archive, '--sha256', fixture.sha256])
  const list = 'find /opt | sort; find /opt -type f -exec sha256sum {} + | sort'
  // The archive and half of its content fit twice: it is unpacked, and not copied completely.
  const rest = Math.round(statSync(fixture.archive).size / 1024)
  const commands = `
    dash ${script} > /dev/null || exit 97
    echo damaged > /opt/acr-nopass/LICENSE
    ( ${list} ) > before
    size=$(du -sk /opt/acr-nopass | cut -f1) used=$(df -k /opt | sed -n 's/^tmpfs *[0-9]* *\\([0-9]*\\).*/\\1/p')
    mount -o remount,size=$((used + ${rest} + size + size / 2))k /opt
    code=0; dash ${script} > out 2> err || code=$?
    ( ${list} ) > after
    cat err; diff before after; exit $code`
  const prepare = 'mount -t tmpfs -o size=100m tmpfs /opt'
  const programs = { systemctl: '[ "$1" != is-active ]' }
  const { code, stdout } = await runOnNode(node, ['sh', '-c', commands], { prepare, programs })
  assert.match(stdout, /No space left on device/)
  assert.match(stdout, /NODE_UNDONE: the change was not completed; everything was undone\n {2}fix: [^\n]+\n$/)
  assert.equal(code, 1)
})
