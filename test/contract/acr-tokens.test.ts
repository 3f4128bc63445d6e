import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import type { RegistryConfig } from '../../src/acr/registry-config.ts'
import { createTokenSource, type TokenSource } from '../../src/acr/token-source.ts'
import { createIdentities, type IdentityConfig } from '../../src/alibaba/identity.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import { rrsaRoleName } from '../../src/policy/names.ts'
import { policyDocument } from '../../src/policy/policy-document.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import type { Cloud } from '../../src/sandbox/cloud/cloud.ts'
import { signJwt } from '../../src/sandbox/cloud/jwt.ts'
import { startCloud } from '../../src/sandbox/cloud/start-cloud.ts'
import { registry } from '../acr/registry.ts'
import { administratorRam, clientOf, readText } from './acr-cloud-client.ts'

const WORKER = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'
const PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const HOUR = 3_600_000

let cloud: Cloud
let imds: string
let folder: string

before(async () => {
  cloud = await startCloud()
  imds = await cloud.imdsFor(WORKER)
  folder = await mkdtemp(join(tmpdir(), 'acr-tokens-'))
})
after(async () => {
  await cloud.stop()
  await rm(folder, { recursive: true, force: true })
})
afterEach(() => {
  cloud.faults.clear()
  cloud.control.setClockSkew(0)
  cloud.control.shortSessions(undefined)
  cloud.control.allowImdsV1(false)
})

const demo = (changes: Partial<RegistryConfig> = {}): RegistryConfig => registry({ instanceId: INSTANCE, ...changes })

function sourceOf(config: RegistryConfig, identity: IdentityConfig = { type: 'worker-role' }): TokenSource {
  const client = clientOf(cloud, imds)
  const oidcTokenFile = join(folder, 'token')
  const identities = createIdentities(identity, { ...client, region: cloud.regionId, readText, oidcTokenFile })
  return createTokenSource(config, {
    ...client,
    identity: identities,
    identityConfig: identity,
    readText,
    secretsDir: folder,
  })
}

const allow = (config: RegistryConfig, role: string = WORKER): void => {
  const document = policyDocument([{ ...config, repositories: ['*'] }], {
    scope: 'instance',
    accountId: cloud.accountId,
  })
  cloud.control.grant(role, `may-pull-${role.slice(0, 30)}`, document ?? {})
}

test('a worker role without the policy is refused with the permission that it lacks, with it a token comes', async () => {
  await assert.rejects(sourceOf(demo()).get(), {
    code: 'CLOUD_DENIED',
    message: /lacks the permission cr:GetAuthorizationToken/,
  })
  allow(demo())
  const token = await sourceOf(demo()).get()
  assert.equal(token.username, 'cr_temp_user')
  assert.ok(token.password.length > 20)
  assert.deepEqual(token.domains, [VPC, PUBLIC])
})

test('P3 a token lives as long as the session that asked for it, and its expiry says so', async () => {
  allow(demo())
  const source = sourceOf(demo())
  assert.equal(source.sharedSession, true)
  const { issuedAt, expiresAt } = await source.get()
  assert.ok(expiresAt !== null && expiresAt - issuedAt <= 6 * HOUR + 1000 && expiresAt > issuedAt)
})

test('P7 a source costs one token call a refresh, and reads the addresses once an hour', async () => {
  allow(demo())
  const source = sourceOf(demo({ network: 'vpc' }))
  const start = cloud.calls.length
  const [one, two] = await Promise.all([source.get(), source.get()])
  assert.equal(one, two)
  assert.deepEqual((await source.get()).domains, [VPC])
  const actions = cloud.calls.slice(start).map(({ action }) => action)
  assert.deepEqual(
    actions.filter((action) => /^(GetAuthorizationToken|ListInstanceEndpoint)$/.test(action)),
    ['GetAuthorizationToken', 'ListInstanceEndpoint', 'GetAuthorizationToken'],
  )
})

test('an instance by name is found, and an unknown name is answered with those that there are', async () => {
  const byName = registry({ instanceId: '', instanceName: 'demo' })
  allow(byName)
  assert.deepEqual((await sourceOf(byName).get()).domains, [VPC, PUBLIC])
  await assert.rejects(sourceOf(registry({ instanceId: '', instanceName: 'dmeo' })).get(), {
    code: 'REGISTRY_NOT_FOUND',
    hint: /There are: demo\./,
  })
})

