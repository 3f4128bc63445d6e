import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getAuthorizationToken, getPersonalToken, listInstanceEndpoint, listInstances } from '../../src/alibaba/cr.ts'
import { clusterPages, describeClusterDetail, describeUserKubeconfig, listNodePoolRoles } from '../../src/alibaba/cs.ts'
import { createRam } from '../../src/alibaba/ram.ts'
import { assumeRole, getCallerIdentity } from '../../src/alibaba/sts.ts'
import { START } from './fake-time.ts'
import { json, KEY, type Reply, scripted } from './scripted-transport.ts'

const endpoint = new URL('https://api.example')
const target = (...replies: Reply[]) => {
  const { transport, sent } = scripted(replies)
  return { transport, endpoint, credentials: KEY, sent }
}

test('an incomplete session is rejected', async () => {
  const whole = { AccessKeyId: 'STS.a', AccessKeySecret: 's', SecurityToken: 't', Expiration: '2026-11-25T13:00:00Z' }
  const assume = (Credentials: object) =>
    assumeRole(target(json(200, { Credentials })), KEY, { roleArn: 'r', sessionName: 's' })
  assert.equal((await assume(whole)).expiresAt, START + 3_600_000)
  for (const part of Object.keys(whole)) {
    await assert.rejects(assume({ ...whole, [part]: undefined }), { code: 'CLOUD_UNAVAILABLE' }, part)
  }
})

test('a role that cannot be assumed is named, with both sides that must allow it', async () => {
  const denied = json(403, { Code: 'NoPermission', RequestId: 'R-7' })
  await assert.rejects(assumeRole(target(denied), KEY, { roleArn: 'acs:ram::2:role/x', sessionName: 's' }), {
    code: 'CLOUD_DENIED',
    message: /for the role acs:ram::2:role\/x$/,
    hint: /trust policy of the role/,
    requestId: 'R-7',
  })
})

// AssumeRoleRequest and CreateRoleRequest of the vendor's SDKs: at most the role's
// MaxSessionDuration, which is 3600 by default. No page documents a stricter limit for a session
// that another role requests.
test('a session that is longer than the role allows is reported with both settings', async () => {
  const rejected = json(400, { Code: 'InvalidParameter.DurationSeconds' })
  const request = { roleArn: 'acs:ram::2:role/x', sessionName: 's', durationSeconds: 7200 }
  await assert.rejects(assumeRole(target(rejected), KEY, request), {
    code: 'CLOUD_REJECTED',
    hint: /`durationSeconds`.*MaxSessionDuration/,
  })
})

for (const [desired, name] of [
  ['acr-nopass-5f6b-x2x', 'acr-nopass-5f6b-x2x'],
  ['acme/platform run 7', 'acme-platform-run-7'],
  ['x'.repeat(80), 'x'.repeat(64)],
  ['', '--'],
] as const) {
  test(`the session name ${JSON.stringify(desired)} is converted to one that STS accepts`, async () => {
    const sts = target(json(403, { Code: 'NoPermission' }))
    await assert.rejects(assumeRole(sts, KEY, { roleArn: 'r', sessionName: desired }))
    assert.equal(sts.sent[0]?.url.searchParams.get('RoleSessionName'), name)
  })
}

test("the caller's identity is read as account and ARN", async () => {
  const response = { AccountId: '1', Arn: 'acs:ram::1:user/a', IdentityType: 'RAMUser', RequestId: 'R' }
  const identity = { accountId: '1', arn: 'acs:ram::1:user/a' }
  assert.deepEqual(await getCallerIdentity(target(json(200, response)), KEY), identity)
})

test('a token without user name, password or expiry is rejected', async () => {
  const whole = { IsSuccess: true, TempUsername: 'u', AuthorizationToken: 'p', ExpireTime: 5 }
  for (const part of ['TempUsername', 'AuthorizationToken', 'ExpireTime']) {
    const response = json(200, { ...whole, [part]: '' })
    await assert.rejects(
      getAuthorizationToken(target(response), { instanceId: 'cri-1' }),
      { code: 'CLOUD_UNAVAILABLE' },
      part,
    )
  }
  await assert.rejects(getPersonalToken(target(json(200, { requestId: 'R' }))), { code: 'CLOUD_UNAVAILABLE' })
})

