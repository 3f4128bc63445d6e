import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeNodeFolder } from '../../scripts/release/node-archive.ts'
import { NODE_STOP_ANNOTATION } from '../../src/kube/names.ts'
import type { KubeList, KubeObject, PodObject } from '../../src/kube/types.ts'
import { freePort } from '../../tools/process/free-port.ts'
import { ROOT } from '../cli/run-bin.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeNode, type FakeNode } from '../support/fake-node/fake-node.ts'
import { type FakeHost, openHost } from '../support/fake-node/open-host.ts'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { type NodeHelper, prepareHelper } from '../support/node/node-helper.ts'
import { hashOfProviders, readProviderHash } from '../support/node/provider-hash.ts'
import { linkPrograms, readCommands, typeCommands } from '../support/page-commands.ts'
import { openRolloutCommand, type RolloutCommand } from '../support/rollout-command.ts'
import { expectSample } from '../support/sample.ts'

// The chart's DaemonSet on a real kubelet, rolled out by `acr-nopass apply`: a privileged container
// enters its node and runs the script for nodes there. systemd has a stand-in, and the node's
// namespaces are those of containerd instead of process 1: an admission policy adds these settings
// of the testbed to the Pods. A second node has a process as its kubelet, and the same Lease.

const NAMESPACE = 'acr-nopass-node'
const NAME = 'acr-nopass-node'
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${NAME}`

const signal = AbortSignal.timeout(15 * 60_000)
let fixture: NodeFixture
let folder: string
let image: string
let helper: NodeHelper
let command: RolloutCommand
let manager: { readonly url: string; stop(): Promise<unknown> }
let second: FakeNode
let secondHost: FakeHost
const daemons: ChildProcess[] = []

before(async () => {
  fixture = await openNodeFixture(signal)
  folder = join(fixture.node.run.folder, 'daemon')
  for (const name of ['opt', 'default', 'bin', 'reader']) mkdirSync(join(folder, name), { recursive: true })
  image = join(folder, 'image')
  await writeNodeFolder(ROOT, image)
  helper = await prepareHelper(fixture, image)
  command = await openRolloutCommand()
  await linkPrograms(join(folder, 'reader'))
  manager = await startManager()
  writeFileSync(
    join(folder, 'bin', 'systemctl'),
    `#!/bin/sh\ncase $1 in is-active) [ "$3" = kubelet ] ;; restart) exec curl -fsS --max-time 60 ${manager.url}/restart ;; esac\n`,
    { mode: 0o755 },
  )
  const mounts = ['opt /opt', 'default /etc/default', 'bin /usr/local/bin']
  const mount = mounts.map((one) => `mount --bind '${folder}'/${one}`).join(' && ')
  assert.equal(await inNode(['sh', '-c', mount]), '')
  second = await createFakeNode(join(folder, 'second'), 'kubeadm')
  secondHost = await openHost(second)
  await addTestbed()
})
after(async () => {
  await Promise.all(daemons.map(end))
  await secondHost?.[Symbol.asyncDispose]()
  await second?.[Symbol.asyncDispose]()
  await manager?.stop()
  await command?.[Symbol.asyncDispose]()
  await helper?.[Symbol.asyncDispose]()
  await fixture?.[Symbol.asyncDispose]()
})

/** Runs a command in the mounts of the node. Returns its output. */
function inNode(command: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const words = ['-m', '-t', String(fixture.node.containerd.id.pid), '--', ...command]
    execFile('nsenter', words, (error, stdout, stderr) => resolve(error ? `${stdout}${stderr}${error}` : stdout))
  })
}

const FLAG_FILE = (): string => join(folder, 'default', 'kubelet')

/** The flags that the kubelet's unit would pass on. */
function readFlags(): readonly string[] {
  return (/^KUBELET_EXTRA_ARGS="(.*)"$/m.exec(readFileSync(FLAG_FILE(), 'utf8'))?.[1] ?? '').split(' ').filter(Boolean)
}

