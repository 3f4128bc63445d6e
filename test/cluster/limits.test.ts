import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startRegistry } from '../../sandbox/registry/start-registry.ts'
import type { FindingId } from '../../src/doctor/finding.ts'
import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { INSTANCE, teamSeed } from '../support/cloud/team-seed.ts'
import { trustHelper } from '../support/cloud/trust-helper.ts'
import { rolledOut } from '../support/cluster/app-deployment.ts'
import { watchPulls } from '../support/cluster/pull-watch.ts'
import { eventually } from '../support/eventually.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { runDoctor } from './doctor/run-doctor.ts'
import { contentOf, HOME, openHelperCluster, RELEASE } from './helper-cluster.ts'

/**
 * Helper, API server and registry are real. Only the cloud is emulated, which evaluates the session
 * policies.
 */
const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const OTHER_DOMAIN = 'shared-registry.cn-beijing.cr.aliyuncs.com'
const READER = 'acs:ram::1867204395510376:role/image-reader'
const REPOSITORIES = ['base/os', 'shared/base', 'shared/tools', 'team-a/app', 'team-b/app']

const helperCluster = await openHelperCluster('limits', undefined, { cloud: { seed: await teamSeed() } })
const { admin, chart, cloud } = helperCluster
const tools = await ensureTools(['registry'], { progress: silentProgress, signal: AbortSignal.timeout(30 * 60_000) })
const registry = await startRegistry({ tools, auth: cloud.registryAuth })
after(async () => {
  await helperCluster[Symbol.asyncDispose]()
  await registry.stop()
})
const push = registryClient(registry.url, cloud.registryPush)
for (const repository of REPOSITORIES) assert.equal(await push.push(repository, '1', repository), 201)

const identity = trustHelper(cloud, chart.cluster, {
  role: 'helper',
  namespace: HOME,
  serviceAccount: RELEASE,
  actions: ['cr:*', 'sts:AssumeRole'],
})
const values = { replicas: 1, identity, region: 'cn-hangzhou', endpoints: { registry: registry.url } }
const entry = (name: string) => ({ name, edition: 'enterprise', instanceId: INSTANCE, region: 'cn-hangzhou' })
const labelled = (matchLabels: Readonly<Record<string, string>>) => ({
  targets: { namespaces: { selector: { matchLabels } } },
})
/** The role of another account. */
const shared = {
  ...entry('shared'),
  instanceId: 'cri-p4c8r2f6j0v9n1l5',
  region: 'cn-beijing',
  repositories: ['shared/base'],
  assumeRole: [{ roleArn: READER, externalId: 'acme-shared-images' }],
  ...labelled({ team: 'a' }),
}
const UNLIMITED = [
  { ...entry('base'), repositories: ['base/*'], targets: { namespaces: { exclude: ['loose'] } } },
  { ...entry('team-a'), repositories: ['team-a/*'], ...labelled({ team: 'a' }) },
  { ...entry('team-b'), repositories: ['team-b/*'], ...labelled({ team: 'b' }) },
  shared,
  { ...entry('long-1'), repositories: longList('one'), ...labelled({ 'long-1': 'yes' }) },
  { ...entry('long-2'), repositories: longList('two'), ...labelled({ 'long-2': 'yes' }) },
  { ...entry('loose'), repositories: ['loose/*'], ...labelled({ loose: 'yes' }) },
]
/** A list that fits into a session policy, but not together with another list. */
function longList(name: string): readonly string[] {
  return Array.from({ length: 15 }, (_, index) => `team-b/an-image-of-list-${name}-${index}`)
}
const PROBES: Readonly<Record<string, string>> = {
  base: 'base/os',
  'team-a': 'team-a/app',
  'team-b': 'team-b/app',
  shared: 'shared/base',
}
const LIMITED = UNLIMITED.map((one) => {
  const probe = PROBES[one.name]
  return { ...one, limit: 'repositories', ...(probe !== undefined && { probe }) }
})

const TEAMS = ['a-1', 'a-2', 'b-1']
for (const name of TEAMS) await chart.createNamespace(name, { team: name.charAt(0) })

type Auths = Readonly<Record<string, { readonly auth: string }>>
const authsIn = async (namespace: string): Promise<Auths> =>
  JSON.parse(contentOf(await helperCluster.secret(namespace)) || '{"auths":{}}').auths
const loginIn = async (namespace: string, domain = DOMAIN): Promise<string> =>
  Buffer.from((await authsIn(namespace))[domain]?.auth ?? '', 'base64').toString()
