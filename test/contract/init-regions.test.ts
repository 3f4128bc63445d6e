import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BIN } from '../cli/run-bin.ts'
import { CLUSTERS, FAR_INSTANCE, INSTANCE, startInitCloud } from '../support/cloud/init-cloud.ts'
import { findHostsObstacle, openVendorHosts, type VendorHosts } from '../support/cloud/vendor-hosts.ts'

/**
 * `init` under the vendor's own host names: each region has an endpoint of its own, which lists the
 * instances of that region only.
 */
const skip = await findHostsObstacle()
const PRODUCTS = ['cs', 'cr']
const REGIONS = ['cn-hangzhou', 'cn-beijing']
const NAMES = [
  'sts.aliyuncs.com',
  ...PRODUCTS.flatMap((product) => REGIONS.map((region) => `${product}.${region}.aliyuncs.com`)),
]

let at: Awaited<ReturnType<typeof startInitCloud>>
let hosts: VendorHosts
before(async () => {
  if (skip !== undefined) return
  at = await startInitCloud()
  hosts = await openVendorHosts(at.cloud.endpoints.cs, NAMES)
})
after(async () => {
  await hosts?.[Symbol.asyncDispose]()
  await at?.[Symbol.asyncDispose]()
})

test('instances are read at the endpoint of each region that has a cluster', { skip: skip ?? false }, async () => {
  const from = at.cloud.calls.length
  const args = ['--cluster', '*', '--instance', '*', '--repositories', '*', '--dry-run', '-o', 'json']
  const { code, stdout, stderr } = await hosts.run(BIN, ['init', ...args], { env: at.keyOf('reader') })
  assert.equal(code, 0, stderr)
  const { clusters, instances, notes } = JSON.parse(stdout)
  assert.equal(clusters.length, Object.keys(CLUSTERS).length)
  assert.deepEqual(
    instances.map(({ instanceId, region }: { instanceId: string; region: string }) => [instanceId, region]),
    [
      [INSTANCE, 'cn-hangzhou'],
      [FAR_INSTANCE, 'cn-beijing'],
    ],
  )
  assert.ok(!notes.some((note: string) => /not read|not complete/.test(note)), notes.join('\n'))
  const lists = at.cloud.calls.slice(from).filter(({ action }) => action === 'ListInstance')
  assert.equal(lists.length, 2)
})

test('a region whose endpoint cannot be reached is said to be missing, and --region adds one', {
  skip: skip ?? false,
}, async () => {
  const args = ['--cluster', CLUSTERS.rrsa, '--instance', '*', '--repositories', '*', '--dry-run', '-o', 'json']
  const regions = ['--region', 'cn-hangzhou', '--region', 'cn-qingdao']
  const { code, stdout, stderr } = await hosts.run(BIN, ['init', ...args, ...regions], { env: at.keyOf('reader') })
  assert.equal(code, 0, stderr)
  const { notes } = JSON.parse(stdout)
  for (const list of ['clusters', 'instances']) {
    assert.ok(
      notes.some((note: string) => note.includes(`the list of ${list} in cn-qingdao could not be read`)),
      notes.join('\n'),
    )
  }
})