let restarts = 0

/** In place of systemd: restarts the kubelet, and knows whether it is healthy. */
async function startManager() {
  const { cluster, node } = fixture
  const isHealthy = async (): Promise<void> => {
    const path = `/api/v1/nodes/${node.name}/proxy/healthz`
    await cluster.admin.request({ method: 'GET', path, isText: true }, signal)
  }
  const restart = (): Promise<void> => {
    restarts++
    return node.restartKubelet(readFlags())
  }
  const server = createServer(async (request, response) => {
    try {
      await (request.url === '/restart' ? restart() : isHealthy())
      response.end()
    } catch {
      response.writeHead(500).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

/** Adds the settings of the testbed to the DaemonSet's Pods. Waits until they are added. */
async function addTestbed(): Promise<void> {
  const { admin } = fixture.cluster
  const port = await freePort('0.0.0.0')
  const flags = [`--pid=${fixture.node.containerd.id.pid}`, `--health-url=${manager.url}/healthz`, `--port=${port}`]
  const container = '/spec/containers/0'
  // Only Pods in the node's network have one on this testbed.
  const patches = [
    `JSONPatch{op: "add", path: "/spec/hostNetwork", value: true}`,
    `JSONPatch{op: "add", path: "${container}/args", value: object.spec.containers[0].args + ${JSON.stringify(flags)}}`,
    `JSONPatch{op: "add", path: "${container}/ports/0/containerPort", value: ${port}}`,
    `JSONPatch{op: "add", path: "${container}/ports/0/hostPort", value: ${port}}`,
  ]
  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }
  const create = (plural: string, spec: object): Promise<unknown> => {
    const body = { metadata: { name: 'testbed' }, spec }
    return admin.request({ method: 'POST', path: `${ADMISSION}/${plural}`, body })
  }
  await create('mutatingadmissionpolicies', {
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    matchConstraints: { resourceRules: [rule] },
    matchConditions: [{ name: 'daemon', expression: `object.metadata.?labels[?"${LABEL}"] == optional.of("${NAME}")` }],
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: `[${patches.join(', ')}]` } }],
  })
  await create('mutatingadmissionpolicybindings', { policyName: 'testbed' })
  const containers = [{ name: 'app', image: 'app', args: ['a'], ports: [{ containerPort: 1 }] }]
  const pod = { metadata: { name: 'try', labels: { [LABEL]: NAME } }, spec: { containers } }
  const path = '/api/v1/namespaces/default/pods'
  await eventually(async () => {
    const made = await admin.request<{ spec: object }>({ method: 'POST', path, query: { dryRun: 'All' }, body: pod })
    assert.equal((made.spec as { hostNetwork?: boolean }).hostNetwork, true)
  }, 60_000)
}

const LABEL = 'app.kubernetes.io/name'

const valuesOf = (node: object = {}): object => ({
  ...helper.values,
  node: { enabled: true, profile: 'kubeadm', identity: 'worker-role', ...node },
})