/** Returns the repositories of a domain's instance that a namespace's login pulls. */
async function pulled(namespace: string, domain = DOMAIN): Promise<readonly string[]> {
  const [username = '', password = ''] = (await loginIn(namespace, domain)).split(':')
  const client = registryClient(registry.url, { username, password })
  const statuses = await Promise.all(REPOSITORIES.map(async (name) => (await client.pull(name, '1')).status))
  return REPOSITORIES.filter((_, index) => statuses[index] === 200)
}
async function status(): Promise<HelperStatus> {
  const found = await helperCluster.status()
  assert.ok(found)
  return found
}
/** Returns the status of the credential that is limited to this list. */
async function limitedTo(...repositories: readonly string[]): Promise<RegistryStatus> {
  const found = (await status()).registries.find(({ limit }) => limit?.repositories.join() === repositories.join())
  assert.ok(found, `no credential is limited to ${repositories}`)
  return found
}
const label = (namespace: string, labels: Readonly<Record<string, string>>) =>
  admin.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}`,
    contentType: MERGE_PATCH,
    body: { metadata: { labels } },
  })
const lists = async (): Promise<readonly string[]> =>
  (await status()).registries.map(({ limit }) => limit?.repositories.join() ?? 'role').sort()
/**
 * Returns the callers' sessions of an operation's successful calls, from this position in the log
 * on.
 */
const calls = (action: string, from: number): readonly string[] =>
  cloud.calls
    .slice(from)
    .filter((call) => call.action === action && call.code === '')
    .map(({ principal }) => principal.split('/').slice(1).join('/'))
    .sort()

/** Returns the severity, the subject and the message of doctor's findings with this id. */
async function foundBy(id: FindingId, ...args: readonly string[]): Promise<readonly string[]> {
  const { report } = await runDoctor(chart.cluster.adminKubeconfigFile, args)
  const found = report.findings.filter((one) => one.id === id)
  return found.map(({ severity, subject, message }) => `${severity} ${subject}: ${message}`)
}
/** Creates a Pod that no kubelet runs, and whose container has this state. */
async function pod(namespace: string, name: string, image: string, state: object): Promise<void> {
  const body = {
    metadata: { name },
    spec: { nodeSelector: { place: 'nowhere' }, containers: [{ name: 'app', image }] },
  }
  const path = `/api/v1/namespaces/${namespace}/pods`
  await admin.request({ method: 'POST', path, body })
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state }]
  const status = { phase: 'waiting' in state ? 'Pending' : 'Running', containerStatuses }
  await admin.request({
    method: 'PATCH',
    path: `${path}/${name}/status`,
    contentType: MERGE_PATCH,
    body: { status },
  })
}

test('limit: role: the credential in each namespace pulls the images of all teams', async () => {
  await helperCluster.install(values, { registries: UNLIMITED })
  const all = ['base/os', 'team-a/app', 'team-b/app']
  for (const name of TEAMS) await eventually(async () => assert.deepEqual(await pulled(name), all), 60_000)
  await eventually(
    async () => assert.deepEqual(await pulled('a-1', OTHER_DOMAIN), ['shared/base', 'shared/tools']),
    60_000,
  )
})

test('a change to limit: repositories: Pods pull their own images at every moment, and then nothing else', async () => {
  const watch = watchPulls(
    admin,
    registry.url,
    [
      ['a-1', 'team-a/app'],
      ['b-1', 'team-b/app'],
    ].map(([namespace = '', name]) => ({ namespace, serviceAccount: 'default', image: `${DOMAIN}/${name}:1` })),
  )
  await watch.phase('role')
  await helperCluster.install(values, { registries: LIMITED })
  await rolledOut(admin, HOME, RELEASE)
  await eventually(
    async () => assert.deepEqual(await lists(), ['base/*', 'base/*,team-a/*', 'base/*,team-b/*', 'shared/base']),
    60_000,
  )
  await eventually(async () => assert.deepEqual(await pulled('b-1'), ['base/os', 'team-b/app']), 60_000)
  await eventually(async () => {
    assert.deepEqual(await pulled('a-1'), ['base/os', 'team-a/app'])
    assert.deepEqual(await pulled('a-1', OTHER_DOMAIN), ['shared/base'])
    assert.deepEqual(await authsIn('a-2'), await authsIn('a-1'))
  }, 60_000)
  await watch.phase('limited')
  const { pulls, failed } = await watch.stop()
  assert.deepEqual(failed, [])
  for (const phase of ['role', 'limited']) assert.ok((pulls[phase] ?? 0) > 2, phase)
})

test('doctor names running Pods whose images the limit of their namespace excludes, and Pods that wait for such an image', async () => {
  const image = `${DOMAIN}/team-b/app:1`
  await pod('a-1', 'runs', image, { running: {} })
  await pod('b-1', 'own', image, { running: {} })
  const where = 'the credential of their namespace is limited to other repositories'
  await eventually(async () => {
    assert.deepEqual(await foundBy('POD_OUTSIDE_LIMIT'), [`warning 1 image: ${where}: team-b/app (Pod a-1/runs)`])
  }, 60_000)
  await pod('a-1', 'waits', image, { waiting: { reason: 'ImagePullBackOff', message: 'insufficient_scope' } })
  for (const args of [[], ['pod', 'a-1/waits']])
    assert.match((await foundBy('POD_OUTSIDE_LIMIT', ...args)).join('\n'), /^error Pod a-1\/waits: .*cannot pull /)
  for (const [namespace, name] of [
    ['a-1', 'runs'],
    ['a-1', 'waits'],
    ['b-1', 'own'],
  ])
    await admin.request({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      query: { gracePeriodSeconds: '0' },
    })
})

/**
 * Requests a rotation. Waits until each login of the teams is replaced, and until the status says
 * so: a later leader would repeat a rotation that is not in the status.
 */
async function rotate(): Promise<void> {
  const before = await Promise.all(TEAMS.map(authsIn))
  const handled = (await helperCluster.status())?.lastHandledRefresh
  await helperCluster.requestRotation()
  await eventually(async () => {
    for (const [index, name] of TEAMS.entries()) {
      const now = await authsIn(name)
      for (const [domain, login] of Object.entries(before[index] ?? {})) assert.notDeepEqual(now[domain], login)
    }
    assert.notEqual((await helperCluster.status())?.lastHandledRefresh, handled)
  }, 60_000)
}

test('a rotation requests one limited session and one token for each list, whatever the number of namespaces', async () => {
  // This leader may not have a session of the second-to-last role yet.
  await rotate()
  const uid = (await helperCluster.secret('a-1'))?.metadata.uid
  const from = cloud.calls.length
  await rotate()
  assert.equal((await helperCluster.secret('a-1'))?.metadata.uid, uid)
  assert.deepEqual(await authsIn('a-1'), await authsIn('a-2'))
  assert.deepEqual(await pulled('a-1'), ['base/os', 'team-a/app'])
  assert.deepEqual(await pulled('b-1'), ['base/os', 'team-b/app'])
  assert.deepEqual(calls('GetAuthorizationToken', from), [
    'helper/acr-nopass.acr-system.base',
    'helper/acr-nopass.acr-system.base.and-1-more',
    'helper/acr-nopass.acr-system.base.and-1-more',
    'image-reader/acr-nopass.acr-system.shared',
  ])
  // The second-to-last role is shared, and its session is still valid.
  assert.deepEqual([calls('AssumeRoleWithOIDC', from).length, calls('AssumeRole', from).length], [3, 1])
})

test('a new leader serves a new namespace with the credential that its list already has', async () => {
  const leader = await helperCluster.leader()
  const before = await authsIn('a-1')
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${HOME}/pods/${leader.name}` })
  await eventually(async () => assert.notEqual((await helperCluster.leader()).uid, leader.uid), 60_000)
  await chart.createNamespace('a-3', { team: 'a' })
  await eventually(async () => assert.deepEqual(await authsIn('a-3'), before), 60_000)
  assert.deepEqual(await authsIn('a-1'), before)
})

