import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudCall, CloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { NopassError } from '../../src/errors.ts'
import { shareReads } from '../../src/fleet/share-reads.ts'

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
  { ...ROLE, credentials: undefined },
]) {
  test(`${request.product} ${request.action}${request.write ? ' as a write' : ''}${request.credentials ? '' : ' without an identity'} is never shared`, async () => {
    const { sent, shared } = counting()
    await shared.call(request)
    await shared.call(request)
    assert.equal(sent.length, 2)
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
