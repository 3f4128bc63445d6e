import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { registry } from '../acr/registry.ts'
import { demo, HOUR, PUBLIC, startTokenBench, type TokenBench, VPC } from './acr-token-bench.ts'

let bench: TokenBench

before(async () => {
  bench = await startTokenBench()
})
after(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.reset())

test('a worker role without the policy gets an error with the missing permission, with the policy it gets a token', async () => {
  await assert.rejects(bench.sourceOf(demo()).get(), {
    code: 'CLOUD_DENIED',
    message: /lacks the permission cr:GetAuthorizationToken/,
  })
  bench.allow(demo())
  const token = await bench.sourceOf(demo()).get()
  assert.equal(token.username, 'cr_temp_user')
  assert.ok(token.password.length > 20)
  assert.deepEqual(token.domains, [VPC, PUBLIC])
})

test('P3 a token lasts as long as the session that requested it, and reports that as its expiry', async () => {
  bench.allow(demo())
  const source = bench.sourceOf(demo())
  assert.equal(source.sharedSession, true)
  const { issuedAt, expiresAt } = await source.get()
  assert.ok(expiresAt !== null && expiresAt - issuedAt <= 6 * HOUR + 1000 && expiresAt > issuedAt)
})

test('P7 a refresh costs one token call, and the addresses are read once an hour', async () => {
  bench.allow(demo())
  const source = bench.sourceOf(demo({ network: 'vpc' }))
  const start = bench.cloud.calls.length
  const [one, two] = await Promise.all([source.get(), source.get()])
  assert.deepEqual(one, two)
  assert.deepEqual((await source.get()).domains, [VPC])
  const actions = bench.cloud.calls.slice(start).map(({ action }) => action)
  assert.deepEqual(
    actions.filter((action) => /^(GetAuthorizationToken|ListInstanceEndpoint)$/.test(action)),
    ['GetAuthorizationToken', 'ListInstanceEndpoint', 'GetAuthorizationToken'],
  )
})

test('an instance is found by name, and for an unknown name the error lists the existing ones', async () => {
  const byName = registry({ instanceId: '', instanceName: 'demo' })
  bench.allow(byName)
  assert.deepEqual((await bench.sourceOf(byName).get()).domains, [VPC, PUBLIC])
  await assert.rejects(bench.sourceOf(registry({ instanceId: '', instanceName: 'dmeo' })).get(), {
    code: 'REGISTRY_NOT_FOUND',
    hint: /There are: demo\./,
  })
})

test('a wrong instance id is distinguished from a missing permission, although both responses are HTTP 200', async () => {
  bench.allow(demo({ instanceId: 'cri-nosuchinstance0' }))
  await assert.rejects(bench.sourceOf(demo({ instanceId: 'cri-nosuchinstance0' })).get(), {
    code: 'CLOUD_NOT_FOUND',
    reason: 'INSTANCE_NOT_EXIST',
  })
})

test('expiresInHours requests a longer lifetime, and the expiry in the response counts', async () => {
  bench.allow(demo())
  const { expiresAt, issuedAt } = await bench.sourceOf(demo({ expiresInHours: 24 })).get()
  assert.ok(expiresAt !== null && expiresAt > issuedAt)
  bench.cloud.faults.add({
    kind: 'status',
    status: 400,
    code: 'InvalidParameter.ExpiresInHours',
    match: { action: 'GetAuthorizationToken' },
  })
  const start = bench.cloud.calls.length
  const source = bench.sourceOf(demo({ expiresInHours: 24 }))
  await source.get()
  await source.get()
  assert.equal(bench.cloud.calls.slice(start).filter(({ action }) => action === 'GetAuthorizationToken').length, 3)
})

test('the Personal Edition gives tokens for its region’s hosts', async () => {
  const personal = registry({ edition: 'personal', instanceId: '', region: 'cn-shanghai' })
  bench.allow(personal)
  const token = await bench.sourceOf(personal).get()
  assert.ok(token.domains.includes('registry-vpc.cn-shanghai.aliyuncs.com'))
  assert.ok(token.expiresAt !== null)
})

test('a static login is read from its Secret on each call, and never expires', async () => {
  const directory = join(bench.folder, 'registries', 'legacy')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'username'), 'me\n')
  await writeFile(join(directory, 'password'), 'first')
  const legacy = registry({
    name: 'legacy',
    edition: 'static',
    domains: ['crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com'],
  })
  const source = bench.sourceOf(legacy)
  const token = await source.get()
  assert.deepEqual(
    [token.username, token.password, token.expiresAt, token.domains],
    ['me', 'first', null, legacy.domains],
  )
  await writeFile(join(directory, 'password'), 'second')
  assert.equal((await source.get()).password, 'second')
  await assert.rejects(bench.sourceOf({ ...legacy, name: 'none' }).get(), {
    code: 'CREDENTIALS_MISSING',
    message: /registries\/none\/username/,
  })
})