test('a namespace that gets another label, or an entry that gets other targets, moves to the credential of the other list', async () => {
  const from = cloud.calls.length
  const pod = await helperCluster.leader()
  const other = await loginIn('a-1', OTHER_DOMAIN)
  await label('a-2', { team: 'b' })
  await eventually(async () => assert.deepEqual(await authsIn('a-2'), await authsIn('b-1')), 60_000)
  const moved = LIMITED.map((one) => (one.name === 'team-b' ? { ...one, ...labelled({ team: 'a' }) } : one))
  await helperCluster.install(values, { registries: moved })
  await eventually(async () => assert.deepEqual(await pulled('a-1'), ['base/os', 'team-a/app', 'team-b/app']), 60_000)
  await eventually(async () => assert.deepEqual(await pulled('b-1'), ['base/os']), 60_000)
  // The Pod that replaced the former leader may prove its lists meanwhile.
  assert.ok(calls('GetAuthorizationToken', from).includes('helper/acr-nopass.acr-system.base.and-2-more'))
  assert.equal(await loginIn('a-1', OTHER_DOMAIN), other)
  await helperCluster.install(values, { registries: LIMITED })
  await eventually(async () => assert.deepEqual(await pulled('a-1'), ['base/os', 'team-a/app']), 60_000)
  assert.deepEqual(await helperCluster.leader(), pod)
})

