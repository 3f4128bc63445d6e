import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readSeedFile } from '../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../sandbox/cloud/start-cloud.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { trustHelper } from '../support/cloud/trust-helper.ts'
import { rolledOut } from '../support/cluster/app-deployment.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

const REGION = 'cn-hangzhou'
const PUBLIC = `demo-registry.${REGION}.cr.aliyuncs.com`
const VPC = `demo-registry-vpc.${REGION}.cr.aliyuncs.com`
const CUSTOM = 'images.acme.example'
const SHARED = ['shared-registry-vpc.cn-beijing.cr.aliyuncs.com', 'shared-registry.cn-beijing.cr.aliyuncs.com']
const LEGACY = 'crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com'
const READER = 'acs:ram::1867204395510376:role/image-reader'
const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'

const helperCluster = await openHelperCluster('helper-identities', undefined, {
  cloud: { seed: await seedWithDomain() },
})
after(() => helperCluster[Symbol.asyncDispose]())
const { admin, cloud, chart } = helperCluster
for (const [name, labels] of [
  ['team-a', {}],
  ['team-b', { tier: 'old' }],
  ['ops', {}],
  ['out', { 'acr-nopass.io/skip': 'true' }],
] as const) {
  await chart.createNamespace(name, labels)
}
await admin.request({
  method: 'POST',
  path: '/api/v1/namespaces/team-a/serviceaccounts',
  body: { metadata: { name: 'alone', annotations: { 'acr-nopass.io/skip': 'true' } } },
})

const demo = { name: 'demo', edition: 'enterprise', instanceId: INSTANCE, region: REGION }
const shared = {
  name: 'shared',
  edition: 'enterprise',
  instanceId: 'cri-p4c8r2f6j0v9n1l5',
  region: 'cn-beijing',
  assumeRole: [{ roleArn: READER, externalId: 'acme-shared-images', durationSeconds: 900 }],
  targets: { namespaces: { include: ['team-*'] } },
}
const legacy = {
  name: 'legacy',
  edition: 'static',
  domains: [LEGACY],
  existingSecret: 'legacy-login',
  targets: { namespaces: { selector: { matchLabels: { tier: 'old' } } } },
}

/** Returns the domains for which a namespace's pull secret has a credential. */
async function domainsIn(namespace: string): Promise<string[]> {
  const secret = await helperCluster.secret(namespace)
  return Object.keys(JSON.parse(contentOf(secret) || '{"auths":{}}').auths).sort()
}
const has = (namespace: string, ...domains: string[]) =>
  eventually(async () => assert.deepEqual(await domainsIn(namespace), domains.sort()), 30_000)
const calls = (action: string, from = 0) => cloud.calls.slice(from).filter((call) => call.action === action)

test('registries of several editions, regions and accounts each reach their own targets, by their own roles', async () => {
  await chart.createNamespace(HOME)
  const body = { metadata: { name: 'legacy-login' }, stringData: cloud.registryPush }
  await admin.request({ method: 'POST', path: `/api/v1/namespaces/${HOME}/secrets`, body })
  const personal = { name: 'old', edition: 'personal', region: 'cn-shanghai', network: 'vpc' }
  const statement = { Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [READER] }
  cloud.control.grant(helperCluster.workerRole, 'chain', { Version: '1', Statement: [statement] })
  cloud.control.grant(helperCluster.workerRole, 'pull', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }],
  })
  const from = cloud.calls.length
  await helperCluster.install({
    replicas: 1,
    registries: [
      {
        name: 'demo',
        edition: 'enterprise',
        instanceName: 'demo',
        region: REGION,
        network: 'vpc',
        domains: ['mirror.acme.example'],
      },
      shared,
      { ...personal, targets: { namespaces: { include: ['ops'] } } },
      legacy,
    ],
  })
  const own = [VPC, CUSTOM, 'mirror.acme.example']
  const old = ['registry-internal', 'registry-intl-internal', 'registry-intl-vpc', 'registry-vpc'].map(
    (host) => `${host}.cn-shanghai.aliyuncs.com`,
  )
  await has('team-a', ...own, ...SHARED)
  await has('team-b', ...own, ...SHARED, LEGACY)
  await has('ops', ...own, ...old)
  await has(HOME, ...own, ...SHARED, ...old, LEGACY)
  assert.equal(await helperCluster.secret('out'), undefined)
  const callers = calls('GetAuthorizationToken', from).map(({ principal }) => principal.replace(/\/[^/]*$/, ''))
  assert.deepEqual([...new Set(callers)].sort(), [
    `acs:ram::${cloud.accountId}:assumed-role/${helperCluster.workerRole}`.toLowerCase(),
    'acs:ram::1867204395510376:assumed-role/image-reader',
  ])
})

test('a ServiceAccount that opts out by annotation keeps its list, and gets the entry once the annotation is removed', async () => {
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('team-a')), [SECRET]))
  assert.deepEqual(names(await helperCluster.account('team-a', 'alone')), [])
  await admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/team-a/serviceaccounts/alone',
    contentType: MERGE_PATCH,
    body: { metadata: { annotations: { 'acr-nopass.io/skip': null } } },
  })
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('team-a', 'alone')), [SECRET]))
})

