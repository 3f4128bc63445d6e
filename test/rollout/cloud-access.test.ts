import assert from 'node:assert/strict'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createCloudAccess } from '../../src/rollout/connect/cloud-access.ts'
import { loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import type { ClusterSettings } from '../../src/rollout/inputs/settings.ts'
import { CI_ACCOUNT, chainSeed } from '../action/support/chain-seed.ts'
import { json, scripted } from '../alibaba/scripted-transport.ts'

const root = resolve(import.meta.dirname, '..', '..')
const chartFolder = join(root, 'chart')
const MAIN = '1427736501988243'
const CLUSTERS = `
- name: a
  ack: { clusterId: c0000000000000000000000000000000a, region: cn-hangzhou }
  deployRole: acs:ram::${MAIN}:role/cluster-deployer
- name: b
  ack: { clusterId: c0000000000000000000000000000000b, region: cn-hangzhou }
  deployRole: acs:ram::${MAIN}:role/cluster-deployer
- name: c
  ack: { clusterId: c0000000000000000000000000000000c, region: cn-hangzhou }
`

test('for clusters of another account, the job has one session, each deploy role has one, and all their secrets are masked', async () => {
  await using cloud = await startCloud({ seed: await chainSeed() })
  const given: Readonly<Record<string, string>> = {
    clusters: CLUSTERS,
    values:
      'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n',
    'role-to-assume': `acs:ram::${CI_ACCOUNT}:role/ci`,
    'oidc-provider-arn': `acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`,
    endpoints: JSON.stringify({ sts: cloud.endpoints.sts }),
  }
  const inputs = readInputs((name) => given[name])
  const { settings } = await loadSettings(inputs, { environment: {}, workingDirectory: root, chartFolder })
  assert.ok(settings)
  const masked = new Set<string>()
  const access = createCloudAccess(settings, {
    transport: createDefaultTransport(),
    environment: {},
    getIdToken: async (audience) => cloud.issueGithubToken({ repository: 'acme/platform', audience }),
    sessionName: 'run-1',
    mask: (secret) => masked.add(secret),
  })
  const sessions = await Promise.all(settings.clusters.map((cluster) => access.credentialsFor(cluster).get()))
  assert.deepEqual(cloud.calls.map(({ action }) => action).sort(), ['AssumeRole', 'AssumeRoleWithOIDC'])
  assert.equal(sessions[0], sessions[1])
  const secrets = sessions.flatMap(({ accessKeySecret, securityToken }) => [accessKeySecret, securityToken ?? ''])
  assert.deepEqual([...masked].sort(), [...new Set(secrets)].sort())
  assert.equal(masked.size, 4)
})

test('role-session-name names the sessions; a name that STS would reject is rejected first', async () => {
  await using cloud = await startCloud({ seed: await chainSeed() })
  const given: Readonly<Record<string, string>> = {
    'ack-cluster-id': 'c0000000000000000000000000000000a',
    region: 'cn-hangzhou',
    values:
      'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n',
    'role-to-assume': `acs:ram::${CI_ACCOUNT}:role/ci`,
    'oidc-provider-arn': `acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`,
    'role-session-name': 'platform.rollout@main',
    endpoints: JSON.stringify({ sts: cloud.endpoints.sts }),
  }
  const inputs = readInputs((name) => given[name])
  const { settings } = await loadSettings(inputs, { environment: {}, workingDirectory: root, chartFolder })
  const [cluster] = settings?.clusters ?? []
  assert.ok(settings && cluster)
  const access = createCloudAccess(settings, {
    transport: createDefaultTransport(),
    environment: {},
    getIdToken: async (audience) => cloud.issueGithubToken({ repository: 'acme/platform', audience }),
    sessionName: 'run-1',
    mask: () => undefined,
  })
  const { arn } = await access.caller(cluster)
  assert.equal(arn, `acs:ram::${CI_ACCOUNT}:assumed-role/ci/platform.rollout@main`)
  const wrong = { ...given, 'role-session-name': 'run #1' } as Readonly<Record<string, string>>
  assert.throws(() => readInputs((name) => wrong[name]), /role-session-name: "run #1" is not 2 to 64 letters/)
})

const KEY = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret' }
const SESSION = {
  Credentials: {
    AccessKeyId: 'sid',
    AccessKeySecret: 's-secret',
    SecurityToken: 't',
    Expiration: '2099-01-01T00:00:00Z',
  },
}
const DEPLOY = `acs:ram::${MAIN}:role/cluster-deployer`
const OWN_PROVIDER = `acs:ram::${MAIN}:oidc-provider/github`

/** Access with these replies of the cloud. */
function accessWith(
  replies: Parameters<typeof scripted>[0],
  given: Readonly<Record<string, string>> = {},
  isJob = true,
) {
  const { transport, sent } = scripted(replies)
  const inputs = readInputs((name) => ({ kubeconfig: 'k', region: 'cn-beijing', ...given })[name as string])
  const endpoints = { cs: 'https://cs.example' }
  const settings = { inputs, clusters: [], selected: [], chart: {}, endpoints } as never
  const audiences: string[] = []
  const getIdToken = async (audience: string) => {
    audiences.push(audience)
    return 'id-token'
  }
  const masked: string[] = []
  const access = createCloudAccess(settings, {
    transport,
    environment: KEY,
    getIdToken: isJob ? getIdToken : undefined,
    sessionName: 'run-1',
    mask: (secret) => masked.push(secret),
  })
  const queries = () =>
    sent.map(({ url, body }) => {
      const all = new URLSearchParams([...url.searchParams, ...new URLSearchParams(String(body ?? ''))])
      return [url.host, all.get('RoleArn'), all.get('RoleSessionName'), all.get('OIDCProviderArn')]
    })
  return { access, sent, audiences, masked, queries }
}
const cluster = (change: Partial<ClusterSettings> = {}) => ({ name: 'a', ...change }) as ClusterSettings

test('without a role the credentials in the environment are used, and masked', async () => {
  const { access, masked, sent } = accessWith([])
  const { accessKeyId, accessKeySecret } = await access.credentialsFor(cluster()).get()
  assert.deepEqual([accessKeyId, accessKeySecret, masked, sent.length], ['id', 'secret', ['secret'], 0])
})

test('a deploy role with a provider of its own is assumed with the ID token of the job', async () => {
  const { access, queries, audiences } = accessWith([json(200, SESSION)], { audience: 'my-audience' })
  const own = cluster({ deployRole: DEPLOY, oidcProviderArn: OWN_PROVIDER })
  assert.equal((await access.credentialsFor(own).get()).accessKeyId, 'sid')
  assert.deepEqual(
    [queries(), audiences],
    [[['sts.cn-beijing.aliyuncs.com', DEPLOY, 'run-1', OWN_PROVIDER]], ['my-audience']],
  )
  assert.equal(access.credentialsFor({ ...own, name: 'b' }), access.credentialsFor(own))
  const others = [
    { deployRole: `${DEPLOY}-2` },
    { oidcProviderArn: `${OWN_PROVIDER}-2` },
    { oidcProviderArn: undefined },
  ]
  for (const other of others) {
    assert.notEqual(access.credentialsFor({ ...own, ...other } as ClusterSettings), access.credentialsFor(own))
  }
})

test('a deploy role without a provider is assumed with the credentials in the environment', async () => {
  const { access, queries, audiences } = accessWith([json(200, SESSION)])
  assert.equal((await access.credentialsFor(cluster({ deployRole: DEPLOY })).get()).accessKeyId, 'sid')
  assert.deepEqual([queries(), audiences], [[['sts.cn-beijing.aliyuncs.com', DEPLOY, 'run-1', null]], []])
})

test('a job without an ID token says how to get one', async () => {
  const role = { 'role-to-assume': DEPLOY, 'oidc-provider-arn': OWN_PROVIDER }
  const { access, sent } = accessWith([], role, false)
  await assert.rejects(access.credentialsFor(cluster()).get(), { code: 'CREDENTIALS_MISSING', hint: /id-token: write/ })
  assert.equal(sent.length, 0)
})

test('the caller is read once for each identity, and again after a failure', async () => {
  const caller = json(200, { AccountId: '1', Arn: 'acs:ram::1:user/u', UserId: '1' })
  const { access, sent } = accessWith([json(403, { Code: 'NoPermission', Message: 'no' }), caller])
  await assert.rejects(access.caller(cluster()), { code: 'CLOUD_DENIED' })
  assert.equal((await access.caller(cluster())).accountId, '1')
  assert.equal((await access.caller(cluster({ name: 'b' }))).accountId, '1')
  assert.equal(sent.length, 2)
})

test('the APIs of ACK and RAM are called with the credentials of the cluster, at public addresses or those of `endpoints`', async () => {
  const { access, sent } = accessWith([
    json(200, { Role: { RoleName: 'r', Description: '', AssumeRolePolicyDocument: '{}' } }),
  ])
  const { signal } = new AbortController()
  const target = access.cs(cluster(), 'cn-hangzhou', signal)
  assert.deepEqual([target.endpoint.href, target.signal], ['https://cs.example/', signal])
  assert.equal(target.credentials, access.credentialsFor(cluster()))
  await access.ram(cluster()).getRole('r')
  assert.equal(sent[0]?.url.host, 'ram.aliyuncs.com')
})
