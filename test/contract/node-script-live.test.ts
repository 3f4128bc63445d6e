import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from '../cli/run-bin.ts'
import type { FakeNode } from '../support/fake-node/fake-node.ts'
import { findLiveObstacle, runLive } from '../support/fake-node/run-live.ts'
import { openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'
import { serveFile } from '../support/fake-node/serve-file.ts'

// The script without --root, as on a node (run-live.ts).

const obstacle = findLiveObstacle()
const skip = obstacle === undefined ? false : `left out: the script for nodes on a host of its own: ${obstacle}`

let fixture: ScriptFixture
before(async () => {
  fixture = await openScriptFixture()
})
after(() => fixture[Symbol.asyncDispose]())

async function openNode(): Promise<FakeNode> {
  const node = await fixture.openNode('ack')
  node.write('/etc/kubernetes/kubelet-customized-args.conf', 'KUBELET_CUSTOMIZED_ARGS="--v=3"\n')
  return node
}
const FLAGS = 'etc/kubernetes/kubelet-customized-args.conf'
const print = (node: FakeNode): Promise<string> =>
  node.printForImage(['--url', fixture.archive, '--sha256', fixture.sha256])

test('on a node the script restarts the service, checks the new process, and takes all back again', {
  skip,
}, async () => {
  await using node = await openNode()
  const before = node.files()
  const script = await print(node)
  const first = await runLive(node, script, {})
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stdout, /the kubelet is healthy\nacr-nopass: done/)
  assert.match(node.files()[FLAGS] ?? '', /"--v=3 --image-credential-provider-config=/)
  assert.equal(node.restarts(), 2)
  const second = await runLive(node, script, {})
  assert.match(second.stdout, /nothing to change/)
  const removed = await runLive(node, script, { args: ['--remove'] })
  assert.equal(removed.code, 0, removed.stderr)
  assert.deepEqual(node.files(), before)
})

test('a kubelet whose unit ignores the file of flags is noticed, and everything is undone', { skip }, async () => {
  await using node = await openNode()
  const before = node.files()
  const script = await node.printForImage([
    '--url',
    fixture.archive,
    '--sha256',
    fixture.sha256,
    '--health-seconds',
    '3',
  ])
  node.readFlagsFrom('/etc/other')
  const { code, stderr } = await runLive(node, script, {})
  assert.equal(code, 1)
  assert.match(stderr, /not healthy for 3 s: the kubelet runs with no flag for a credential provider\n/)
  assert.match(stderr, /NODE_UNDONE/)
  assert.deepEqual(node.files(), before)
})

test('a service that does not run yet gets the files and flags, and the script says that it checked nothing', {
  skip,
}, async () => {
  await using node = await openNode()
  const { code, stdout } = await runLive(node, await print(node), { programs: { systemctl: 'exit 3' } })
  assert.equal(code, 0)
  assert.match(stdout, /no kubelet runs here: it uses the configuration when it starts; nothing more was checked/)
  assert.match(node.files()[FLAGS] ?? '', /--image-credential-provider-bin-dir=/)
})

test('where /opt is mounted with noexec, nothing changes', { skip }, async () => {
  await using node = await openNode()
  const before = node.files()
  const prepare = 'mount -t tmpfs -o noexec none /opt'
  const { code, stderr } = await runLive(node, await print(node), { prepare })
  assert.equal(code, 1)
  assert.match(
    stderr,
    /NODE_HOST: the program in the archive cannot be executed in \/opt; nothing was changed\n {2}fix: Check that \/opt is not mounted with noexec/,
  )
  assert.deepEqual(node.files(), before)
})

const enforcing = { getenforce: 'echo Enforcing', restorecon: `echo "$@" >> /opt/restorecon` }

test('the programs are on the disk, and under SELinux have their label, before any flag is written; then the flags too', {
  skip,
}, async () => {
  await using node = await openNode()
  const stat = `grep -q image-credential /${FLAGS} && echo too_late || echo system_u:object_r:bin_t:s0`
  const sync = `{
    if [ $# -gt 0 ]; then echo "$*"
    elif grep -q image-credential /${FLAGS}; then echo flags
    elif [ -x /opt/acr-nopass/bin/acr-nopass-provider ]; then echo programs; fi
  } >> /opt/restorecon`
  const { code, stderr } = await runLive(node, await print(node), { programs: { ...enforcing, stat, sync } })
  assert.equal(code, 0, stderr)
  const [settings, config] = ['node.json', 'config.yaml'].map((name) => `/opt/acr-nopass/${name}.new`)
  assert.equal(node.read('/opt/restorecon'), `${settings}\nprograms\n-R /opt/acr-nopass\n${config}\nflags\n`)
})

test('a label with which SELinux forbids the kubelet to execute the program stops and undoes the change', {
  skip,
}, async () => {
  await using node = await openNode()
  const before = node.files()
  const stat = 'echo system_u:object_r:user_tmp_t:s0'
  const { code, stderr } = await runLive(node, await print(node), { programs: { ...enforcing, restorecon: ':', stat } })
  assert.equal(code, 1)
  assert.match(stderr, /NODE_HOST: SELinux labels \/opt\/acr-nopass\/bin\/node as system_u:object_r:user_tmp_t:s0/)
  assert.match(stderr, /NODE_UNDONE: the change was not completed; everything was undone/)
  assert.deepEqual(node.files(), before)
  assert.equal(node.restarts(), 1)
})

test('without curl the script fetches with wget', { skip }, async () => {
  await using node = await openNode()
  await using server = await serveFile(fixture.archive)
  const script = await node.printForImage(['--url', server.url, '--sha256', fixture.sha256])
  // A file that cannot be executed is not a program.
  const prepare = 'for file in /usr/bin/curl /bin/curl; do [ ! -e "$file" ] || mount --bind /dev/null "$file"; done'
  const { code, stderr } = await runLive(node, script, { prepare })
  assert.equal(code, 0, stderr)
  assert.ok(readdirSync(join(node.root, 'opt/acr-nopass')).includes('node.json'))
})

test('without root the script changes nothing', { skip }, async () => {
  await using node = await openNode()
  const before = node.files()
  const { code, stderr } = await runLive(node, await print(node), { programs: { id: 'echo 1000' } })
  assert.equal(code, 1)
  assert.match(
    stderr,
    /NODE_HOST: this script changes the kubelet of the node, which needs root\n {2}fix: Run it as root\.\n/,
  )
  assert.deepEqual(node.files(), before)
})

test('a kubelet before 1.34 does not get tokens of ServiceAccounts: nothing changes', { skip }, async () => {
  await using node = await openNode()
  const values = readFileSync(join(ROOT, 'examples/values/node-service-account.yaml'))
  writeFileSync(join(node.root, '..', 'values.yaml'), values)
  const script = await print(node)
  const before = node.files()
  const kubelet = (version: string) => ({ programs: { kubelet: `echo Kubernetes ${version}` } })
  const old = await runLive(node, script, kubelet('v1.33.9'))
  assert.equal(old.code, 1)
  assert.match(
    old.stderr,
    /NODE_HOST: the kubelet is 1\.33, and node\.identity: service-account needs 1\.34; nothing was changed/,
  )
  assert.deepEqual(node.files(), before)
  const unknown = await runLive(node, script, kubelet(''))
  assert.match(unknown.stdout, /^acr-nopass: not checked: whether the kubelet is 1\.34 or newer, /)
  assert.equal((await runLive(node, script, { args: ['--remove'] })).code, 0)
  const fitting = await runLive(node, script, kubelet('v1.34.0-aliyun.1'))
  assert.equal(fitting.code, 0, fitting.stderr)
  assert.doesNotMatch(fitting.stdout, /not checked/)
})