test('a wrong instance id is told from a missing permission, though HTTP says 200', async () => {
  allow(demo({ instanceId: 'cri-nosuchinstance0' }))
  await assert.rejects(sourceOf(demo({ instanceId: 'cri-nosuchinstance0' })).get(), {
    code: 'CLOUD_NOT_FOUND',
    reason: 'INSTANCE_NOT_EXIST',
  })
})

test('expiresInHours asks for a longer life, and the answer’s own expiry counts', async () => {
  allow(demo())
  const { expiresAt, issuedAt } = await sourceOf(demo({ expiresInHours: 24 })).get()
  assert.ok(expiresAt !== null && expiresAt > issuedAt)
  cloud.faults.add({
    kind: 'status',
    status: 400,
    code: 'InvalidParameter.ExpiresInHours',
    match: { action: 'GetAuthorizationToken' },
  })
  const start = cloud.calls.length
  const source = sourceOf(demo({ expiresInHours: 24 }))
  await source.get()
  await source.get()
  assert.equal(cloud.calls.slice(start).filter(({ action }) => action === 'GetAuthorizationToken').length, 3)
})

test('the Personal Edition gives tokens for its region’s hosts', async () => {
  const personal = registry({ edition: 'personal', instanceId: '', region: 'cn-shanghai' })
  allow(personal)
  const token = await sourceOf(personal).get()
  assert.ok(token.domains.includes('registry-vpc.cn-shanghai.aliyuncs.com'))
  assert.ok(token.expiresAt !== null)
})

test('rrsa: the role that apply makes gives tokens to the one ServiceAccount, and to no other', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://oidc.example/c1'
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] }
  const oidcProviderArn = cloud.registerOidcProvider({
    name: 'ack-rrsa-c1',
    issuer,
    jwks,
    clientIds: ['sts.aliyuncs.com'],
  })
  const role = rrsaRoleName('c1')
  const trust = { oidcProviderArn, issuer, namespace: 'acr-nopass', serviceAccount: 'acr-nopass' }
  await applyPolicy(await administratorRam(cloud), {
    policyName: 'acr-nopass-c1',
    document: policyDocument([{ ...demo(), repositories: ['*'] }], { scope: 'instance', accountId: cloud.accountId }),
    purpose: 'cluster c1',
    roles: [],
    trust: { role, statement: rrsaStatement(trust), create: true },
    adopt: false,
    phase: 'widen',
  })
  const tokenFor = (serviceAccount: string): Promise<void> => {
    const at = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: `system:serviceaccount:acr-nopass:${serviceAccount}`,
      aud: ['sts.aliyuncs.com'],
      iat: at,
      exp: at + 600,
    }
    return writeFile(join(folder, 'token'), `${signJwt(claims, privateKey, { kid: 'k1' })}\n`)
  }
  const identity: IdentityConfig = {
    type: 'rrsa',
    rrsa: { roleArn: `acs:ram::${cloud.accountId}:role/${role}`, oidcProviderArn },
  }
  await tokenFor('acr-nopass')
  const source = sourceOf(demo(), identity)
  assert.equal(source.sharedSession, false)
  const first = await source.get()
  assert.ok((first.expiresAt ?? 0) - first.issuedAt > 0.98 * HOUR)
  const second = await source.get()
  assert.ok((second.expiresAt ?? 0) >= (first.expiresAt ?? 0))
  await tokenFor('other')
  await assert.rejects(source.get(), { code: 'IDENTITY_NOT_TRUSTED' })
})

test('a chain into another account pulls there by its own role, with its external id', async () => {
  const roleArn = 'acs:ram::1867204395510376:role/image-reader'
  const shared = registry({ name: 'shared', instanceId: 'cri-p4c8r2f6j0v9n1l5', region: 'cn-beijing' })
  const chained = (externalId: string) => ({ ...shared, assumeRole: [{ roleArn, externalId, durationSeconds: 900 }] })
  allow(chained('acme-shared-images'))
  const source = sourceOf(chained('acme-shared-images'))
  const token = await source.get()
  assert.ok((token.expiresAt ?? 0) - token.issuedAt <= 900_000 + 1000)
  assert.equal(source.sharedSession, false)
  assert.deepEqual(token.domains, [
    'shared-registry-vpc.cn-beijing.cr.aliyuncs.com',
    'shared-registry.cn-beijing.cr.aliyuncs.com',
  ])
  await assert.rejects(sourceOf(chained('wrong')).get(), {
    code: 'CLOUD_DENIED',
    message: /image-reader/,
    hint: /external id/,
  })
})