interface Applied {
  readonly status: string
  readonly revision: { readonly from: number | null; readonly to: number | null }
  readonly notes: readonly string[]
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

/** Runs `acr-nopass apply` with these values of nodes. */
async function apply(node: object = {}, flags: readonly string[] = [], kubeconfig?: string): Promise<Applied> {
  const release = { ...helper.release(), ...(kubeconfig && { kubeconfig }) }
  const { stdout, stderr } = await command.run('apply', release, valuesOf(node), '-o', 'json', ...flags)
  const [result] = (JSON.parse(stdout || '{"results":[]}') as { results: Applied[] }).results
  assert.ok(result, stdout + stderr)
  return result
}

/** Types a block of the page. */
const type = (block: string): Promise<string> => {
  return typeCommands(block, { folder: join(folder, 'reader'), kubeconfig: fixture.cluster.adminKubeconfigFile })
}

/**
 * The page's blocks: namespace, rollout, Pods and logs, doctor (test/cluster/node-turns.test.ts),
 * mark, rollout after a removal.
 */
async function readPage() {
  const [namespace = '', rollout = '', logs = '', , unmark = '', removed = '', ...more] =
    await readCommands('nodes-daemonset.md')
  assert.deepEqual([more, removed], [[], rollout])
  return { namespace, rollout, logs, unmark }
}

const daemonPods = async (): Promise<readonly PodObject[]> =>
  (
    await fixture.cluster.admin.request<{ items: PodObject[] }>({
      method: 'GET',
      path: `/api/v1/namespaces/${NAMESPACE}/pods`,
    })
  ).items

/** Waits until the only Pod is ready. Returns its name. */
const untilReady = (): Promise<string> =>
  eventually(async () => {
    const [pod, ...others] = await daemonPods()
    assert.deepEqual(others, [])
    const ready = pod?.status?.conditions?.find(({ type }) => type === 'Ready')
    assert.equal(ready?.status, 'True', JSON.stringify(pod?.status))
    return pod?.metadata.name ?? ''
  }, 120_000)

const readHash = () => readProviderHash(fixture)

/** When the files of the program and of the flags were changed last. */
const changeTimes = (): readonly number[] =>
  [
    join(folder, 'opt', 'acr-nopass', 'config.yaml'),
    join(folder, 'opt', 'acr-nopass', 'node.json'),
    join(folder, 'opt', 'acr-nopass', 'bin', 'node'),
    FLAG_FILE(),
  ].map((path) => statSync(path).ctimeMs)

/** The writes of `apply` and its Helm since then, without dry runs and reviews of rights. */
const writesSince = (from: number) =>
  readAuditLog(fixture.cluster)
    .slice(from)
    .filter(({ verb, userAgent = '', requestURI }) => {
      const isOurs = userAgent.startsWith('acr-nopass/') || /^helm/i.test(userAgent)
      return isOurs && /^(create|update|patch|delete)/.test(verb) && !/dryRun=All|reviews/.test(requestURI)
    })
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)

test('apply refuses a namespace that does not exist, and a deployer who may not create the DaemonSet, before the first write', async () => {
  const { admin } = fixture.cluster
  const from = readAuditLog(fixture.cluster).length
  const absent = await apply()
  assert.equal(absent.status, 'failed')
  assert.match(absent.error?.message ?? '', /namespaces "acr-nopass-node" not found/)
  assert.match(absent.error?.hint ?? '', /`node\.createNamespace: true`/)

  await type((await readPage()).namespace)
  const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }
  const groups = ['', 'policy', 'rbac.authorization.k8s.io', 'coordination.k8s.io', 'admissionregistration.k8s.io']
  const most = { apiGroups: groups, resources: ['*'], verbs: ['*'] }
  const deployments = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }
  const RBAC = '/apis/rbac.authorization.k8s.io/v1'
  const role = { metadata: { name: 'deployer' }, rules: [everything, most, deployments] }
  await admin.request({ method: 'POST', path: `${RBAC}/clusterroles`, body: role })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'deployer' }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'deployer' }]
  const binding = { metadata: { name: 'deployer' }, roleRef, subjects }
  await admin.request({ method: 'POST', path: `${RBAC}/clusterrolebindings`, body: binding })
  const file = join(folder, 'deployer')
  writeFileSync(file, fixture.cluster.kubeconfigFor('deployer', [], 60))
  await eventually(async () => {
    const { error } = await apply({}, [], file)
    assert.equal(error?.code, 'DEPLOYER_FORBIDDEN')
    assert.match(error.message, /^the deployer may not create daemonsets\.apps in acr-nopass-node/)
    assert.doesNotMatch(error.message, /deployments/)
  }, 60_000)
  assert.deepEqual(writesSince(from), [])
})