test('the vendor’s add-on on the same ServiceAccounts is reported once, by status, log and Event, and not disturbed', async () => {
  const addon = 'acr-credential-secret-aggregation'
  const write = (namespace: string, list: readonly string[]) =>
    admin.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
      contentType: MERGE_PATCH,
      body: { imagePullSecrets: list.map((name) => ({ name })) },
    })
  const problems = async () =>
    ((await helperCluster.status())?.problems ?? []).filter(({ code }) => code === 'RIVAL_ADDON')
  await write('team-a', [addon, SECRET])
  await write('team-b', [addon])
  await eventually(
    async () =>
      assert.deepEqual(
        (await problems()).map(({ namespace }) => namespace),
        ['team-a'],
      ),
    40_000,
  )
  assert.deepEqual(names(await helperCluster.account('team-a')), [addon, SECRET])
  assert.deepEqual(names(await helperCluster.account('team-b')), [addon, SECRET])
  const path = '/api/v1/events'
  const { items } = await admin.request<{ items: { reason: string; involvedObject: object }[] }>({
    method: 'GET',
    path,
  })
  assert.equal(items.filter(({ reason }) => reason === 'RivalAddon').length, 1)
  const { name } = await helperCluster.leader()
  assert.equal(helperCluster.node.log(`${HOME}/${name}`).match(/"code":"RIVAL_ADDON"/g)?.length, 1)
  await write('team-a', [SECRET])
  await write('team-b', [SECRET])
  await eventually(async () => assert.deepEqual(await problems(), []), 40_000)
})

test("a namespace gets a registry when the registry's selector matches, and loses the registry when it no longer matches", async () => {
  const label = (tier: string | null) =>
    admin.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/ops',
      contentType: MERGE_PATCH,
      body: { metadata: { labels: { tier } } },
    })
  const before = await domainsIn('ops')
  await label('old')
  await has('ops', ...before, LEGACY)
  await label(null)
  await has('ops', ...before)
})

test('P7 two entries of one instance and identity share each token request', async () => {
  const split = [
    { ...demo, name: 'inside', network: 'vpc', targets: { namespaces: { include: ['team-*'] } } },
    { ...demo, name: 'outside', network: 'public', targets: { namespaces: { include: ['ops'] } } },
  ]
  await helperCluster.install({ replicas: 1, registries: split })
  await has('team-a', VPC, CUSTOM)
  await has('ops', PUBLIC, CUSTOM)
  // Before the rollout is complete, a new Pod may request a token to verify its configuration.
  await rolledOut(admin, HOME, RELEASE)
  await helperCluster.settled()
  // A registry is called at most once per second, so recent calls at different times would delay
  // the entries one after the other.
  await eventually(async () => assert.ok(Date.now() - (calls('GetAuthorizationToken').at(-1)?.at ?? 0) > 1_000))
  const before = contentOf(await helperCluster.secret('ops'))
  const from = cloud.calls.length
  await helperCluster.requestRotation()
  await eventually(async () => assert.notEqual(contentOf(await helperCluster.secret('ops')), before))
  await helperCluster.settled()
  const own = JSON.parse(contentOf(await helperCluster.secret(HOME))).auths
  assert.deepEqual(own[VPC], own[PUBLIC])
  assert.equal(calls('GetAuthorizationToken', from).length, 1)
})

test('expiresInHours that an endpoint rejects is omitted, and the token’s own expiry counts', async () => {
  const match = { action: 'GetAuthorizationToken' }
  cloud.faults.add({ kind: 'status', status: 400, code: 'InvalidParameter.ExpiresInHours', match })
  const from = cloud.calls.length
  await helperCluster.install({ replicas: 1, registries: [{ ...demo, expiresInHours: 24 }] })
  await has('ops', PUBLIC, VPC, CUSTOM)
  assert.deepEqual(
    calls('GetAuthorizationToken', from)
      .map(({ code }) => code)
      .slice(0, 2),
    ['InvalidParameter.ExpiresInHours', ''],
  )
  const [registry] = (await helperCluster.settled()).registries
  assert.equal(registry?.state, 'live')
})

test('rrsa: the helper’s own ServiceAccount token, with the audience of STS, is exchanged for the role that trusts it', async () => {
  const role = 'helper-by-rrsa'
  const identity = trustHelper(cloud, chart.cluster, { role, namespace: HOME, serviceAccount: RELEASE })
  const from = cloud.calls.length
  const before = contentOf(await helperCluster.secret('ops'))
  await helperCluster.install({
    replicas: 1,
    registries: [demo],
    identity,
  })
  await eventually(async () => assert.notEqual(contentOf(await helperCluster.secret('ops')), before), 60_000)
  await helperCluster.settled()
  assert.deepEqual(
    [...new Set(calls('GetAuthorizationToken', from).map(({ principal }) => principal.split('/')[1]))],
    [role],
  )
  assert.equal(cloud.calls.slice(from).filter(({ product }) => product === 'imds').length, 0)
})

/** The demo cloud, whose instance also has a custom domain. */
async function seedWithDomain() {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const [main, ...others] = seed.accounts
  assert.ok(main)
  const instances = (main.instances ?? []).map((instance) => {
    const internet = instance.endpoints?.internet
    if (instance.id !== INSTANCE || internet === undefined) return instance
    return { ...instance, endpoints: { ...instance.endpoints, internet: { ...internet, customDomains: [CUSTOM] } } }
  })
  return { ...seed, accounts: [{ ...main, instances }, ...others] }
}