const faults = {
  throttle: { kind: 'throttle', retryAfterMs: 1, times: 2 },
  'server error': { kind: 'status', status: 503, code: 'ServiceUnavailable', times: 2 },
  'HTML page': { kind: 'html', times: 2 },
  'empty answer': { kind: 'empty', times: 2 },
  'cut connection': { kind: 'cut', times: 2 },
  'answer that is lost': { kind: 'cut-after', times: 1 },
} as const
for (const [what, fault] of Object.entries(faults)) {
  test(`two calls that end in a ${what} do not cost the token`, async () => {
    allow(demo())
    for (const action of ['GetAuthorizationToken', 'ListInstanceEndpoint'])
      cloud.faults.add({ ...fault, match: { action } })
    assert.equal((await sourceOf(demo()).get()).username, 'cr_temp_user')
  })
}

test('a machine whose clock is two hours off gets its token at the second try, and knows the skew', async () => {
  allow(demo())
  const skew = 2 * HOUR
  cloud.control.setClockSkew(skew)
  imds = await cloud.imdsFor(WORKER)
  const client = clientOf(cloud, imds)
  const identities = createIdentities({ type: 'worker-role' }, { ...client, region: cloud.regionId, readText })
  const source = createTokenSource(demo(), {
    ...client,
    identity: identities,
    identityConfig: {},
    readText,
    secretsDir: folder,
  })
  const token = await source.get()
  assert.ok(Math.abs(client.transport.clock.skew() + skew) < 3000)
  assert.ok(Math.abs(token.issuedAt - skew - Date.now()) < 5000)
  cloud.control.setClockSkew(0)
  imds = await cloud.imdsFor(WORKER)
})

test('P2 addresses that cannot be read again stay those that were known', async () => {
  allow(demo())
  const client = clientOf(cloud, imds)
  let offset = 0
  const clock = { ...client.transport.clock, now: () => client.transport.clock.now() + offset }
  const transport = { ...client.transport, clock }
  const identities = createIdentities(
    { type: 'worker-role' },
    { ...client, transport: client.transport, region: cloud.regionId, readText },
  )
  const source = createTokenSource(demo(), {
    ...client,
    transport,
    identity: identities,
    identityConfig: {},
    readText,
    secretsDir: folder,
  })
  const before = await source.get()
  offset = 2 * HOUR
  cloud.faults.add({
    kind: 'status',
    status: 403,
    code: 'NoPermission',
    times: 99,
    match: { action: 'ListInstanceEndpoint' },
  })
  const later = await source.get()
  assert.deepEqual(later.domains, before.domains)
  assert.notEqual(later.password, before.password)
})

test('worker-role refuses a metadata service without version 2 unless values allow it', async () => {
  allow(demo())
  cloud.control.allowImdsV1(true)
  assert.equal(
    (await sourceOf(demo(), { type: 'worker-role', workerRole: { imdsV1: true } }).get()).username,
    'cr_temp_user',
  )
  await assert.rejects(
    createIdentities(
      { type: 'worker-role' },
      { ...clientOf(cloud, 'http://127.0.0.1:1'), region: '', readText },
    )([]).get(),
    { code: 'IDENTITY_UNAVAILABLE' },
  )
})

test('a static login is read from its Secret at each call, and never expires', async () => {
  const directory = join(folder, 'registries', 'legacy')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'username'), 'me\n')
  await writeFile(join(directory, 'password'), 'first')
  const legacy = registry({
    name: 'legacy',
    edition: 'static',
    domains: ['crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com'],
  })
  const source = sourceOf(legacy)
  const token = await source.get()
  assert.deepEqual(
    [token.username, token.password, token.expiresAt, token.domains],
    ['me', 'first', null, legacy.domains],
  )
  await writeFile(join(directory, 'password'), 'second')
  assert.equal((await source.get()).password, 'second')
  await assert.rejects(sourceOf({ ...legacy, name: 'none' }).get(), {
    code: 'CREDENTIALS_MISSING',
    message: /registries\/none\/username/,
  })
})
