import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { PluginFacts } from '../../src/doctor/observed.ts'
import { readFailures } from '../../src/doctor/read/kubelet-log.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { fixture as doctorFixture } from '../doctor/fixture.ts'
import { nodeRegistry, nodeSettings } from '../provider/node-settings.ts'
import { openHelm, scenario } from '../support/chart/chart.ts'
import { trustHelper } from '../support/cloud/trust-helper.ts'
import { eventually } from '../support/eventually.ts'
import { isInEtcd, LOGIN } from '../support/node/etcd-files.ts'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { requestOf, runProgram } from '../support/node/provider-bench.ts'
import { type ProviderNode, prepareProvider } from '../support/node/provider-node.ts'
import { readByDoctor } from '../support/node/read-by-doctor.ts'
import { WORKER_ROLE } from '../support/registry/private-registry.ts'
import { testWorkerRole } from './worker-role-suite.ts'

// A real kubelet that asks the program for logins. No helper is installed.

let fixture: NodeFixture
let provider: ProviderNode
before(async () => {
  fixture = await openNodeFixture(AbortSignal.timeout(20 * 60_000))
  provider = await prepareProvider(fixture)
  for (const image of ['team-a/app', 'team-b/app', 'base/os']) await fixture.push('1', image)
})
after(() => fixture?.[Symbol.asyncDispose]())

const DENIED = /^(ErrImagePull|ImagePullBackOff): .*(insufficient_scope|authorization failed|denied)/
const PULL = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']

/** Calls that succeeded. Refused Pods of other tests still retry. */
const callsOf = (action: string): number =>
  fixture.cloud.calls.filter((call) => call.action === action && call.status === 200).length

testWorkerRole(() => [fixture, provider])

test('a cloud that never responds delays a Pod by three seconds at most, also one with a valid Secret, and the log of the kubelet names the fix in one line', async () => {
  await fixture.namespace('secret', { secrets: [SECRET] })
  // The Secret is made from a login of the helper, which is what the search in etcd finds.
  await fixture.writeSecret('secret', await fixture.pullToken())
  assert.equal(isInEtcd(fixture.cluster, LOGIN), true)
  provider.changeLogins((record) => ({ ...record, boot: 'before' }))
  await fixture.push('1', 'team/slow')
  fixture.cloud.faults.add({ kind: 'hang', times: 1000, match: { action: 'GetAuthorizationToken' } })
  const before = await provider.calls()
  try {
    await fixture.pod('secret', 'slow', { image: 'team/slow:1', pull: 'Always' })
    await fixture.until('secret', 'slow', 'running', 60_000)
  } finally {
    fixture.cloud.faults.clear()
  }
  const after = await provider.calls()
  const seconds = (after.seconds - before.seconds) / (after.count - before.count)
  // A busy machine adds seconds to the three; the kubelet would wait for a minute.
  assert.ok(seconds > 2 && seconds < 15, `${seconds} s`)
  const log = readFileSync(join(fixture.node.run.folder, 'kubelet.log'), 'utf8').split('\n')
  const line = log.find((one) => one.includes('Failed to provide credentials for image'))
  assert.match(line ?? '', /exit status 1: NODE_TIMEOUT: .*; fix: Check from the node: .*team\/slow/)
})

const ROLES: Record<string, string> = {}

test('each ServiceAccount pulls with its own role: A pulls its images, B and one with the annotation of A are refused, also from the image cache', async () => {
  const { cloud, cluster } = fixture
  const helm = await openHelm('helm4')
  const accounts = [
    { namespace: 'a-1', name: 'app' },
    { namespace: 'b-1', name: 'app' },
  ].map((one) => ({ ...one, role: `acs:ram::${cloud.accountId}:role/${one.namespace}` }))
  // The chart's own objects let nodes request tokens for STS.
  const manifest = await helm.render({ values: [scenario('minimal'), { node: { serviceAccounts: accounts } }] })
  const objects = parseManifest(manifest).filter(({ name }) => name.endsWith('.node-audience'))
  assert.deepEqual(objects.map(({ kind }) => kind).sort(), ['ClusterRole', 'ClusterRoleBinding'])
  for (const { kind, body } of objects) {
    const path = `/apis/rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s`
    await cluster.admin.request({ method: 'POST', path, body })
  }
  await helm[Symbol.asyncDispose]()
  for (const { namespace, name, role } of accounts) {
    trustHelper(cloud, cluster, { role: namespace, namespace, serviceAccount: name, actions: PULL })
    ROLES[namespace] = role
    await fixture.namespace(namespace)
    await account(namespace, name, role)
  }
  await account('a-1', 'other', ROLES['a-1'])
  await provider.use({ node: {}, registries: teams })
  const pull = async (namespace: string, pod: string, image: string, serviceAccount = 'app'): Promise<void> =>
    fixture.pod(namespace, pod, { image, pull: 'Always', serviceAccount })
  await fixture.push('sa', 'team-a/app')
  await pull('a-1', 'own', 'team-a/app:sa')
  await fixture.until('a-1', 'own', 'running', 60_000)
  await pull('a-1', 'base', 'base/os:1')
  await pull('a-1', 'foreign', 'team-b/app:1')
  await pull('b-1', 'own', 'team-b/app:1')
  await pull('b-1', 'foreign', 'team-a/app:sa')
  await pull('a-1', 'other', 'team-a/app:sa', 'other')
  await fixture.pod('b-1', 'cached', { image: 'team-a/app:sa', serviceAccount: 'app' })
  await fixture.pod('a-1', 'cached', { image: 'team-a/app:sa', serviceAccount: 'other' })
  await fixture.pod('a-1', 'again', { image: 'team-a/app:sa', serviceAccount: 'app' })
  for (const [namespace, pod] of [
    ['a-1', 'base'],
    ['b-1', 'own'],
    ['a-1', 'again'],
  ] as const) {
    await fixture.until(namespace, pod, 'running', 60_000)
  }
  for (const [namespace, pod] of [
    ['a-1', 'foreign'],
    ['b-1', 'foreign'],
    ['a-1', 'other'],
    ['b-1', 'cached'],
    ['a-1', 'cached'],
  ] as const) {
    await fixture.until(namespace, pod, DENIED, 60_000)
  }
})