test('P16 apply gives a real kubelet the program, is done when the node has it, and a Pod pulls without a Secret', async () => {
  writeFileSync(FLAG_FILE(), 'KUBELET_EXTRA_ARGS="--v=3"\n')
  await fixture.node.restartKubelet(readFlags())
  await fixture.namespace('shop')
  const { status, notes, error } = await apply()
  assert.equal(status, 'deployed', `${error?.message}\n${notes.join('\n')}`)
  assert.match(notes.join('\n'), /^nodes: 1 of 1 are ready$/m)
  // The helper serves other namespaces.
  assert.match(notes.join('\n'), /^registries: demo /m)
  const config = readFileSync(join(folder, 'opt', 'acr-nopass', 'config.yaml'), 'utf8')
  assert.equal(await readHash(), hashOfProviders(config))
  assert.equal(readFlags()[0], '--v=3')
  assert.equal(restarts, 1)
  await fixture.pod('shop', 'after', { pull: 'Always' })
  await fixture.until('shop', 'after', 'running', 60_000)
  const lease = await fixture.cluster.admin.request<{ spec: { holderIdentity: string } }>({
    method: 'GET',
    path: LEASE,
  })
  assert.equal(lease.spec.holderIdentity, '')
})

test("the page's commands show that the rollout is complete, the Pod of the node, and its log", async () => {
  const { rollout, logs } = await readPage()
  expectSample('node-daemon-rollout', await type(rollout))
  const output = await type(logs)
  assert.match(output, /^acr-nopass-node-\S+ +1\/1 +Running .* node-1 /m)
  assert.match(output, /"node":"node-1","ready":true,"msg":"the node has the program and the kubelet is healthy"/)
})

test('a second apply changes nothing in the cluster and on the node', async () => {
  const before = [changeTimes(), restarts, await untilReady()]
  const { status, notes } = await apply()
  assert.equal(status, 'unchanged', notes.join('\n'))
  assert.match(notes.join('\n'), /^nodes: 1 of 1 are ready$/m)
  assert.deepEqual([changeTimes(), restarts, await untilReady()], before)
})

test('a new Pod of the DaemonSet writes nothing and restarts nothing', async () => {
  const before = changeTimes()
  const old = await untilReady()
  await fixture.cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${NAMESPACE}/pods/${old}` })
  await eventually(async () => assert.notEqual(await untilReady(), old), 60_000)
  assert.deepEqual([changeTimes(), restarts], [before, 1])
})

test('flags that another program removed come back at once, and the kubelet has the configuration', async () => {
  writeFileSync(FLAG_FILE(), 'KUBELET_EXTRA_ARGS="--v=3"\n')
  await eventually(() => assert.deepEqual([readFlags().length, restarts], [3, 2]), 60_000)
  await eventually(async () => assert.notEqual(await readHash(), undefined), 60_000)
  await untilReady()
})

test('with `node.remove` the Pod is ready when nothing is left on the node', async () => {
  const { status, notes } = await apply({ remove: true })
  assert.equal(status, 'deployed', notes.join('\n'))
  assert.match(notes.join('\n'), /^nodes: 1 of 1 are ready$/m)
  assert.equal(await readHash(), undefined)
  assert.deepEqual([await inNode(['ls', '-A', '/opt']), readFlags()], ['', ['--v=3']])
  assert.match(await type((await readPage()).rollout), /successfully rolled out/)
})

test('with `node.enabled: false`, apply removes the DaemonSet and its rights, and keeps the helper', async () => {
  const { status, notes } = await apply({ enabled: false })
  assert.equal(status, 'deployed', notes.join('\n'))
  await eventually(async () => assert.deepEqual(await daemonPods(), []), 60_000)
  const own = { labelSelector: `${LABEL}=${NAME}` }
  for (const path of [
    `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets`,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`,
    `/api/v1/namespaces/${NAMESPACE}/configmaps`,
  ]) {
    const { items } = await fixture.cluster.admin.request<KubeList<KubeObject>>({ method: 'GET', path, query: own })
    assert.deepEqual(items, [], path)
  }
  assert.equal((await helper.pods()).length, 1)
})

