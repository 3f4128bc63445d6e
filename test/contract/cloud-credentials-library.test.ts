import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { findHostsObstacle, openVendorHosts, type VendorHosts } from '../support/cloud/vendor-hosts.ts'
import { allow, type Keys, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

// Tests the vendor's credentials library with every identity of the emulated cloud, at the vendor's
// own addresses.

const obstacle = await findHostsObstacle()
const skip =
  obstacle === undefined ? false : `left out: @alicloud/credentials at the vendor's own addresses: ${obstacle}`
const WORKER = 'KubernetesWorkerRole-5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731'

let cloud: Cloud
let hosts: VendorHosts
let folder: string
before(async () => {
  if (obstacle !== undefined) return
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-library-'))
  cloud = await startCloud()
  hosts = await openVendorHosts(cloud.endpoints.sts, ['sts.aliyuncs.com', 'sts.cn-hangzhou.aliyuncs.com'])
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.accountId}:root`] } }
  cloud.control.putRole('deployer', { Version: '1', Statement: [trust] })
})
after(async () => {
  if (obstacle !== undefined) return
  await hosts[Symbol.asyncDispose]()
  await cloud.stop()
  await rm(folder, { recursive: true })
})

const SCRIPT = `
const { default: Credential, Config } = require('@alicloud/credentials')
const given = process.env.CONFIG
const credential = given ? new Credential(new Config(JSON.parse(given))) : new Credential()
credential.getCredential().then(
  (found) => { console.log(JSON.stringify(found)); process.exit(0) },
  (error) => { console.error(String(error)); process.exit(1) },
)`

interface Found extends Keys {
  readonly providerName: string
}

/**
 * Returns the credentials that the library returns for a configuration, or from its default chain
 * with this environment.
 */
async function credentials(config: object | undefined, env: Readonly<Record<string, string>> = {}) {
  const given = config === undefined ? {} : { CONFIG: JSON.stringify(config) }
  const options = { env: { ...env, ...given, NODE_PATH: join(import.meta.dirname, '../../node_modules') } }
  const { code, stdout, stderr } = await hosts.run(process.execPath, ['-e', SCRIPT], options)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Found
}

/** Returns the identity that the cloud reports for these keys. */
async function callerOf({ accessKeyId, accessKeySecret, securityToken }: Keys): Promise<string> {
  const keys = { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) }
  return (await vendorClients(cloud, keys).sts.getCallerIdentity()).body?.arn ?? ''
}
/** Checks that the session may do what its session policy names, and nothing else of its role. */
async function expectLimited({ accessKeyId, accessKeySecret, securityToken }: Keys): Promise<void> {
  const keys = { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) }
  const { call } = vendorClients(cloud, keys)
  await call({ action: 'ListInstance', version: '2018-12-01' })
  const query = { InstanceId: 'cri-k7x2m9q4w1t8z5h3' }
  assert.equal(await refused(call({ action: 'GetInstance', version: '2018-12-01', query })), '403 NoPermission')
}
const POLICY = allow(['cr:ListInstance'])
const arn = (rest: string): string => `acs:ram::${cloud.accountId}:${rest}`

test('access_key: the keys unchanged', { skip }, async () => {
  const found = await credentials({ type: 'access_key', ...cloud.administrator })
  assert.equal(await callerOf(found), arn('user/administrator'))
})

test('sts: a session that another client requested', { skip }, async () => {
  const request = new AssumeRoleRequest({ roleArn: arn('role/deployer'), roleSessionName: 'given' })
  const { accessKeyId, accessKeySecret, securityToken } =
    (await vendorClients(cloud).sts.assumeRole(request)).body?.credentials ?? {}
  const found = await credentials({ type: 'sts', accessKeyId, accessKeySecret, securityToken })
  assert.equal(await callerOf(found), arn('assumed-role/deployer/given'))
})

test('ram_role_arn: an access key assumes a role, with the STS of a region or the central one, and with a session policy', {
  skip,
}, async () => {
  const role = { roleArn: arn('role/deployer'), roleSessionName: 'library', roleSessionExpiration: 900 }
  const config = { type: 'ram_role_arn', ...cloud.administrator, ...role }
  for (const stsEndpoint of [undefined, 'sts.cn-hangzhou.aliyuncs.com']) {
    const found = await credentials({ ...config, ...(stsEndpoint && { stsEndpoint }) })
    assert.equal(await callerOf(found), arn('assumed-role/deployer/library'))
  }
  cloud.control.grant('deployer', 'deployer', JSON.parse(allow(['cr:*'])))
  await expectLimited(await credentials({ ...config, policy: POLICY }))
  const auditor = { ...config, ...cloud.accessKeyOf('auditor') }
  await assert.rejects(credentials(auditor), { message: /NoPermission/ })
})

test('oidc_role_arn: the token of a ServiceAccount, with and without a session policy', { skip }, async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://oidc.example/c3'
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] }
  const provider = cloud.registerOidcProvider({ name: 'ack-rrsa-c3', issuer, jwks, clientIds: ['sts.aliyuncs.com'] })
  const sub = 'system:serviceaccount:acr-system:acr-nopass'
  const Condition = { StringEquals: { 'oidc:iss': issuer, 'oidc:aud': 'sts.aliyuncs.com', 'oidc:sub': sub } }
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated: [provider] }, Condition }
  cloud.control.putRole('helper', { Version: '1', Statement: [trust] })
  const file = join(folder, 'token')
  const at = Math.floor(Date.now() / 1000)
  await writeFile(
    file,
    signJwt({ iss: issuer, sub, aud: ['sts.aliyuncs.com'], iat: at, exp: at + 600 }, privateKey, { kid: 'k1' }),
  )
  const config = {
    type: 'oidc_role_arn',
    roleArn: arn('role/helper'),
    oidcProviderArn: provider,
    oidcTokenFilePath: file,
  }
  assert.equal(await callerOf(await credentials({ ...config, roleSessionName: 'pod' })), arn('assumed-role/helper/pod'))
  cloud.control.grant('helper', 'helper', JSON.parse(allow(['cr:*'])))
  await expectLimited(await credentials({ ...config, roleSessionName: 'pod', policy: POLICY }))
  // The environment that the RRSA webhook sets in a Pod.
  const found = await credentials(undefined, {
    ALIBABA_CLOUD_ROLE_ARN: arn('role/helper'),
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: provider,
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: file,
    ALIBABA_CLOUD_ROLE_SESSION_NAME: 'chain',
  })
  assert.equal(found.providerName, 'default/oidc_role_arn')
  assert.equal(await callerOf(found), arn('assumed-role/helper/chain'))
})

test('ecs_ram_role: by the metadata service at 100.100.100.200, version 2, with and without the name of the role', {
  skip,
}, async () => {
  const who = new RegExp(`^${arn(`assumed-role/${WORKER.toLowerCase()}/vm-ram-i-`)}`)
  for (const config of [{ roleName: WORKER }, {}]) {
    const from = cloud.calls.length
    const found = await credentials({ type: 'ecs_ram_role', disableIMDSv1: true, ...config })
    assert.match(await callerOf(found), who)
    const requests = cloud.calls.slice(from).filter(({ product }) => product === 'imds')
    assert.equal(requests[0]?.action, 'PUT /latest/api/token')
    assert.ok(requests.every(({ status }) => status === 200))
  }
  await assert.rejects(credentials({ type: 'ecs_ram_role', disableIMDSv1: true, roleName: 'other' }), {
    message: /404/,
  })
})
