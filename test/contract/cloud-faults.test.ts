import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { CreateUserRequest, GetRoleRequest } from '@alicloud/ram20150501'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

let cloud: Cloud
const now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
})
after(() => cloud.stop())
beforeEach(() => cloud.faults.clear())

const identity = () => vendorClients(cloud).sts.getCallerIdentity()
const failure = async (): Promise<Record<string, unknown>> => {
  const error: unknown = await identity().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const { name, code, statusCode, retryAfter } = (error ?? { name: 'none' }) as Record<string, unknown>
  return { name, code, statusCode, retryAfter }
}

test('the vendor SDK sees each fault like a real one', async () => {
  const { faults } = cloud
  faults.add({ kind: 'throttle', retryAfterMs: 2000 })
  assert.deepEqual(await failure(), {
    name: 'ThrottlingError',
    code: 'Throttling.User',
    statusCode: 429,
    retryAfter: 2000,
  })
  faults.add({ kind: 'status', status: 503, code: 'ServiceUnavailable' })
  assert.deepEqual(await failure(), {
    name: 'ServerError',
    code: 'ServiceUnavailable',
    statusCode: 503,
    retryAfter: undefined,
  })
  for (const kind of ['html', 'empty', 'garbage'] as const) {
    faults.add({ kind })
    assert.equal((await failure()).name, 'SyntaxError', kind)
  }
  faults.add({ kind: 'cut' })
  assert.equal((await failure()).code, 'ECONNRESET')
  faults.add({ kind: 'slow', ms: 20 })
  assert.equal((await failure()).name, 'none')
  assert.deepEqual(
    cloud.calls.slice(-7).map(({ status, code }) => `${status} ${code}`),
    [
      '429 Throttling.User',
      '503 ServiceUnavailable',
      '502 fault:html',
      '503 fault:empty',
      '200 fault:garbage',
      '0 fault:cut',
      '200 ',
    ],
  )
})

test('a fault affects only the calls that it names, and only so often', async () => {
  cloud.faults.add({
    match: { product: 'ram', action: 'GetRole' },
    kind: 'status',
    status: 500,
    code: 'InternalError',
    times: 2,
  })
  const { ram } = vendorClients(cloud)
  const role = () => refused(ram.getRole(new GetRoleRequest({ roleName: 'nowhere' })))
  await identity()
  assert.deepEqual(
    [await role(), await role(), await role()],
    ['500 InternalError', '500 InternalError', '404 EntityNotExist.Role'],
  )
})

test('the response can be lost after the work was done', async () => {
  const { ram } = vendorClients(cloud)
  cloud.faults.add({ kind: 'cut-after', match: { action: 'CreateUser' } })
  await assert.rejects(ram.createUser(new CreateUserRequest({ userName: 'made' })), { code: 'ECONNRESET' })
  assert.equal(
    await refused(ram.createUser(new CreateUserRequest({ userName: 'made' }))),
    '409 EntityAlreadyExists.User',
  )
})

test('a call without a response is closed when the emulator stops', async () => {
  const other = await startCloud()
  other.faults.add({ kind: 'hang' })
  const pending = assert.rejects(vendorClients(other).sts.getCallerIdentity())
  while (other.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await other.stop()
  await pending
  // A second stop changes nothing.
  await other.stop()
})

test('metadata and the registry have faults too', async () => {
  cloud.faults.add({ match: { product: 'imds' }, kind: 'status', status: 500, code: 'x' })
  cloud.faults.add({ match: { product: 'registry' }, kind: 'throttle' })
  assert.equal((await fetch(`${cloud.endpoints.imds}/latest/meta-data/region-id`)).status, 500)
  assert.equal((await fetch(cloud.registryAuth.realm)).status, 429)
})

test("the cloud's clock can be ahead, and its Date header shows it", async () => {
  cloud.control.setClockSkew(3_600_000)
  const response = await fetch(cloud.endpoints.sts, { method: 'POST', headers: { 'x-acs-version': '2015-04-01' } })
  assert.equal(Date.parse(response.headers.get('date') ?? ''), Math.floor((now + 3_600_000) / 1000) * 1000)
  assert.equal(await refused(identity()), '400 InvalidTimeStamp.Expired')
  cloud.control.setClockSkew(0)
  await identity()
})

/**
 * STS documents 100 AssumeRole requests per second and account, for all its users and roles
 * together, and "Throttling errors"
 * (https://www.alibabacloud.com/en/notice/upgradenotification_of_request_limit_upgrade_of_sts_assumerole_api_175).
 */
test('calls beyond the rate of an account are throttled, for this product and account alone, until a second has passed', async () => {
  let now = Date.now()
  await using limited = await startCloud({ clock: () => now })
  limited.control.limitRate('Sts', 3)
  const identity = (keys = limited.administrator) => vendorClients(limited, keys).sts.getCallerIdentity()
  for (let count = 1; count <= 3; count++) await identity()
  assert.equal(await refused(identity()), '429 Throttling.User')
  assert.equal(await refused(identity(limited.accessKeyOf('auditor'))), '429 Throttling.User')
  await identity(limited.accessKeyOf('administrator', '1867204395510376'))
  await vendorClients(limited).call({ action: 'ListInstance', version: '2018-12-01' })
  // An unsigned call counts for the account of the role that the call names.
  const unsigned = await fetch(
    `${limited.endpoints.sts}/?Action=AssumeRoleWithOIDC&Version=2015-04-01&RoleArn=acs:ram::${limited.accountId}:role/x`,
    { method: 'POST' },
  )
  assert.deepEqual([unsigned.status, ((await unsigned.json()) as { Code: string }).Code], [429, 'Throttling.User'])
  now += 1000
  await identity()
  limited.control.limitRate('Sts', undefined)
  for (let count = 1; count <= 5; count++) await identity()
})