/** Runs the program as a process, for a node whose namespaces this process has. */
async function startDaemon(node: string, pid: number, health: string, files: string): Promise<ChildProcess> {
  const { cluster } = fixture
  const account = join(folder, `account-${node}`)
  mkdirSync(account, { recursive: true })
  writeFileSync(join(account, 'token'), await cluster.serviceAccountToken(NAMESPACE, NAME, [], 3600))
  writeFileSync(join(account, 'ca.crt'), cluster.caPem)
  const config = join(folder, 'node.json')
  writeFileSync(config, JSON.stringify(valuesOf()))
  const flags = {
    config,
    node,
    namespace: NAMESPACE,
    lease: NAME,
    host: '127.0.0.1',
    port: '0',
    files,
    pid: String(pid),
    'serviceaccount-dir': account,
    'node-licence': join(ROOT, 'LICENSE'),
    'health-url': health,
    'health-seconds': '12',
  }
  const { hostname, port } = new URL(cluster.server)
  const daemon = spawn(
    process.execPath,
    [join(files, 'daemon.mjs'), ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)],
    {
      env: { PATH: process.env.PATH, TMPDIR: folder, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  daemons.push(daemon)
  return daemon
}

/** Collects the log of a daemon until a line matches. */
function untilLine(daemon: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error(`the log has no ${pattern}: ${text}`))
    const limit = setTimeout(fail, 120_000)
    daemon.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (!pattern.test(text)) return
      clearTimeout(limit)
      resolve(text)
    })
    daemon.once('close', fail)
  })
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  const closed = new Promise((resolve) => daemon.once('close', resolve))
  daemon.kill('SIGTERM')
  await closed
}

test('a configuration that ends the real kubelet is undone, and no second node is changed until the mark is removed', async () => {
  const { admin } = fixture.cluster
  // The Lease and its rights, without a Pod: both nodes are processes here.
  const idle = await apply({ nodeSelector: { 'kubernetes.io/arch': 'none' } }, ['--verify', 'false'])
  assert.equal(idle.status, 'deployed', idle.error?.message)
  const broken = join(folder, 'broken')
  cpSync(image, broken, { recursive: true })
  const script = join(broken, 'install.sh')
  const body = readFileSync(script, 'utf8')
  const steps = `  write_settings "$WORK"\n  check_version\n  make_plan\n  apply_plan`
  assert.ok(body.includes(steps))
  writeFileSync(
    script,
    body.replace(steps, steps.replace('\n', `\n  sed -i '/defaultCacheDuration/d' "$WORK/provider.json"\n`)),
  )
  const [flags, hash, before] = [readFlags(), await readHash(), second.files()]
  const first = await startDaemon('node-1', fixture.node.containerd.id.pid, `${manager.url}/healthz`, broken)
  const log = await untilLine(first, /NODE_STOPPED/)
  assert.match(log, /NODE_UNDONE: the kubelet was not healthy with the new configuration; everything was undone/)
  assert.deepEqual([readFlags(), await readHash()], [flags, hash])
  await end(first)

  const other = await startDaemon('node-2', secondHost.pid, second.health, image)
  assert.match(await untilLine(other, /NODE_STOPPED/), /node node-1, .*NODE_UNDONE/)
  assert.deepEqual(second.files(), before)
  await end(other)
  const lease = await admin.request<KubeObject>({ method: 'GET', path: LEASE })
  assert.match(lease.metadata.annotations?.[NODE_STOP_ANNOTATION] ?? '', /"node":"node-1"/)

  assert.match(await type((await readPage()).unmark), / annotated\n$/)
  const again = await startDaemon('node-2', secondHost.pid, second.health, image)
  await untilLine(again, /"ready":true/)
  assert.ok(second.isHealthy())
  await end(again)
})