// Milliseconds. Enterprise: https://www.alibabacloud.com/help/en/doc-detail/145324.htm. No vendor's
// page documents the response of the Personal Edition, so the source is
// https://github.com/mozillazg/docker-credential-acr-helper, pkg/acr/person.go.
test('an invalid expiry, such as nanoseconds, is rejected in both editions', async () => {
  const personal = (expireDate: number) => ({
    data: { tempUserName: 'u', authorizationToken: 'p', expireDate },
  })
  const enterprise = (ExpireTime: number) => ({ TempUsername: 'u', AuthorizationToken: 'p', ExpireTime })
  const request = {
    enterprise: (at: number) => getAuthorizationToken(target(json(200, enterprise(at))), { instanceId: 'cri-1' }),
    personal: (at: number) => getPersonalToken(target(json(200, personal(at)))),
  }
  for (const edition of ['enterprise', 'personal'] as const) {
    const message = (at: number): Promise<string> =>
      request[edition](at).then(
        ({ expiresAt }) => `expires at ${expiresAt}`,
        (error) => `${error.code} ${error.message}`,
      )
    const invalid = 'CLOUD_UNAVAILABLE the token in the response has no user name, password or valid expiry'
    for (const at of [0, -1, 8.64e15 + 1, START * 1e6]) assert.equal(await message(at), invalid, `${edition} ${at}`)
    // A Date can hold this time, but it must not become an annotation.
    const unlikely = 'CLOUD_UNAVAILABLE a token cannot be written into a pull secret'
    for (const at of [8.64e15, Date.UTC(2200)]) assert.equal(await message(at), unlikely, `${edition} ${at}`)
    assert.equal(await message(Date.UTC(2199)), `expires at ${Date.UTC(2199)}`)
  }
})

// Fields and the types SYSTEM and USER: https://help.aliyun.com/document_detail/451317.html.
test('addresses are read whatever kinds of endpoints exist, and malformed entries are ignored', async () => {
  const Endpoints = [
    {
      EndpointType: 'internet',
      Enable: false,
      Domains: [{ Domain: 'A.Example', Type: 'USER' }, { Type: 'SYSTEM' }, null],
    },
    { EndpointType: 'accelerated', Domains: [{ Domain: 'b.example', Type: 'SYSTEM' }] },
    { EndpointType: 'vpc', AclEnable: true, AclEntries: [], Domains: [] },
    'nonsense',
  ]
  assert.deepEqual(await listInstanceEndpoint(target(json(200, { IsSuccess: true, Endpoints })), 'cri-1'), [
    { type: 'internet', enabled: false, domains: [{ domain: 'a.example', custom: true }] },
    { type: 'accelerated', enabled: true, domains: [{ domain: 'b.example', custom: false }] },
    { type: 'vpc', enabled: true, domains: [], allowed: [] },
  ])
  assert.deepEqual(await listInstanceEndpoint(target(json(200, { IsSuccess: true, Endpoints: [] })), 'cri-1'), [])
})

// The default of ListInstance's PageSize is 30
// (https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-listinstance). No
// page documents its maximum (terraform-provider-alicloud uses 50 in
// data_source_alicloud_cr_ee_instances.go).
const aPage = (ids: readonly string[], total?: number) =>
  json(200, {
    clusters: ids.map((id) => ({ cluster_id: id, name: id, region_id: 'cn-hangzhou', cluster_type: 'Kubernetes' })),
    ...(total !== undefined && { page_info: { page_number: 1, page_size: 50, total_count: total } }),
  })
async function readClusters(...responses: Parameters<typeof target>): Promise<readonly string[]> {
  const found: string[] = []
  for await (const page of clusterPages(target(...responses))) found.push(...page.map(({ clusterId }) => clusterId))
  return found
}

test('clusters are listed to the last one, whatever size the pages have', async () => {
  assert.deepEqual(await readClusters(aPage(['c1', 'c2'], 3), aPage(['c3'], 3)), ['c1', 'c2', 'c3'])
  assert.deepEqual(await readClusters(aPage([], 0)), [])
})

test('without a total the list of clusters ends with an empty page, and not before', async () => {
  assert.deepEqual(await readClusters(aPage(['c1']), aPage(['c2']), aPage([])), ['c1', 'c2'])
})

test('a list of clusters that ends before its total, or has no list, is a failure', async () => {
  const CUT = { code: 'CLOUD_UNAVAILABLE' }
  await assert.rejects(readClusters(aPage(['c1'], 3), aPage([], 3)), CUT)
  await assert.rejects(readClusters(json(200, { page_info: {} })), CUT)
})