test('fifty Pods of a ServiceAccount at once make one session and one login', async () => {
  trustHelper(fixture.cloud, fixture.cluster, {
    role: 'crowd',
    namespace: 'a-1',
    serviceAccount: 'crowd',
    actions: PULL,
  })
  await account('a-1', 'crowd', `acs:ram::${fixture.cloud.accountId}:role/crowd`)
  await fixture.push('crowd', 'team-a/app')
  const before = [callsOf('AssumeRoleWithOIDC'), callsOf('GetAuthorizationToken')] as const
  const names = Array.from({ length: 50 }, (_, index) => `crowd-${index}`)
  const image = 'team-a/app:crowd'
  await Promise.all(names.map((name) => fixture.pod('a-1', name, { image, pull: 'Always', serviceAccount: 'crowd' })))
  for (const name of names) await fixture.until('a-1', name, 'running', 90_000)
  assert.deepEqual([callsOf('AssumeRoleWithOIDC') - before[0], callsOf('GetAuthorizationToken') - before[1]], [1, 1])
})

test('while the cloud is down for longer than a login lives, a cached image of a ServiceAccount starts, for this ServiceAccount only', async () => {
  const hours = 30 * 3_600_000
  const changed = provider.changeLogins(({ login, ...rest }) => {
    return login === undefined ? rest : { ...rest, login: { ...login, cloudAhead: login.cloudAhead + hours } }
  })
  assert.ok(changed > 0)
  fixture.cloud.control.expireTokens()
  fixture.cloud.faults.add({ kind: 'empty', times: 1000, match: { product: 'cr' } })
  fixture.cloud.faults.add({ kind: 'empty', times: 1000, match: { product: 'Sts' } })
  try {
    // A restarted kubelet has no login in its memory.
    await provider.use({ node: {}, registries: teams })
    await fixture.pod('a-1', 'outage', { image: 'team-a/app:sa', serviceAccount: 'app' })
    await fixture.pod('a-1', 'outage-other', { image: 'team-a/app:sa', serviceAccount: 'other' })
    await fixture.until('a-1', 'outage', 'running', 60_000)
    await fixture.until('a-1', 'outage-other', /^(ErrImagePull|ImagePullBackOff): /, 60_000)
  } finally {
    fixture.cloud.faults.clear()
  }
})

test('a name server that never responds does not hold the program longer than three seconds', async () => {
  const server = createSocket('udp4')
  server.bind(53, '127.0.0.99')
  await once(server, 'listening')
  const folder = fixture.node.run.folder
  const [resolv, config] = [join(folder, 'silent-resolv.conf'), join(folder, 'silent.json')]
  writeFileSync(resolv, 'nameserver 127.0.0.99\n')
  const endpoints = { imds: await fixture.cloud.imdsFor(WORKER_ROLE) }
  writeFileSync(config, JSON.stringify(nodeSettings({ endpoints, registries: [nodeRegistry('a')] })))
  const script = 'mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && shift && exec "$@"'
  const program = [process.execPath, provider.bundle, '--config', config, '--cache-dir', join(folder, 'silent')]
  const run = await runProgram(
    'unshare',
    ['-m', '/bin/sh', '-c', script, 'sh', resolv, ...program],
    requestOf({ image: `${fixture.domain}/team/app` }),
  )
  server.close()
  assert.deepEqual([run.code, run.stderr.split(':')[0]], [1, 'NODE_TIMEOUT'])
  assert.ok(run.milliseconds < 20_000, `${run.milliseconds} ms`)
})

