import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { createIdentity, type IdentityConfig } from '../../src/alibaba/identities/identity.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import { policyDocument } from '../../src/policy/policy-document.ts'
import { rrsaRoleName } from '../../src/policy/ram-names.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { registry } from '../acr/registry.ts'
import { administratorRam, clientOf, readText } from './acr-cloud-client.ts'
import { demo, HOUR, startTokenBench, type TokenBench } from './acr-token-bench.ts'

let bench: TokenBench

before(async () => {
  bench = await startTokenBench()
})
after(() => bench[Symbol.asyncDispose]())
afterEach(() => bench.reset())

test('rrsa: the role that apply creates issues tokens to its ServiceAccount, and to no other', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://oidc.example/c1'
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] }
  const oidcProviderArn = bench.cloud.registerOidcProvider({
    name: 'ack-rrsa-c1',
    issuer,
    jwks,
    clientIds: ['sts.aliyuncs.com'],
  })
  const role = rrsaRoleName('c1')
  const trust = { oidcProviderArn, issuer, namespace: 'acr-nopass', serviceAccount: 'acr-nopass' }
  await applyPolicy(await administratorRam(bench.cloud), {
    policyName: 'acr-nopass-c1',
    document: policyDocument([{ ...demo(), repositories: ['*'] }], {
      scope: 'instance',
      accountId: bench.cloud.accountId,
    }),
    purpose: 'cluster c1',
    roles: [],
    trust: { role, statements: [rrsaStatement(trust)], create: true },
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
    return writeFile(join(bench.folder, 'token'), `${signJwt(claims, privateKey, { kid: 'k1' })}\n`)
  }
  const identity: IdentityConfig = {
    type: 'rrsa',
    rrsa: { roleArn: `acs:ram::${bench.cloud.accountId}:role/${role}`, oidcProviderArn },
  }
  await tokenFor('acr-nopass')
  const source = bench.sourceOf(demo(), identity)
  assert.equal(source.sharedSession, false)
  const first = await source.get()
  assert.ok((first.expiresAt ?? 0) - first.issuedAt > 0.98 * HOUR)
  const second = await source.get()
  assert.ok((second.expiresAt ?? 0) >= (first.expiresAt ?? 0))
  await tokenFor('other')
  await assert.rejects(source.get(), { code: 'IDENTITY_NOT_TRUSTED' })
})

test("a role chain into another account pulls there with that account's role and its external id", async () => {
  const roleArn = 'acs:ram::1867204395510376:role/image-reader'
  const shared = registry({ name: 'shared', instanceId: 'cri-p4c8r2f6j0v9n1l5', region: 'cn-beijing' })
  const chained = (externalId: string) => ({ ...shared, assumeRole: [{ roleArn, externalId, durationSeconds: 900 }] })
  bench.allow(chained('acme-shared-images'))
  const source = bench.sourceOf(chained('acme-shared-images'))
  const token = await source.get()
  assert.ok((token.expiresAt ?? 0) - token.issuedAt <= 900_000 + 1000)
  assert.equal(source.sharedSession, false)
  assert.deepEqual(token.domains, [
    'shared-registry-vpc.cn-beijing.cr.aliyuncs.com',
    'shared-registry.cn-beijing.cr.aliyuncs.com',
  ])
  await assert.rejects(bench.sourceOf(chained('wrong')).get(), {
    code: 'CLOUD_DENIED',
    message: /image-reader/,
    hint: /external id/,
  })
})

test('worker-role rejects a metadata service without version 2 unless values allow it', async () => {
  bench.allow(demo())
  bench.cloud.control.allowImdsV1(true)
  assert.equal(
    (await bench.sourceOf(demo(), { type: 'worker-role', workerRole: { imdsV1: true } }).get()).username,
    'cr_temp_user',
  )
  await assert.rejects(
    createIdentity({ type: 'worker-role' }, [], {
      ...clientOf(bench.cloud, 'http://127.0.0.1:1'),
      region: '',
      readText,
      accessKeyDir: '',
      sessionName: 'acr-nopass',
    }).get(),
    { code: 'IDENTITY_UNAVAILABLE' },
  )
})
