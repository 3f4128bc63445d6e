import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  cgroupHierarchies,
  cgroupLayout,
  findHidden,
  nodeObstacle,
} from '../../../../sandbox/nodes/containerd/machine-check.ts'
import { hostsFile, kubeletConfig, nodeFiles } from '../../../../sandbox/nodes/containerd/node-config.ts'
import { forwardPort, nxdomain, writePodNetwork } from '../../../../sandbox/nodes/containerd/pod-network.ts'
import { makeCgroup, writeRuntime } from '../../../../sandbox/nodes/containerd/runc.ts'
import { readLedger } from '../../../../tools/process/ledger.ts'
import { openRun } from '../../../../tools/process/run.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('the reason why a machine cannot run a real node is one line', () => {
  type MachineFacts = Parameters<typeof nodeObstacle>[0]
  const good: MachineFacts = {
    platform: 'linux',
    user: 0,
    cgroup: 'v1',
    missingPrograms: [],
    address: '10.0.0.2',
    hidden: undefined,
  }
  const table: [Partial<MachineFacts>, string | undefined][] = [
    [{}, undefined],
    [{ cgroup: 'v2' }, undefined],
    [{ platform: 'darwin' }, 'a real node needs Linux; this machine is darwin'],
    [{ user: 1000 }, 'a real node needs root (mount namespace, control groups); run as root to include it'],
    [{ cgroup: 'none' }, 'a real node needs control groups; /sys/fs/cgroup is not mounted or not writable here'],
    [{ missingPrograms: ['nsenter'] }, 'a real node needs the program nsenter on PATH'],
    [{ address: undefined }, 'a real node needs a network address; this machine has only loopback'],
    [
      { hidden: '/var/lib/x' },
      'a real node hides /run, /var/lib, /var/log, which contain /var/lib/x; set TMPDIR or ACR_NOPASS_CACHE to a folder elsewhere',
    ],
  ]
  for (const [change, expected] of table) assert.equal(nodeObstacle({ ...good, ...change }), expected)
})

test('a path that the node’s empty file systems would hide is found', () => {
  assert.equal(findHidden(['/tmp/a', '/usr/bin/node', '/var/library/x']), undefined)
  assert.equal(findHidden(['/tmp/a', '/var/lib/ci/tools/runc']), '/var/lib/ci/tools/runc')
})

test('the control group is created in every hierarchy, with CPUs in a v1 cpuset', async () => {
  const v1 = join(root, 'v1')
  for (const name of ['memory', 'cpuset', 'pids']) {
    mkdirSync(join(v1, name), { recursive: true })
    writeFileSync(join(v1, name, 'cgroup.procs'), '')
  }
  writeFileSync(join(v1, 'cpuset', 'cpuset.cpus'), '0-1')
  await using run = await openRun(join(root, 'runs'))
  assert.equal(cgroupLayout(v1), 'v1')
  assert.equal(makeCgroup(run, 'ours', v1), true)
  assert.equal(readFileSync(join(v1, 'cpuset', 'ours', 'cpuset.cpus'), 'utf8'), '0-1')
  const recorded = readLedger(run.ledger)?.traces.filter(({ kind }) => kind === 'cgroup')
  assert.deepEqual(recorded?.length, cgroupHierarchies(v1).length)
  rmSync(join(v1, 'cpuset', 'ours', 'cpuset.cpus'))
})

test('with control groups v2 Pods get their own groups only if the root delegates the controllers', async () => {
  const v2 = join(root, 'v2')
  mkdirSync(v2)
  writeFileSync(join(v2, 'cgroup.controllers'), 'cpu cpuset io memory pids')
  writeFileSync(join(v2, 'cgroup.subtree_control'), 'cpu cpuset io memory pids\n')
  await using run = await openRun(join(root, 'runs'))
  assert.equal(cgroupLayout(v2), 'v2')
  assert.equal(makeCgroup(run, 'ours', v2), true)
  const files = nodeFiles('/n')
  const without = JSON.parse(kubeletConfig({ files, cgroup: 'ours', cgroupsPerQos: false, port: 1 }))
  assert.deepEqual([without.cgroupsPerQOS, without.enforceNodeAllocatable, without.cgroupRoot], [false, [], undefined])
  const including = JSON.parse(kubeletConfig({ files, cgroup: 'ours', cgroupsPerQos: true, port: 1 }))
  assert.deepEqual([including.cgroupRoot, including.failCgroupV1], ['/ours', false])
})

test('the hosts file resolves a registry’s domain to this machine', () => {
  const hosts = hostsFile({ address: '127.64.0.2', hosts: ['demo.example'] }, { name: 'n1', address: '10.0.0.2' })
  assert.equal(hosts, '127.0.0.1 localhost\n::1 localhost\n10.0.0.2 n1\n127.64.0.2 demo.example\n')
})

test('the runtime calls runc with a bundle without a seccomp profile', () => {
  const bundle = join(root, 'bundle')
  mkdirSync(bundle)
  const runc = join(root, 'own-runc')
  writeFileSync(runc, `#!/bin/sh\ncat "${bundle}/config.json"\n`, { mode: 0o755 })
  const config = { linux: { seccomp: { defaultAction: 'x' }, namespaces: [] }, process: { args: ['a'] } }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  const runtime = writeRuntime(runc, root)
  const output = execFileSync(runtime, ['--root', '/r', 'create', '--bundle', bundle, 'id']).toString()
  assert.deepEqual(JSON.parse(output), { linux: { namespaces: [] }, process: { args: ['a'] } })
})

test('a server on one loopback address can be reached at another', async () => {
  const server = createServer((socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const from = { host: '127.0.0.1', port: (probe.address() as AddressInfo).port }
  probe.close()
  await once(probe, 'close')
  const close = await forwardPort(from, to)
  const { connect } = await import('node:net')
  const socket = connect(from)
  socket.write('echo')
  const [received] = (await once(socket, 'data')) as [Buffer]
  assert.equal(received.toString(), 'echo')
  close()
  await once(socket, 'close')
  server.close()
})

test('the node’s name server responds with NXDOMAIN to every query', () => {
  const question = [4, ...Buffer.from('demo'), 7, ...Buffer.from('example'), 0, 0, 1, 0, 1]
  const query = Buffer.from([0xab, 0xcd, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, ...question])
  assert.deepEqual([...nxdomain(query)], [0xab, 0xcd, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0, ...question])
})

test('Pods without hostNetwork get different addresses from the plugin', () => {
  const plugins = join(root, 'cni-plugins')
  writePodNetwork(join(root, 'cni'), plugins)
  const address = (id: string): unknown => {
    const env = { PATH: process.env.PATH, CNI_COMMAND: 'ADD', CNI_CONTAINERID: id, CNI_NETNS: '/run/netns/a' }
    const output = execFileSync(join(plugins, 'sandbox'), { env, input: '{}', encoding: 'utf8' })
    const { interfaces, ips } = JSON.parse(output)
    assert.deepEqual(interfaces, [{ name: 'eth0', sandbox: '/run/netns/a' }])
    return ips
  }
  assert.deepEqual(address('0aff5e'), [{ version: '4', interface: 0, address: '198.18.10.255/32' }])
  assert.deepEqual(address('ff00'), [{ version: '4', interface: 0, address: '198.18.255.0/32' }])
})