const findingsOf = (plugins: PluginFacts): readonly string[] =>
  diagnose(doctorFixture({ plugins, config: { retire: true }, status: { retired: true } }))
    .map(({ id }) => id)
    .filter((id) => id.startsWith('NODE_'))

/** The lines that the kubelet has logged, as a query of its log returns them. */
const failuresInLog = () =>
  readFailures(readFileSync(join(fixture.node.run.folder, 'kubelet.log'), 'utf8'), provider.program, Date.now())

test('doctor recognizes the configuration of a real kubelet by its hash, and the right to request tokens', async () => {
  await provider.use({ node: {}, registries: teams })
  await fixture.pod('a-1', 'seen', { image: 'team-a/app:sa', pull: 'Always', serviceAccount: 'app' })
  await fixture.until('a-1', 'seen', 'running', 60_000)
  const facts = await readByDoctor([fixture, provider])
  const [node] = facts.nodes
  assert.deepEqual([node?.config, node?.identity], ['ours', 'service-account'])
  assert.ok((node?.calls ?? 0) > 0)
  assert.ok(Math.abs(node?.aheadMs ?? 0) < 60_000)
  assert.equal(facts.mayRequestTokens, true)
  // Pods of other tests are refused again and again.
  assert.deepEqual(findingsOf({ ...facts, nodes: facts.nodes.map((one) => ({ ...one, errors: 0 })) }), [])
})

test('doctor names a removed ClusterRole, which no Event shows, and the Pod that fails because of it', async () => {
  const { admin } = fixture.cluster
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
  const { items } = await admin.request<{ items: { metadata: { name: string } }[] }>({ method: 'GET', path })
  const { name } = items.find(({ metadata }) => metadata.name.endsWith('.node-audience'))?.metadata ?? {}
  assert.ok(name)
  await admin.request({ method: 'DELETE', path: `${path}/${name}` })
  await eventually(async () => {
    const facts = await readByDoctor([fixture, provider])
    assert.ok(findingsOf(facts).includes('NODE_AUDIENCE_DENIED'), JSON.stringify(facts))
  }, 90_000)
  await fixture.push('denied', 'team-a/app')
  await fixture.pod('a-1', 'denied', { image: 'team-a/app:denied', pull: 'Always', serviceAccount: 'app' })
  await fixture.until('a-1', 'denied', DENIED, 60_000)
  assert.ok(failuresInLog()?.some(({ kind, pod }) => kind === 'audience' && pod === 'a-1/denied'))
})

test('doctor names a program that was removed under a running kubelet, and a timeout of the program', async () => {
  await provider.use({ node: { identity: 'worker-role', unbounded: true }, registries: teams })
  provider.moveProgram(false)
  try {
    await fixture.push('gone', 'base/os')
    await fixture.pod('shop', 'gone', { image: 'base/os:gone', pull: 'Always' })
    await fixture.until('shop', 'gone', DENIED, 60_000)
    const failures = failuresInLog() ?? []
    // Pods of other tests fail for the same reason when they try again.
    const own = failures.filter(({ kind, image }) => kind === 'program' && image?.endsWith('/base/os'))
    assert.ok(own.length > 0)
    const timeout = failures.find(({ kind }) => kind === 'NODE_TIMEOUT')
    assert.match(timeout?.fix ?? '', /^Check /)
    const facts = await readByDoctor([fixture, provider], 'worker-role')
    assert.ok((facts.nodes[0]?.errors ?? 0) > 0)
    assert.deepEqual(findingsOf(facts), ['NODE_LOGIN_FAILED'])
    const nodes = facts.nodes.map((one) => ({ ...one, failures: own }))
    assert.deepEqual(findingsOf({ ...facts, nodes }), ['NODE_PROGRAM_MISSING'])
  } finally {
    provider.moveProgram(true)
  }
})

test('doctor names a node that has lost its flags', async () => {
  await fixture.node.restartKubelet([])
  const facts = await readByDoctor([fixture, provider])
  assert.deepEqual([facts.nodes[0]?.config, facts.nodes[0]?.calls], ['none', 0])
  assert.deepEqual(findingsOf({ ...facts, grantsTokens: true }), ['NODE_WITHOUT_PLUGIN'])
})

const teams = [
  { name: 'base', repositories: ['base/*'], limit: 'repositories' },
  ...['a', 'b'].map((name) => ({
    name: `team-${name}`,
    repositories: [`team-${name}/*`],
    limit: 'repositories',
    targets: { namespaces: { include: [`${name}-*`] } },
  })),
]

/** Creates a ServiceAccount with a role in our annotation. */
async function account(namespace: string, name: string, role = ''): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
  const metadata = { name, annotations: { 'acr-nopass.io/role-arn': role } }
  await fixture.cluster.admin.request({ method: 'POST', path, body: { metadata } })
}
