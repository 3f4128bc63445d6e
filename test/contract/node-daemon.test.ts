import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeNodeFolder } from '../../scripts/release/node-archive.ts'
import { hostCommand } from '../../src/node/daemon/host-command.ts'
import { prepareScript } from '../../src/node/daemon/prepare-script.ts'
import { readSettings } from '../../src/node/daemon/read-settings.ts'
import { type DaemonOptions, type NodeState, runDaemon } from '../../src/node/daemon/run-daemon.ts'
import { runOnHost } from '../../src/node/daemon/run-on-host.ts'
import { stagePrograms } from '../../src/node/daemon/stage-programs.ts'
import type { ProfileName } from '../../src/node/script/profiles.ts'
import { ROOT } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import { openHost } from '../support/fake-node/open-host.ts'
import { findLiveObstacle } from '../support/fake-node/run-live.ts'
import { ACK_FILE, openScriptFixture, type ScriptFixture } from '../support/fake-node/script-fixture.ts'

// The program of the DaemonSet on fake nodes: it enters their mounts as a container enters its
// host, and runs the script for nodes there. A variable stands in for the Lease
// (test/cluster/node-turns.test.ts).

const obstacle = findLiveObstacle()
const skip = obstacle === undefined ? false : `left out: the DaemonSet's program on hosts of its own: ${obstacle}`

let fixture: ScriptFixture
let image: string
before(async () => {
  fixture = await openScriptFixture()
  image = join(fixture.folder, 'image')
  await writeNodeFolder(ROOT, image)
  // Node as the image has it: a program.
  chmodSync(join(fixture.folder, 'node'), 0o755)
})
after(() => fixture[Symbol.asyncDispose]())