test('instances are listed to the last, in pages of the documented size', async () => {
  const page = (from: number, count: number) =>
    json(200, {
      IsSuccess: true,
      TotalCount: 40,
      Instances: Array.from({ length: count }, (_, index) => ({
        InstanceId: `cri-${from + index}`,
        InstanceName: 'n',
        RegionId: 'r',
        InstanceStatus: 'RUNNING',
      })),
    })
  const registry = target(page(0, 30), page(30, 10))
  const found = await listInstances(registry)
  assert.deepEqual([found.length, found[39]], [40, { instanceId: 'cri-39', name: 'n', region: 'r', status: 'RUNNING' }])
  assert.deepEqual(
    registry.sent.map(({ url }) => [url.searchParams.get('PageNo'), url.searchParams.get('PageSize')]),
    [
      ['1', '30'],
      ['2', '30'],
    ],
  )
  assert.deepEqual(await listInstances(target(json(200, { IsSuccess: true, TotalCount: 9, Instances: [] }))), [])
})

test('a cluster is read with its addresses, which ACK writes as JSON in a string', async () => {
  const master_url =
    '{"api_server_endpoint":"https://1.2.3.4:6443","intranet_api_server_endpoint":"https://10.0.0.1:6443"}'
  const rrsa_config = { enabled: true, issuer: 'https://i', oidc_arn: 'acs:ram::1:oidc-provider/o' }
  const response = { cluster_id: 'c1', name: 'n', region_id: 'r', worker_ram_role_name: 'w', master_url, rrsa_config }
  const detail = await describeClusterDetail(target(json(200, response)), 'c1')
  assert.deepEqual(detail.apiServer, ['https://1.2.3.4:6443', 'https://10.0.0.1:6443'])
  assert.deepEqual(detail.rrsa, { enabled: true, issuers: 'https://i', oidcProviderArn: 'acs:ram::1:oidc-provider/o' })
  assert.equal(detail.workerRole, 'w')
})

for (const master_url of [undefined, '', 'not json', 'null', '{"api_server_endpoint":7}']) {
  test(`a cluster whose address is ${JSON.stringify(master_url)} has none`, async () => {
    const detail = await describeClusterDetail(target(json(200, { cluster_id: 'c1', master_url })), 'c1')
    assert.deepEqual(detail.apiServer, [])
    assert.deepEqual(detail.rrsa, { enabled: false, issuers: '', oidcProviderArn: '' })
  })
}

// The vendor's own tool reads RRSA's configuration only from `meta_data`:
// AliyunContainerService/ack-ram-tool@e34e2551 pkg/openapi/cs.go (json.Unmarshal of body.MetaData),
// pkg/types/cluster.go (ClusterMetaData, RRSAConfig).
const RRSA = { enabled: true, issuer: 'https://i,https://j', oidc_arn: 'acs:ram::1:oidc-provider/o' }
const READ = { enabled: true, issuers: 'https://i,https://j', oidcProviderArn: 'acs:ram::1:oidc-provider/o' }
const OFF = { enabled: false, issuers: '', oidcProviderArn: '' }
for (const { title, response, rrsa } of [
  {
    title: 'meta_data is used if it is the only one',
    response: { meta_data: JSON.stringify({ Addons: [], RRSAConfig: RRSA }) },
    rrsa: READ,
  },
  {
    title: 'an empty rrsa_config counts as absent',
    response: { rrsa_config: {}, meta_data: JSON.stringify({ RRSAConfig: RRSA }) },
    rrsa: READ,
  },
  {
    title: 'rrsa_config takes precedence over meta_data',
    response: { rrsa_config: { enabled: false }, meta_data: JSON.stringify({ RRSAConfig: RRSA }) },
    rrsa: OFF,
  },
  { title: 'meta_data of another form is ignored', response: { meta_data: '{"RRSAConfig":7}' }, rrsa: OFF },
  { title: 'meta_data that is not JSON is ignored', response: { meta_data: 'x' }, rrsa: OFF },
]) {
  test(`RRSA's configuration: ${title}`, async () => {
    assert.deepEqual((await describeClusterDetail(target(json(200, response)), 'c1')).rrsa, rrsa)
  })
}

// @alicloud/cs20151215 7.2.0, class
// DescribeClusterDetailResponseBodyControlPlaneEndpointsConfigLoadBalancersConfig
test('the addresses of the load balancers are read', async () => {
  const endpoint = 'nlb-0ogk9aaxxxxxxx.cn-hangzhou.nlb.aliyuncsslb.com'
  const config = (load_balancers_config: unknown) => ({ control_plane_endpoints_config: { load_balancers_config } })
  const read = async (response: object) => (await describeClusterDetail(target(json(200, response)), 'c1')).apiServer
  assert.deepEqual(await read(config([{ endpoint, endpoint_type: 'private' }, { endpoint: '' }, {}, 'x'])), [endpoint])
  assert.deepEqual(await read(config('x')), [])
  assert.deepEqual(await read({ control_plane_endpoints_config: 'x' }), [])
})

