import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  DescribeClusterNodePoolsRequest,
  DescribeClustersV1Request,
  DescribeClusterUserKubeconfigRequest,
  GrantPermissionsRequest,
  GrantPermissionsRequestBody,
} from '@alicloud/cs20151215'
import { DetachPolicyFromUserRequest, GetRoleRequest } from '@alicloud/ram20150501'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import { parseSeed } from '../../sandbox/cloud/seed/read-seed.ts'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { KubeconfigRequest } from '../../sandbox/cloud/state.ts'
import { type ClusterSummary, clusterPages, describeClusterDetail, listAddons } from '../../src/alibaba/cs.ts'
import { refusal, refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'
import { clientOf, fixed } from './acr-cloud-client.ts'

const STAGING = 'c8f3d0a61b7e94c25a0d3f86e12b47c90'
const LIVE = `c${'0'.repeat(31)}1`

let cloud: Cloud
let cs: VendorClients['cs']
const requests: KubeconfigRequest[] = []
before(async () => {
  cloud = await startCloud()
  cs = vendorClients(cloud).cs
  cloud.registerCluster({
    clusterId: LIVE,
    name: 'live',
    region: 'cn-beijing',
    workerRoles: ['KubernetesWorkerRole-live', 'gpu-role'],
    rrsa: { issuer: 'https://oidc.example.com/live', jwks: { keys: [] } },
    server: 'https://127.0.0.1:6443',
    kubeconfig: async (request) => {
      requests.push(request)
      return 'apiVersion: v1\nkind: Config\n'
    },
  })
})
after(() => cloud.stop())

const kubeconfig = (clusterId: string, request: object = {}) =>
  cs.describeClusterUserKubeconfig(clusterId, new DescribeClusterUserKubeconfigRequest(request))

test('a cluster reports its worker role, its API server and its identity provider', async () => {
  const { body } = await cs.describeClusterDetail(LIVE)
  assert.deepEqual([body?.name, body?.regionId, body?.state], ['live', 'cn-beijing', 'running'])
  assert.equal(body?.workerRamRoleName, 'KubernetesWorkerRole-live')
  assert.equal(JSON.parse(body?.masterUrl ?? '').api_server_endpoint, 'https://127.0.0.1:6443')
  assert.deepEqual(
    { ...body?.rrsaConfig },
    {
      enabled: true,
      // As in the example of the vendor's SDK, this is a list whose first entry is the tokens'
      // issuer.
      issuer: 'https://oidc.example.com/live,https://kubernetes.default.svc',
      oidcName: `ack-rrsa-${LIVE}`,
      oidcArn: `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa-${LIVE}`,
      audience: 'sts.aliyuncs.com',
    },
  )
  assert.equal((await cs.describeClusterDetail(STAGING)).body?.rrsaConfig?.enabled, false)
  const [balancer, ...others] = body?.controlPlaneEndpointsConfig?.loadBalancersConfig ?? []
  assert.match(balancer?.endpoint ?? '', /^nlb-[a-z0-9]+\.cn-beijing\.nlb\.aliyuncsslb\.com$/)
  assert.deepEqual(others, [])
})

test('node pools report their own worker roles', async () => {
  const roles = async (clusterId: string) => {
    const { body } = await cs.describeClusterNodePools(clusterId, new DescribeClusterNodePoolsRequest({}))
    return (body?.nodepools ?? []).map((pool) => pool.scalingGroup?.ramRoleName)
  }
  assert.deepEqual(await roles(LIVE), ['KubernetesWorkerRole-live', 'gpu-role'])
  assert.deepEqual(await roles(STAGING), ['KubernetesWorkerRole-5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731', 'gpu-nodes'])
})

test('a kubeconfig is issued to the caller, for as long as requested', async () => {
  const before = Date.now()
  const { body } = await kubeconfig(LIVE, { temporaryDurationMinutes: 15, privateIpAddress: true })
  assert.equal(body?.config, 'apiVersion: v1\nkind: Config\n')
  const minutes = (Date.parse(body?.expiration ?? '') - before) / 60_000
  assert.ok(minutes > 14.9 && minutes < 15.1, String(minutes))
  assert.deepEqual(requests.at(-1), {
    minutes: 15,
    private: true,
    server: 'https://127.0.0.1:6443',
    groups: ['system:masters'],
    principal: `acs:ram::${cloud.accountId}:user/administrator`,
  })
  await kubeconfig(LIVE)
  assert.equal(requests.at(-1)?.minutes, 3 * 365 * 24 * 60)
})

test('errors have the body of CS: lower-case names and no HostId', async () => {
  const { body, ...missing } = await refusal(cs.describeClusterDetail('nope'))
  assert.deepEqual([missing.status, missing.code, missing.message], [404, 'ErrorClusterNotFound', 'cluster not found'])
  assert.deepEqual(Object.keys(body).sort(), ['code', 'message', 'requestId', 'status'])
  assert.equal(await refused(kubeconfig(LIVE, { temporaryDurationMinutes: 14 })), '400 InvalidParameter')
  assert.equal(await refused(kubeconfig(LIVE, { temporaryDurationMinutes: 4321 })), '400 InvalidParameter')
  assert.equal(await refused(kubeconfig(STAGING)), '400 ErrorClusterState')
  assert.equal(
    await refused(cs.describeClusterNodePools('nope', new DescribeClusterNodePoolsRequest({}))),
    '404 ErrorClusterNotFound',
  )
})

test('a caller without permission gets the missing action, as a user and as a session', async () => {
  const { accountId } = cloud
  cloud.control.putRole('no-clusters', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${accountId}:root`] } }],
  })
  const request = new AssumeRoleRequest({ roleArn: `acs:ram::${accountId}:role/no-clusters`, roleSessionName: 'me' })
  const { body } = await vendorClients(cloud).sts.assumeRole(request)
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  const session = vendorClients(cloud, { accessKeyId, accessKeySecret, securityToken }).cs
  const denied = await refusal(session.describeClusterDetail(LIVE))
  assert.deepEqual(
    [denied.status, denied.code, denied.message],
    [403, 'StatusForbidden', 'STSToken policy Forbidden for action cs:DescribeClusterDetail'],
  )
  const { EncodedDiagnosticMessage, ...detail } = denied.body.accessDeniedDetail as Record<string, unknown>
  assert.equal(typeof EncodedDiagnosticMessage, 'string')
  assert.deepEqual(detail, {
    AuthAction: 'cs:DescribeClusterDetail',
    AuthPrincipalDisplayName: 'no-clusters:me',
    AuthPrincipalOwnerId: accountId,
    AuthPrincipalType: 'AssumedRoleUser',
    NoPermissionType: 'ImplicitDeny',
    PolicyType: 'AccountLevelIdentityBasedPolicy',
  })
  await vendorClients(cloud).ram.detachPolicyFromUser(
    new DetachPolicyFromUserRequest({
      userName: 'auditor',
      policyName: 'AliyunCSReadOnlyAccess',
      policyType: 'System',
    }),
  )
  const auditor = vendorClients(cloud, cloud.accessKeyOf('auditor')).cs
  assert.equal(
    (await refusal(auditor.describeClusterDetail(LIVE))).message,
    'RAM policy Forbidden for action cs:DescribeClusterDetail',
  )
})

test("another account's clusters do not exist", async () => {
  const stranger = vendorClients(cloud, cloud.accessKeyOf('administrator', '1867204395510376')).cs
  assert.equal(await refused(stranger.describeClusterDetail(LIVE)), '404 ErrorClusterNotFound')
})

/**
 * Sources of the fields: DescribeClusterDetailResponseBody.masterUrl of @alicloud/cs20151215, and
 * sandbox/cloud/cs/clusters.ts.
 */
test('a cluster has an address per network, or a private one alone', async () => {
  const ids = { both: `c${'0'.repeat(31)}2`, private: `c${'0'.repeat(31)}3` }
  const seed = `
accounts:
  - id: "1427736501988243"
    users: [{ name: administrator, administrator: true, policies: { system: [AdministratorAccess] } }]
    clusters:
      - { id: ${ids.both}, name: both, region: cn-hangzhou }
      - { id: ${ids.private}, name: private, region: cn-hangzhou, publicEndpoint: false, unauthorized: [administrator] }
`
  await using own = await startCloud({ seed: parseSeed(seed, 'networks.yaml') })
  const client = vendorClients(own).cs
  const servers = { server: 'https://8.8.8.8:6443', privateServer: 'https://10.0.22.182:6443' }
  for (const [name, clusterId] of Object.entries(ids)) {
    own.registerCluster({
      ...servers,
      clusterId,
      name,
      region: 'cn-hangzhou',
      workerRoles: [],
      kubeconfig: async ({ server, groups }) => `${server} ${groups.join()}`,
    })
  }
  const addresses = async (id: string) => JSON.parse((await client.describeClusterDetail(id)).body?.masterUrl ?? '')
  const config = async (id: string, privateIpAddress: boolean) => {
    const request = new DescribeClusterUserKubeconfigRequest({ privateIpAddress })
    return (await client.describeClusterUserKubeconfig(id, request)).body?.config
  }
  assert.deepEqual(await addresses(ids.both), {
    api_server_endpoint: servers.server,
    intranet_api_server_endpoint: servers.privateServer,
  })
  assert.deepEqual(await addresses(ids.private), { intranet_api_server_endpoint: servers.privateServer })
  assert.deepEqual(await Promise.all([false, true].map((isPrivate) => config(ids.both, isPrivate))), [
    `${servers.server} system:masters`,
    `${servers.privateServer} system:masters`,
  ])
  // The kubeconfig of a caller without RBAC in the cluster is valid, but has no rights.
  assert.equal(await config(ids.private, true), `${servers.privateServer} `)
  own.control.authorize(ids.private, 'administrator', true)
  assert.equal(await config(ids.private, true), `${servers.privateServer} system:masters`)
  const { transport, endpoints } = clientOf(own)
  const target = { transport, endpoint: endpoints.url('cs', 'cn-hangzhou'), credentials: own.administrator }
  const known = await Promise.all(Object.values(ids).map((id) => describeClusterDetail(target, id)))
  assert.deepEqual(
    known.map(({ hasPublicEndpoint, apiServer }) => [hasPublicEndpoint, apiServer.includes(servers.server)]),
    [
      [true, true],
      [false, false],
    ],
  )
})

test('a cluster whose issuer already has an identity provider uses that provider, because an account has one of an issuer', async () => {
  await using own = await startCloud()
  const register = (clusterId: string, issuer: string): void =>
    own.registerCluster({
      clusterId,
      name: clusterId,
      region: 'cn-hangzhou',
      workerRoles: [],
      rrsa: { issuer, jwks: { keys: [] } },
      server: 'https://127.0.0.1:6443',
      kubeconfig: async () => '',
    })
  const providerOf = async (id: string) =>
    (await vendorClients(own).cs.describeClusterDetail(id)).body?.rrsaConfig?.oidcName
  register(STAGING, 'https://oidc.example.com/one')
  register(LIVE, 'https://oidc.example.com/one')
  assert.deepEqual([await providerOf(STAGING), await providerOf(LIVE)], Array(2).fill(`ack-rrsa-${STAGING}`))
  register(LIVE, 'https://oidc.example.com/two')
  assert.equal(await providerOf(LIVE), `ack-rrsa-${LIVE}`)
})

/**
 * Source: GrantPermissionsRequestBody of @alicloud/cs20151215. role_type is `cluster` or
 * `all-clusters`, role_name is `admin`, and there is is_ram_role. The call "overwrites the existing
 * cluster permissions of the target RAM user or RAM role".
 */
test('GrantPermissions replaces the rights of a role in all clusters of the account', async () => {
  const ids = [1, 2].map((index) => `c${'0'.repeat(30)}${index}f`) as [string, string]
  const seed = `
accounts:
  - id: "1427736501988243"
    users: [{ name: administrator, administrator: true, policies: { system: [AdministratorAccess] } }]
    roles: [{ name: deploy, trust: { Statement: [{ Action: "sts:AssumeRole", Effect: Allow, Principal: { RAM: ["acs:ram::1427736501988243:root"] } }], Version: "1" }, policies: { system: [AdministratorAccess] } }]
    clusters: [${ids.map((id) => `{ id: ${id}, name: ${id}, region: cn-hangzhou, unauthorized: [deploy, other] }`).join(', ')}]
`
  await using own = await startCloud({ seed: parseSeed(seed, 'permissions.yaml') })
  for (const clusterId of ids) {
    const kubeconfig = async ({ groups }: { groups: readonly string[] }) => groups.join()
    own.registerCluster({
      clusterId,
      server: 'https://8.8.8.8:6443',
      name: clusterId,
      region: 'cn-hangzhou',
      workerRoles: [],
      kubeconfig,
    })
  }
  const { ram, sts, cs } = vendorClients(own)
  const uid = (await ram.getRole(new GetRoleRequest({ roleName: 'deploy' }))).body?.role?.roleId ?? ''
  const roleArn = 'acs:ram::1427736501988243:role/deploy'
  const session = (await sts.assumeRole(new AssumeRoleRequest({ roleArn, roleSessionName: 'test' }))).body?.credentials
  const deploy = vendorClients(own, {
    accessKeyId: session?.accessKeyId ?? '',
    accessKeySecret: session?.accessKeySecret ?? '',
    securityToken: session?.securityToken ?? '',
  }).cs
  const groups = () =>
    Promise.all(
      ids.map(async (id) => {
        const request = new DescribeClusterUserKubeconfigRequest({})
        return (await deploy.describeClusterUserKubeconfig(id, request)).body?.config
      }),
    )
  const grant = (permission: object, id = uid) =>
    cs.grantPermissions(id, new GrantPermissionsRequest({ body: [new GrantPermissionsRequestBody(permission)] }))
  const admin = { roleType: 'cluster', roleName: 'admin', isRamRole: true }
  assert.deepEqual(await groups(), ['', ''])
  await grant({ ...admin, cluster: ids[0] })
  assert.deepEqual(await groups(), ['system:masters', ''])
  await grant({ ...admin, cluster: ids[1] })
  assert.deepEqual(await groups(), ['', 'system:masters'])
  await grant({ ...admin, cluster: '', roleType: 'all-clusters' })
  assert.deepEqual(await groups(), ['system:masters', 'system:masters'])
  for (const wrong of [{ cluster: 'c0' }, { roleType: 'namespace' }, { roleName: 'dev' }, { isRamRole: false }]) {
    assert.equal(await refused(grant({ ...admin, cluster: ids[0], ...wrong })), '400 InvalidParameter')
  }
  assert.equal(await refused(grant({ ...admin, cluster: ids[0] }, '1')), '400 InvalidParameter')
  assert.deepEqual(await groups(), ['system:masters', 'system:masters'])
  await cs.grantPermissions(uid, new GrantPermissionsRequest({ body: [] }))
  assert.deepEqual(await groups(), ['', ''])
})

test('DescribeClustersV1 lists the clusters of all regions page by page, and of one region on request', async () => {
  const pageOf = async (request: object) => {
    const { body } = await cs.describeClustersV1(new DescribeClustersV1Request(request))
    const { pageNumber, pageSize, totalCount } = body?.pageInfo ?? {}
    return { ids: (body?.clusters ?? []).map(({ clusterId }) => clusterId), page: [pageNumber, pageSize, totalCount] }
  }
  const all = await pageOf({})
  const total = all.ids.length
  assert.ok(total > 1 && all.ids.includes(STAGING) && all.ids.includes(LIVE))
  assert.deepEqual(all.page, [1, 10, total])
  assert.deepEqual(await pageOf({ regionId: 'cn-beijing' }), { ids: [LIVE], page: [1, 10, 1] })
  assert.deepEqual(await pageOf({ pageSize: 1, pageNumber: 2 }), { ids: [all.ids[1]], page: [2, 1, total] })
  assert.deepEqual((await pageOf({ pageNumber: 9 })).ids, [])
})

test('the list of clusters needs cs:GetClusters, as its page documents', async () => {
  // https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-query-information-about-all-clusters
  await using own = await startCloud()
  await vendorClients(own).ram.detachPolicyFromUser(
    new DetachPolicyFromUserRequest({
      userName: 'auditor',
      policyName: 'AliyunCSReadOnlyAccess',
      policyType: 'System',
    }),
  )
  const user = vendorClients(own, own.accessKeyOf('auditor')).cs
  const { status, message } = await refusal(user.describeClustersV1(new DescribeClustersV1Request({})))
  assert.deepEqual([status, message], [403, 'RAM policy Forbidden for action cs:GetClusters'])
})

test('the add-ons of a cluster are listed with name, state and version', async () => {
  // https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-listclusteraddoninstances
  const { body } = await cs.listClusterAddonInstances(LIVE)
  assert.deepEqual({ ...body?.addons?.[0] }, { name: 'coredns', state: 'active', version: 'v1.0.0.1-aliyun' })
  assert.equal(await refused(cs.listClusterAddonInstances('nope')), '404 ErrorClusterNotFound')
})

test('our own reads see what the SDK sees', async () => {
  const { transport, endpoints } = clientOf(cloud)
  const target = { transport, endpoint: endpoints.url('cs'), credentials: fixed(cloud.administrator) }
  const pages: (readonly ClusterSummary[])[] = []
  for await (const page of clusterPages(target)) pages.push(page)
  const live = pages.flat().find(({ clusterId }) => clusterId === LIVE)
  assert.deepEqual(live, { clusterId: LIVE, name: 'live', region: 'cn-beijing', kind: 'managed', state: 'running' })
  assert.deepEqual(await listAddons(target, LIVE), ['coredns', 'metrics-server'])
})
