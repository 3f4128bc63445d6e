import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { createAccountReader } from '../../src/init/read-account.ts'
import { json, type Reply, scripted } from '../alibaba/scripted-transport.ts'

const KEYS = { accessKeyId: 'LTAI-test', accessKeySecret: 'secret' }
const ID = `c${'a'.repeat(32)}`

function readerOf(replies: readonly Reply[], signal = new AbortController().signal) {
  const { transport, sent } = scripted(replies)
  const get = async () => KEYS
  const credentials = { name: 'test', sharedSession: false, get, fresh: get }
  const endpoints = createEndpoints({ network: 'public' })
  const said: string[] = []
  const reader = createAccountReader({ transport, endpoints, credentials, signal, onRead: (what) => said.push(what) })
  return { reader, sent, said }
}
const denied = (action: string) =>
  json(403, { code: 'StatusForbidden', message: 'no', accessDeniedDetail: { AuthAction: action } })
const clusters = (total: number, ...ids: readonly string[]) =>
  json(200, {
    clusters: ids.map((id) => ({ cluster_id: id, name: id, region_id: 'cn-hangzhou', state: 'running' })),
    page_info: { total_count: total },
  })
const instances = (region: string, ...ids: readonly string[]) =>
  json(200, {
    IsSuccess: true,
    TotalCount: ids.length,
    Instances: ids.map((id) => ({ InstanceId: id, InstanceName: id, RegionId: region, InstanceStatus: 'RUNNING' })),
  })

test('a list whose second page is denied keeps the first page, and is called cut', async () => {
  const { reader } = readerOf([clusters(3, 'c1', 'c2'), denied('cs:GetClusters')])
  const { items, cut } = await reader.clusters(['cn-hangzhou'])
  assert.deepEqual(
    items.map(({ clusterId }) => clusterId),
    ['c1', 'c2'],
  )
  assert.equal(cut, 'the list of clusters in cn-hangzhou could not be read to the end')
  assert.match(reader.unread[0]?.why ?? '', /lacks the permission cs:GetClusters/)
})

test('instances are listed at the endpoint of each region, and a region that fails is named', async () => {
  const { reader, sent } = readerOf([
    instances('cn-hangzhou', 'cri-1'),
    denied('cr:ListInstance'),
    instances('cn-shanghai', 'cri-3'),
  ])
  const { items, cut } = await reader.instances(['cn-hangzhou', 'cn-beijing', 'cn-shanghai'])
  assert.deepEqual(
    sent.map(({ url }) => url.host),
    ['cr.cn-hangzhou.aliyuncs.com', 'cr.cn-beijing.aliyuncs.com', 'cr.cn-shanghai.aliyuncs.com'],
  )
  assert.deepEqual(
    items.map(({ instanceId, region }) => `${region} ${instanceId}`),
    ['cn-hangzhou cri-1', 'cn-shanghai cri-3'],
  )
  assert.equal(cut, 'the list of instances in cn-beijing could not be read')
})

test('a cluster that two endpoints list is one cluster', async () => {
  const { reader } = readerOf([clusters(1, ID), clusters(1, ID)])
  const { items, cut } = await reader.clusters(['cn-hangzhou', 'cn-beijing'])
  assert.deepEqual([items.length, cut], [1, undefined])
})

test('a region that is no region is a part that could not be read', async () => {
  const { reader } = readerOf([])
  const { items, cut } = await reader.instances(['evil.example.com/'])
  assert.deepEqual([items.length, typeof cut], [0, 'string'])
})

test('a cluster that ACK does not know ends the command, and one that cannot be read does not', async () => {
  const chosen = { clusterId: ID, name: 'shop', region: 'cn-hangzhou', kind: 'managed' as const, state: 'running' }
  const gone = json(404, { code: 'ErrorClusterNotFound', message: 'cluster not found' })
  await assert.rejects(readerOf([gone, gone]).reader.cluster(chosen), { code: 'CLOUD_NOT_FOUND' })
  const { reader } = readerOf([denied('cs:DescribeClusterDetail'), denied('cs:ListClusterAddonInstances')])
  const { detail, kind, addon } = await reader.cluster(chosen)
  assert.deepEqual([detail, kind, addon], [undefined, 'managed', undefined])
  assert.equal(reader.unread.length, 2)
})

test('a cluster that only its detail names has the name, the region and the kind of the detail', async () => {
  const detail = { cluster_id: ID, name: 'shop', region_id: 'cn-beijing', cluster_type: 'Kubernetes', vpc_id: 'vpc-1' }
  const addons = { addons: [{ name: 'coredns' }, { name: 'aliyun-acr-credential-helper' }] }
  const { reader } = readerOf([json(200, detail), json(200, addons)])
  const named = { clusterId: ID, name: '', region: 'cn-hangzhou', kind: undefined, state: '' }
  const { detail: read, ...facts } = await reader.cluster(named)
  assert.deepEqual(facts, {
    clusterId: ID,
    name: 'shop',
    region: 'cn-beijing',
    kind: 'dedicated',
    state: '',
    addon: 'aliyun-acr-credential-helper',
  })
  assert.equal(read?.vpcId, 'vpc-1')
})

test('an instance has its endpoints, or the reason why they are missing', async () => {
  const instance = { instanceId: 'cri-1', name: 'shop', region: 'cn-beijing', status: 'RUNNING' }
  const endpoint = { EndpointType: 'vpc', Enable: true, Domains: [{ Domain: 'A.example.com', Type: 'SYSTEM' }] }
  const linked = { ...endpoint, LinkedVpcs: [{ VpcId: 'vpc-1' }] }
  const { reader, sent } = readerOf([
    json(200, { IsSuccess: true, Endpoints: [linked] }),
    denied('cr:ListInstanceEndpoint'),
  ])
  const domains = [{ domain: 'a.example.com', custom: false }]
  const endpoints = [{ type: 'vpc', enabled: true, domains, vpcIds: ['vpc-1'] }]
  assert.deepEqual(await reader.instance(instance), { ...instance, endpoints })
  assert.equal(sent[0]?.url.host, 'cr.cn-beijing.aliyuncs.com')
  assert.deepEqual(await reader.instance(instance), { ...instance, endpoints: undefined })
  assert.equal(reader.unread[0]?.what, 'the domains of instance cri-1')
})

test('refused credentials end the command, because no read can work', async () => {
  const refused = json(404, { Code: 'InvalidAccessKeyId.NotFound', Message: 'no' })
  await assert.rejects(readerOf([refused]).reader.caller(), { code: 'CREDENTIALS_REFUSED' })
})

test('an account that is no number is not taken over', async () => {
  const arn = 'acs:ram::1427736501988243:user/me'
  const right = readerOf([json(200, { AccountId: '1427736501988243', Arn: arn })])
  assert.deepEqual(await right.reader.caller(), { accountId: '1427736501988243', arn })
  assert.deepEqual(right.said, ['the account'])
  const { reader } = readerOf([json(200, { AccountId: '1\n  run: evil', Arn: 'x' })])
  assert.equal(await reader.caller(), undefined)
  assert.equal(reader.unread.length, 1)
})

test('an interrupt is not a part that could not be read', async () => {
  const abort = new AbortController()
  const interrupted = new Error('interrupted')
  const { reader } = readerOf(
    [
      () => {
        abort.abort(interrupted)
        throw interrupted
      },
    ],
    abort.signal,
  )
  await assert.rejects(reader.clusters(['cn-hangzhou']), interrupted)
})
