import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudCall, CloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { NopassError } from '../../src/errors.ts'
import { shareObjects, shareReads } from '../../src/fleet/share-reads.ts'
import { type KubeCall, type KubeClient, METADATA_ONLY } from '../../src/kube/client.ts'

const provider = (name: string) => ({ name }) as unknown as NonNullable<CloudCall['credentials']>
const ROLE: CloudCall = {
  product: 'ram',
  version: '2015-05-01',
  action: 'GetRole',
  query: { RoleName: 'nodes' },
  endpoint: new URL('https://ram.aliyuncs.com'),
  credentials: provider('a'),
}

/** A transport that counts the calls, and fails those that it is told to. */
function counting(fails: () => boolean = () => false) {
  const sent: CloudCall[] = []
  const call = async (request: CloudCall) => {
    sent.push(request)
    if (fails()) throw new NopassError('CLOUD_UNAVAILABLE', 'ram GetRole')
    return { number: sent.length }
  }
  return { sent, shared: shareReads({ call } as unknown as CloudTransport) }
}

test('equal reads of one identity are one call, at the same time and later', async () => {
  const { sent, shared } = counting()
  const [first, second] = await Promise.all([shared.call(ROLE), shared.call({ ...ROLE })])
  assert.deepEqual([first, second, await shared.call(ROLE)], [{ number: 1 }, { number: 1 }, { number: 1 }])
  assert.equal(sent.length, 1)
})

for (const [what, other] of [
  ['another identity', { ...ROLE, credentials: provider('b') }],
  ['another role', { ...ROLE, query: { RoleName: 'other' } }],
  ['another address', { ...ROLE, endpoint: new URL('https://ram.example') }],
] as const) {
  test(`a read of ${what} is a call of its own`, async () => {
    const { sent, shared } = counting()
    await shared.call(ROLE)
    await shared.call(other)
    assert.equal(sent.length, 2)
  })
}

for (const request of [
  { ...ROLE, action: 'CreateRole' },
  { ...ROLE, write: true },
  { ...ROLE, product: 'sts', action: 'AssumeRole' },
  { ...ROLE, product: 'cs', action: 'DescribeClusterUserKubeconfig' },
  { ...ROLE, action: 'ForgetRole' },
  { ...ROLE, product: 'cr', action: 'ForgetInstance' },
  { ...ROLE, product: 'ims', action: 'ForgetUser' },
  { ...ROLE, product: 'cs', action: 'DescribeClusterDetails' },
  { ...ROLE, product: 'sts', action: 'GetCallerIdentityOf' },
  { ...ROLE, product: 'sts', action: 'ForgetCallerIdentity' },
  { ...ROLE, product: 'other', action: 'GetRole' },
  { ...ROLE, credentials: undefined },
]) {
  test(`${request.product} ${request.action}${request.write ? ' as a write' : ''}${request.credentials ? '' : ' without an identity'} is never shared`, async () => {
    const { sent, shared } = counting()
    await shared.call(request)
    await shared.call(request)
    assert.equal(sent.length, 2)
  })
}

for (const [product, action] of [
  ['ims', 'GetUser'],
  ['cr', 'ListInstance'],
  ['cs', 'DescribeClusterDetail'],
  ['cs', 'DescribeClusterNodePools'],
  ['sts', 'GetCallerIdentity'],
  ['ram', 'ListPoliciesForRole'],
] as const) {
  test(`${product} ${action} is shared`, async () => {
    const { sent, shared } = counting()
    await shared.call({ ...ROLE, product, action })
    await shared.call({ ...ROLE, product, action })
    assert.equal(sent.length, 1)
  })
}

test('a failed read is made again for the next cluster', async () => {
  let isDown = true
  const { sent, shared } = counting(() => isDown)
  await assert.rejects(shared.call(ROLE), { code: 'CLOUD_UNAVAILABLE' })
  isDown = false
  assert.deepEqual(await shared.call(ROLE), { number: 2 })
  assert.equal(sent.length, 2)
})

/** A client of a cluster that counts the requests. The object `absent` does not exist. */
function countingCluster() {
  const sent: KubeCall[] = []
  const request = async (call: KubeCall) => {
    sent.push(call)
    if (call.path.endsWith('/absent')) throw new NopassError('KUBE_NOT_FOUND', call.path)
    return { number: sent.length }
  }
  return { sent, shared: shareObjects({ request } as unknown as KubeClient) }
}

const OBJECT: KubeCall = { method: 'GET', path: '/apis/apps/v1/namespaces/one/deployments/helper' }

test('equal reads of one object in a cluster are one request, at the same time and later', async () => {
  const { sent, shared } = countingCluster()
  const [first, second] = await Promise.all([shared.request(OBJECT), shared.request({ ...OBJECT })])
  assert.deepEqual([first, second, await shared.request(OBJECT)], [{ number: 1 }, { number: 1 }, { number: 1 }])
  assert.equal(sent.length, 1)
})

for (const [what, one, other] of [
  ['pages of a list', { ...OBJECT, query: { limit: 500 } }, { ...OBJECT, query: { limit: 500 } }],
  ['a whole object and its metadata', OBJECT, { ...OBJECT, accept: METADATA_ONLY }],
  ['two objects', OBJECT, { ...OBJECT, path: `${OBJECT.path}-2` }],
  ['changes', { ...OBJECT, method: 'PATCH' }, { ...OBJECT, method: 'PATCH' }],
  ['logs', { ...OBJECT, isText: true }, { ...OBJECT, isText: true }],
] as const) {
  test(`${what} are two requests`, async () => {
    const { sent, shared } = countingCluster()
    assert.deepEqual([await shared.request(one), await shared.request(other)], [{ number: 1 }, { number: 2 }])
    assert.equal(sent.length, 2)
  })
}

test('an object that was not found is read again', async () => {
  const { sent, shared } = countingCluster()
  const absent = { ...OBJECT, path: '/api/v1/namespaces/absent' }
  await assert.rejects(shared.request(absent), { code: 'KUBE_NOT_FOUND' })
  await assert.rejects(shared.request(absent), { code: 'KUBE_NOT_FOUND' })
  assert.equal(sent.length, 2)
})