test('a namespace whose new list does not fit into a session policy keeps its credential, and the status names the list', async () => {
  await chart.createNamespace('long', { 'long-1': 'yes' })
  const before = await eventually(async () => {
    const auths = await authsIn('long')
    assert.ok(DOMAIN in auths)
    return auths
  }, 60_000)
  await label('long', { 'long-2': 'yes' })
  await eventually(async () => {
    const { state, error } = await limitedTo('base/*', ...longList('one').toSorted(), ...longList('two').toSorted())
    assert.deepEqual([state, error?.code], ['pending', 'LIMIT_TOO_LONG'])
  }, 60_000)
  assert.deepEqual(await authsIn('long'), before)
})

test('a registry that refuses limited sessions: the credential in use stays, and a first one is withheld', async () => {
  cloud.control.breakSessionPolicies('refused-by-registry')
  const before = await authsIn('a-1')
  await chart.createNamespace('refused', { loose: 'yes' })
  await helperCluster.requestRotation()
  await eventually(async () => {
    for (const [list, state] of [
      ['base/*,team-a/*', 'failing'],
      ['base/*,loose/*', 'pending'],
    ] as const) {
      const found = await limitedTo(...list.split(','))
      assert.deepEqual([found.state, found.error?.code], [state, 'LIMIT_NOT_ACCEPTED'])
    }
  }, 60_000)
  assert.deepEqual(await authsIn('a-1'), before)
  assert.equal(await helperCluster.secret('refused'), undefined)
  // The report in the cluster may be 30 s old.
  await eventually(async () => {
    const found = (await foundBy('LIMIT_NOT_ACCEPTED')).join('\n')
    assert.match(found, /^(error|warning) registry base\.[0-9a-f]{16}: /m)
  }, 60_000)
  cloud.control.breakSessionPolicies(undefined)
  await helperCluster.requestRotation()
  await eventually(async () => assert.deepEqual(await pulled('refused'), ['base/os']), 60_000)
  await eventually(async () => assert.notDeepEqual(await authsIn('a-1'), before), 60_000)
})

test('a registry that ignores session policies: the credential is used, and reported as too wide', async () => {
  cloud.control.breakSessionPolicies('ignored-by-registry')
  await chart.createNamespace('wide', { team: 'a', loose: 'yes' })
  await eventually(async () => {
    const { limit } = await limitedTo('base/*', 'loose/*', 'team-a/*')
    assert.deepEqual([limit?.granted, limit?.width], ['granted', 'too-wide'])
    assert.match(limit?.reason ?? '', /^team-b\/app: \S+ responded with HTTP 404 /)
  }, 60_000)
  await eventually(async () => assert.deepEqual(await pulled('wide'), ['base/os', 'team-a/app', 'team-b/app']), 60_000)
  await eventually(async () => {
    assert.match((await foundBy('CREDENTIAL_TOO_WIDE')).join('\n'), /^warning registry base\.[0-9a-f]{16}: /m)
  }, 60_000)
  cloud.control.breakSessionPolicies(undefined)
})

test('a repository that everybody may pull says nothing about a limit', async () => {
  cloud.control.setVisibility('team-a/app', 'public')
  await chart.createNamespace('public', { team: 'b', loose: 'yes' })
  await eventually(async () => {
    const { limit } = await limitedTo('base/*', 'loose/*', 'team-b/*')
    assert.equal(limit?.width, 'not-checked')
    assert.match(limit?.reason ?? '', /^anonymously team-a\/app: /)
  }, 60_000)
  await eventually(
    async () => assert.deepEqual(await pulled('public'), ['base/os', 'team-a/app', 'team-b/app']),
    60_000,
  )
  cloud.control.setVisibility('team-a/app', 'private')
  assert.deepEqual(await pulled('public'), ['base/os', 'team-b/app'])
})

test('a registry that denies all names it does not have decides nothing about a list without a probe, whose credential is used', async () => {
  cloud.control.denyUnknownRepositories(true)
  await chart.createNamespace('loose', { loose: 'yes' })
  await eventually(async () => {
    const { state, limit } = await limitedTo('loose/*')
    assert.deepEqual([state, limit?.granted], ['live', 'unknown'])
    assert.match(limit?.reason ?? '', /^loose\/acr-nopass-probe: .*; the repository may not exist, so set probe$/)
  }, 60_000)
  await eventually(async () => assert.ok(DOMAIN in (await authsIn('loose'))), 60_000)
  // The report in the cluster may be 30 s old.
  await eventually(async () => {
    const found = (await foundBy('LIMIT_UNCONFIRMED')).join('\n')
    assert.match(found, /^warning registry \S+: .*limited to loose\/\*, can pull$/m)
  }, 60_000)
  cloud.control.denyUnknownRepositories(false)
})