const values = (profile: ProfileName, more: object = {}): string =>
  JSON.stringify({
    identity: { type: 'worker-role' },
    registries: [{ name: 'main', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
    node: { enabled: true, profile, identity: 'worker-role', ...more },
  })

const imageFiles = () => ({
  files: join(image, 'files'),
  node: join(fixture.folder, 'node'),
  nodeLicence: join(ROOT, 'LICENSE'),
})

/** Nodes that take turns, and the mark that stops them. */
function openTurns() {
  let last: Promise<unknown> = Promise.resolve()
  const turns = { stop: undefined as string | undefined, busy: 0, most: 0 }
  const options: DaemonOptions['turns'] = {
    readStop: async () => turns.stop,
    writeStop: async (mark) => {
      turns.stop = JSON.stringify(mark)
    },
    take(work) {
      const turn = last.then(async () => {
        turns.most = Math.max(turns.most, ++turns.busy)
        await work().finally(() => turns.busy--)
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
  return { turns, options }
}

/** A fake node whose mounts stay open. */
async function openNode(profile: ProfileName) {
  const node = await fixture.openNode(profile)
  const host = await openHost(node)
  return {
    ...node,
    pid: host.pid,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await node[Symbol.asyncDispose]()
    },
  }
}

type OpenNode = Awaited<ReturnType<typeof openNode>>

/**
 * Prepares the script for a node as the program does. A kubelet of a test that gets healthy has a
 * minute for it, because the machine may be busy.
 */
async function prepare(node: OpenNode, text: string, healthSeconds = 60) {
  const settings = readSettings(text)
  const prepared = await prepareScript({
    settings,
    image: imageFiles(),
    body: readFileSync(join(image, 'install.sh'), 'utf8'),
    folder: await mkdtemp(join(fixture.folder, 'scratch-')),
    seenAt: `/proc/${process.pid}/root`,
    arch: process.arch,
    healthUrls: [node.health],
    healthSeconds,
  })
  return { ...prepared, remove: settings.remove, command: hostCommand(node.pid, process.arch) }
}

/**
 * Runs the program for a node until it was checked this often. Returns the states that it reported.
 */
async function keep(node: OpenNode, text: string, turns: DaemonOptions['turns'], rounds = 1, healthSeconds = 60) {
  const { script, hash, remove, command } = await prepare(node, text, healthSeconds)
  const end = new AbortController()
  const states: NodeState[] = []
  const output: string[] = []
  let left = rounds
  await runDaemon(
    {
      node: node.root,
      config: hash,
      remove,
      runScript: (args, signal) => runOnHost(command, script, args, signal),
      turns,
      now: () => new Date(),
      onState: (state) => states.push(state),
      onRun: ({ stdout, stderr }) => output.push(stdout + stderr),
      pause: async () => {
        left -= 1
        if (left === 0) end.abort()
      },
    },
    end.signal,
  )
  return { states, last: states.at(-1), output: output.join('') }
}

describe('on nodes', { skip, concurrency: 2 }, () => {
  for (const profile of ['ack', 'kubeadm', 'k3s', 'rke2'] as const) {
    test(`${profile}: the first run installs, a second writes nothing, and \`remove\` takes all back`, async () => {
      await using node = await openNode(profile)
      const before = node.files()
      const { options } = openTurns()
      const first = await keep(node, values(profile), options)
      assert.deepEqual(
        first.last,
        { ready: true, text: 'the node has the program and the kubelet is healthy' },
        first.output,
      )
      assert.match(first.output, /acr-nopass: the kubelet is healthy\nacr-nopass: done: acr-nopass \S+ is installed/)
      const installed = node.files()
      assert.ok('opt/acr-nopass/bin/acr-nopass-provider' in installed)
      const restarts = node.restarts()
      const second = await keep(node, values(profile), options, 2)
      assert.deepEqual([second.last?.ready, second.output], [true, ''])
      assert.deepEqual([node.files(), node.restarts()], [installed, restarts])
      const removed = await keep(node, values(profile, { remove: true }), options)
      assert.deepEqual(removed.last, { ready: true, text: 'the program is removed' }, removed.output)
      assert.deepEqual(Object.keys(node.files()), Object.keys(before))
      assert.ok(node.isHealthy())
    })
  }

  test('two nodes are never changed at the same time', async () => {
    await using one = await openNode('ack')
    await using two = await openNode('ack')
    const { turns, options } = openTurns()
    const ends = await Promise.all([one, two].map((node) => keep(node, values('ack'), options)))
    assert.deepEqual(
      ends.map(({ last }) => last?.ready),
      [true, true],
    )
    assert.equal(turns.most, 1)
  })

  test('a configuration that the kubelet refuses is undone on one node, and changes no second node', async () => {
    await using one = await openNode('ack')
    await using two = await openNode('ack')
    one.restart(['--v=2', '--refuse=acr-nopass-provider'])
    const before = [one.files(), two.files()]
    const { options } = openTurns()
    const first = await keep(one, values('ack'), options, 1, 15)
    assert.match(first.output, /NODE_UNDONE/)
    assert.match(first.last?.text ?? '', /^NODE_STOPPED: .*NODE_UNDONE/)
    const second = await keep(two, values('ack'), options)
    assert.match(second.last?.text ?? '', /^NODE_STOPPED: .*NODE_UNDONE/)
    assert.equal(second.output, '')
    assert.deepEqual([one.files(), two.files()], before)
    assert.deepEqual([one.isHealthy(), two.isHealthy(), two.restarts()], [true, true, 1])
    // Other values are not stopped.
    const other = await keep(two, values('ack', { fallback: 'none' }).replace('cri-abc123', 'cri-abc124'), options)
    assert.equal(other.last?.ready, true, other.output)
  })

  test('flags that others removed are written again, and the kubelet has them again', async () => {
    await using node = await openNode('ack')
    const { options } = openTurns()
    await keep(node, values('ack'), options)
    const flags = node.read(ACK_FILE)
    node.write(ACK_FILE, 'KUBELET_CUSTOMIZED_ARGS="--v=4"\n')
    const { states, last } = await keep(node, values('ack'), options)
    assert.match(states[0]?.text ?? '', /to change: \/etc\/kubernetes\/kubelet-customized-args\.conf/)
    assert.equal(last?.ready, true)
    assert.match(node.read(ACK_FILE), /^KUBELET_CUSTOMIZED_ARGS="--v=4 --image-credential-provider-config=/)
    assert.notEqual(node.read(ACK_FILE), flags)
  })

  test('a profile of another kind of node changes nothing', async () => {
    await using node = await openNode('ack')
    const before = node.files()
    const { last, output } = await keep(node, values('k3s'), openTurns().options)
    assert.match(last?.text ?? '', /^NODE_HOST: no service of the profile k3s runs here: k3s k3s-agent/)
    assert.deepEqual([output, node.files()], ['', before])
  })

  test('a kubelet that is not healthy is not touched, and its node is not ready', async () => {
    await using node = await openNode('ack')
    const { options } = openTurns()
    await keep(node, values('ack'), options)
    const installed = node.files()
    node.restart(['--refuse=everything'])
    const { last, output } = await keep(node, values('ack'), options)
    assert.match(last?.text ?? '', /^NODE_UNHEALTHY/)
    assert.deepEqual([output, node.files()], ['', installed])
  })

  test('a Pod that is stopped during a run undoes the change, and stops no other node', async () => {
    await using node = await openNode('ack')
    const before = node.files()
    const { turns, options } = openTurns()
    const { script, hash, remove, command } = await prepare(node, values('ack'))
    const end = new AbortController()
    // The kubelet never gets healthy, so the run waits until the abort.
    node.readFlagsFrom('/etc/other')
    const codes: (number | null)[] = []
    const run = runDaemon(
      {
        node: 'n1',
        config: hash,
        remove,
        runScript(args, signal) {
          if (args.length === 0) {
            const isWritten = () => assert.match(node.read(ACK_FILE), /--image-credential-provider-config=/)
            void eventually(isWritten).finally(() => end.abort())
          }
          return runOnHost(command, script, args, signal)
        },
        turns: options,
        now: () => new Date(),
        onState: () => undefined,
        onRun: ({ code }) => codes.push(code),
        pause: async () => undefined,
      },
      end.signal,
    )
    await run
    assert.deepEqual([codes, turns.stop], [[143], undefined])
    assert.deepEqual(node.files(), before)
    assert.ok(node.isHealthy())
  })
})

test("the image's files are those of the archive, byte for byte, so that a node of either needs no second installation", async () => {
  const out = await mkdtemp(join(fixture.folder, 'staged-'))
  await stagePrograms(imageFiles(), join(out, 'programs'))
  mkdirSync(join(out, 'archive'))
  execFileSync('tar', ['-xzf', fixture.archive, '-C', join(out, 'archive')])
  const sums = (path: string): string => readFileSync(join(out, path, 'FILES.sha256'), 'utf8')
  assert.equal(sums('programs'), sums('archive/acr-nopass-node'))
})