for (const [cluster_type, profile, kind] of [
  ['ManagedKubernetes', undefined, 'managed'],
  ['ManagedKubernetes', 'Default', 'managed'],
  ['ManagedKubernetes', 'Fog', 'unknown'],
  ['Ask', undefined, 'serverless'],
  ['Kubernetes', 'Default', 'dedicated'],
  ['', '', 'unknown'],
]) {
  test(`a cluster of type ${cluster_type} and profile ${profile} is ${kind}`, async () => {
    assert.equal((await describeClusterDetail(target(json(200, { cluster_type, profile })), 'c1')).kind, kind)
  })
}

test('node pools are read with their own worker roles', async () => {
  const nodepools = [
    { nodepool_info: { nodepool_id: 'np1', name: 'default' }, scaling_group: { ram_role_name: 'gpu' } },
    { nodepool_info: { nodepool_id: 'np2', name: 'edge' } },
    // A Lingjun pool, @alicloud/cs20151215 7.2.0,
    // DescribeClusterNodePoolsResponseBodyNodepoolsEfloNodeGroup
    {
      nodepool_info: { nodepool_id: 'np3', name: 'lingjun', type: 'lingjun' },
      eflo_node_group: { cluster_id: 'i1', group_id: 'i2', worker_ram_role_name: 'lingjun-role' },
    },
  ]
  assert.deepEqual(await listNodePoolRoles(target(json(200, { nodepools })), 'c1'), ['gpu', '', 'lingjun-role'])
  assert.deepEqual(await listNodePoolRoles(target(json(200, { nodepools: [] })), 'c1'), [])
})

test('a kubeconfig is always requested with a limited lifetime', async () => {
  const cluster = target(json(200, { config: 'kind: Config', expiration: '2026-11-25T12:30:00Z' }), json(200, {}))
  const request = { clusterId: 'c1', minutes: 30, private: true }
  assert.equal(await describeUserKubeconfig(cluster, request), 'kind: Config')
  assert.equal(
    cluster.sent[0]?.url.href,
    'https://api.example/k8s/c1/user_config?PrivateIpAddress=true&TemporaryDurationMinutes=30',
  )
  await assert.rejects(describeUserKubeconfig(cluster, request), { code: 'CLOUD_UNAVAILABLE' })
})

for (const clusterId of ['', '../tokens', 'c1/../c2', 'c 1']) {
  test(`the cluster id ${JSON.stringify(clusterId)} never becomes a path`, async () => {
    const cluster = target()
    await assert.rejects(describeClusterDetail(cluster, clusterId), { code: 'CLOUD_NOT_FOUND' })
    assert.equal(cluster.sent.length, 0)
  })
}

// Plain JSON: Terraform's provider and the vendor's SDKs. URL-encoded: one public record of calls
// on a real account (2026-10).
test('the document of a policy is read as JSON and, where GetPolicy returns it so, URL-encoded', async () => {
  const document = '{"Version":"1","Statement":[{"Resource":"acs:cr:*:*:repository/100%25/*"}]}'
  for (const given of [document, encodeURIComponent(document)]) {
    const { transport } = scripted([json(200, { Policy: {}, DefaultPolicyVersion: { PolicyDocument: given } })])
    const ram = createRam({ transport, endpoint: new URL('https://ram.aliyuncs.com'), credentials: KEY })
    assert.equal((await ram.getPolicy('p'))?.document, document)
  }
  // A text that is not encoded stays as it is, because the error quotes it.
  const { transport } = scripted([json(200, { Policy: {}, DefaultPolicyVersion: { PolicyDocument: '%7B%' } })])
  const ram = createRam({ transport, endpoint: new URL('https://ram.aliyuncs.com'), credentials: KEY })
  assert.equal((await ram.getPolicy('p'))?.document, '%7B%')
})

test('a response without its list is not an empty list, because a Secret would lose logins, and a role its policy', async () => {
  for (const body of [{}, { Endpoints: null, nodepools: null }, { Endpoints: {}, nodepools: 'none' }]) {
    const reply = () => target(json(200, { IsSuccess: true, ...body }))
    const unread = (what: string) => ({ code: 'CLOUD_UNAVAILABLE', message: `${what}: the response has no list` })
    await assert.rejects(listInstanceEndpoint(reply(), 'cri-1'), unread('cr ListInstanceEndpoint'))
    await assert.rejects(listNodePoolRoles(reply(), 'c1'), unread('cs DescribeClusterNodePools'))
  }
})
