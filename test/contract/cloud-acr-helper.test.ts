import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { findHostsObstacle, openVendorHosts, type VendorHosts } from '../support/cloud/vendor-hosts.ts'
import { testTools } from '../tools.ts'

// A third-party client of ACR on the vendor's Go SDK:
// github.com/mozillazg/docker-credential-acr-helper. It only knows the vendor's hosts, so it runs
// with a hosts file in its own network. It shares no code with us: neither signature nor parameters
// nor parsing of responses.

const obstacle = await findHostsObstacle()
const skip =
  obstacle === undefined ? false : `left out: docker-credential-acr-helper against the emulated cloud: ${obstacle}`

let cloud: Cloud
let hosts: VendorHosts
let folder: string
let program: string
before(async () => {
  if (obstacle !== undefined) return
  program = (await testTools('docker-credential-acr-helper'))['docker-credential-acr-helper']
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-acr-helper-'))
  cloud = await startCloud()
  const names = ['cr.cn-hangzhou.aliyuncs.com', 'cr.cn-shanghai.aliyuncs.com', 'sts.aliyuncs.com']
  hosts = await openVendorHosts(cloud.endpoints.cr, names)
})
after(async () => {
  if (obstacle !== undefined) return
  await hosts[Symbol.asyncDispose]()
  await cloud.stop()
  await rm(folder, { recursive: true })
})

const ENTERPRISE = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const PERSONAL = 'registry.cn-shanghai.aliyuncs.com'

const keyOf = (user: string): Record<string, string> => {
  const { accessKeyId, accessKeySecret } = cloud.accessKeyOf(user)
  return { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
}

/**
 * Returns the output that `docker` gets from its credential helper, and the calls that were made.
 */
async function login(registry: string, env: Record<string, string>) {
  const from = cloud.calls.length
  const { code, stdout, stderr } = await hosts.run(program, ['get'], { input: registry, env })
  const calls = cloud.calls.slice(from).map(({ product, action, status }) => `${product} ${action} ${status}`)
  return { code, text: stdout + stderr, calls, ...(code === 0 && (JSON.parse(stdout) as Login)) }
}

interface Login {
  readonly Username: string
  readonly Secret: string
}

/** True if the registry's token server accepts the login. */
async function isAccepted({ Username, Secret }: Partial<Login>): Promise<boolean> {
  const { realm, service } = cloud.registryAuth
  const authorization = `Basic ${Buffer.from(`${Username}:${Secret}`).toString('base64')}`
  return (await fetch(`${realm}?service=${encodeURIComponent(service)}`, { headers: { authorization } })).ok
}

test('an access key: the instance by its name, then a login that the registry accepts', { skip }, async () => {
  const found = await login(ENTERPRISE, keyOf('administrator'))
  assert.deepEqual(found.calls, ['cr ListInstance 200', 'cr GetAuthorizationToken 200'], found.text)
  assert.equal(found.Username, 'cr_temp_user')
  assert.equal(await isAccepted(found), true)
  assert.equal(await isAccepted({ Username: found.Username, Secret: 'guessed' }), false)
})

test('the Personal Edition', { skip }, async () => {
  const found = await login(PERSONAL, keyOf('administrator'))
  assert.deepEqual(found.calls, ['cr GetAuthorizationToken 200'], found.text)
  assert.equal(await isAccepted(found), true)
})

test('RRSA: an OIDC token, a role whose trust policy names the ServiceAccount, and a login with its session', {
  skip,
}, async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://oidc.example/c2'
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] }
  const provider = cloud.registerOidcProvider({ name: 'ack-rrsa-c2', issuer, jwks, clientIds: ['sts.aliyuncs.com'] })
  const Condition = {
    StringEquals: {
      'oidc:iss': issuer,
      'oidc:aud': 'sts.aliyuncs.com',
      'oidc:sub': 'system:serviceaccount:ci:builder',
    },
  }
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated: [provider] }, Condition }
  cloud.control.putRole('builder', { Version: '1', Statement: [trust] })
  const pull = ['cr:ListInstance', 'cr:GetAuthorizationToken', 'cr:PullRepository']
  cloud.control.grant('builder', 'pull', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: pull, Resource: '*' }],
  })
  const file = join(folder, 'token')
  const env = {
    ALIBABA_CLOUD_ROLE_ARN: `acs:ram::${cloud.accountId}:role/builder`,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: provider,
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: file,
  }
  const as = async (account: string) => {
    const at = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: `system:serviceaccount:ci:${account}`,
      aud: ['sts.aliyuncs.com'],
      iat: at,
      exp: at + 600,
    }
    await writeFile(file, signJwt(claims, privateKey, { kid: 'k1' }))
    return login(ENTERPRISE, env)
  }
  const found = await as('builder')
  assert.ok(found.calls.includes('Sts AssumeRoleWithOIDC 200'), found.text)
  assert.equal(found.calls.at(-1), 'cr GetAuthorizationToken 200')
  assert.equal(await isAccepted(found), true)
  const other = await as('other')
  assert.equal(other.code, 1)
  assert.match(other.text, /AuthenticationFail\.NoPermission|is not authorized/)
})

test("the worker role of the node, read from the metadata service of version 1, which is the only version that the client's library supports", {
  skip,
}, async () => {
  const role = 'KubernetesWorkerRole-5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731'
  const env = { ALIBABA_CLOUD_ECS_METADATA: role }
  const pull = ['cr:ListInstance', 'cr:GetAuthorizationToken', 'cr:PullRepository']
  cloud.control.grant(role, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action: pull, Resource: '*' }] })
  cloud.control.allowImdsV1(true)
  const found = await login(ENTERPRISE, env)
  cloud.control.allowImdsV1(false)
  assert.equal(await isAccepted(found), true, found.text)
  const refused = await login(ENTERPRISE, env)
  assert.equal(refused.code, 1)
  assert.match(refused.text, /403/)
})

test('callers that are unknown or lack permission get errors that the vendor’s SDK understands', { skip }, async () => {
  const refused = await login(ENTERPRISE, keyOf('auditor'))
  assert.equal(refused.code, 1)
  assert.deepEqual(refused.calls, ['cr ListInstance 403'], refused.text)
  assert.match(refused.text, /NoPermission/)
  const wrong = await login(ENTERPRISE, { ...keyOf('administrator'), ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'wrong' })
  assert.match(wrong.text, /SignatureDoesNotMatch/)
  const unknown = await login(ENTERPRISE, { ...keyOf('administrator'), ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI0unknown' })
  assert.match(unknown.text, /InvalidAccessKeyId\.NotFound/)
  const absent = await login('absent-registry.cn-hangzhou.cr.aliyuncs.com', keyOf('administrator'))
  assert.match(absent.text, /instance name is not found/)
})
