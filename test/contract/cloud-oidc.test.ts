import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { AssumeRoleWithOIDCRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { githubSubject } from '../../sandbox/cloud/sts/github-oidc.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { allow, refusal, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

const ISSUER = 'https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c0ffee'
const SUBJECT = 'system:serviceaccount:acr-nopass:acr-nopass'
const AUDIENCE = 'sts.aliyuncs.com'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

let cloud: Cloud
let providerArn: string
before(async () => {
  cloud = await startCloud({ tls: true })
  const jwk = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k1' }
  const jwks = () => ({ keys: [jwk] })
  providerArn = cloud.registerOidcProvider({ name: 'ack-rrsa-c0ffee', issuer: ISSUER, jwks, clientIds: [AUDIENCE] })
  cloud.control.putRole('pod-role', {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Federated: [providerArn] },
        Condition: { StringEquals: { 'oidc:iss': ISSUER, 'oidc:aud': AUDIENCE, 'oidc:sub': SUBJECT } },
      },
    ],
  })
})
after(() => cloud.stop())

const seconds = () => Math.floor(Date.now() / 1000)
const podToken = (claims: object = {}, key = rsa.privateKey, header: object = { kid: 'k1' }) =>
  signJwt({ iss: ISSUER, sub: SUBJECT, aud: [AUDIENCE], iat: seconds(), exp: seconds() + 600, ...claims }, key, header)
const roleArn = (name = 'pod-role') => `acs:ram::${cloud.accountId}:role/${name}`
const assume = (OIDCToken: string, change: object = {}) =>
  vendorClients(cloud).sts.assumeRoleWithOIDC(
    new AssumeRoleWithOIDCRequest({
      OIDCProviderArn: providerArn,
      roleArn: roleArn(),
      roleSessionName: 'helper',
      OIDCToken,
      ...change,
    }),
  )
const why = async (token: string, change?: object): Promise<string> => {
  const { status, code, message } = await refusal(assume(token, change))
  return `${status} ${code}: ${message}`
}

test("a cluster's ServiceAccount gets a session of the role that trusts it", async () => {
  const { body } = await assume(podToken())
  assert.equal(body?.assumedRoleUser?.arn, `acs:ram::${cloud.accountId}:assumed-role/pod-role/helper`)
  assert.deepEqual(
    [body?.OIDCTokenInfo?.issuer, body?.OIDCTokenInfo?.subject, body?.OIDCTokenInfo?.clientIds],
    [ISSUER, SUBJECT, AUDIENCE],
  )
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  const own = vendorClients(cloud, { accessKeyId, accessKeySecret, securityToken }).sts
  assert.equal((await own.getCallerIdentity()).body?.identityType, 'AssumedRoleUser')
})

test('any other token is rejected with 401 and the reason', async () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const noAlgorithm = podToken({}, rsa.privateKey, { alg: 'HS256' })
  const [head, body] = podToken().split('.')
  assert.deepEqual(
    {
      subject: await why(podToken({ sub: 'system:serviceaccount:default:default' })),
      audience: await why(podToken({ aud: ['kubernetes'] })),
      issuer: await why(podToken({ iss: 'https://elsewhere.example.com' })),
      expired: await why(podToken({ exp: seconds() - 120 })),
      signature: await why(podToken({}, stranger)),
      unsigned: await why(`${head}.${body}.`),
      algorithm: await why(noAlgorithm),
      parts: await why('eyJ.fake'),
      noise: await why('a.b.c'),
      empty: await why(''),
      provider: await why(podToken(), { OIDCProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/nowhere` }),
    },
    {
      subject:
        '401 AuthenticationFail.NoPermission: This operator is not authorized to perform this action by the trust policy of the role.',
      audience: '401 AuthenticationFail.OIDCToken.AudienceNotMatch: Invalid audience.',
      issuer: '401 AuthenticationFail.OIDCToken.IssuerNotMatch: The issuer of the token is not the registered one.',
      expired: '401 AuthenticationFail.OIDCToken.Expired: This JsonWebToken is expired.',
      signature: '401 AuthenticationFail.OIDCToken.InvalidSignature: OIDC token validate failed: invalid signature.',
      unsigned: '401 AuthenticationFail.OIDCToken.InvalidSignature: OIDC token validate failed: invalid signature.',
      algorithm:
        '401 AuthenticationFail.OIDCToken.Invalid: The algorithm HS256 that be specified in Jwt header is unknown.',
      parts:
        "401 AuthenticationFail.OIDCToken.Invalid: The number of Jwt field should be divided into 3 parts with '.' .",
      noise: '401 AuthenticationFail.OIDCToken.Invalid: The Jwt content is invalid that cannot be recognized.',
      empty: '401 AuthenticationFail.OIDCToken.Invalid: The OIDCToken can not empty.',
      provider: '401 AuthenticationFail.NoPermission: No such OIDC Provider registered.',
    },
  )
  assert.equal(
    await why(podToken(), { roleArn: roleArn('nowhere') }),
    '404 EntityNotExist.Role: The role not exists: nowhere .',
  )
})

/**
 * Sources: `Policy` of AssumeRoleWithOIDCRequest in @alicloud/sts20150401. It is an assumption that
 * the codes are those of AssumeRole. RAM's page about the evaluation contradicts the SDK:
 * role-based SSO, to which this operation belongs, has no session policy
 * (https://help.aliyun.com/zh/ram/user-guide/policy-evaluation-process-of-assuming-a-ram-role).
 * Hence the fault.
 */
test("a ServiceAccount's session is limited by its session policy, unless the cloud ignores it", async () => {
  cloud.control.grant('pod-role', 'cr', JSON.parse(allow(['cr:*'])))
  const session = async () => {
    const { body } = await assume(podToken(), { policy: allow(['cr:ListInstance']) })
    const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
    const { call } = vendorClients(cloud, { accessKeyId, accessKeySecret, securityToken })
    await call({ action: 'ListInstance', version: '2018-12-01' })
    return () =>
      call({ action: 'GetInstance', version: '2018-12-01', query: { InstanceId: cloud.instances[0]?.id ?? '' } })
  }
  try {
    const limited = await session()
    assert.equal(await refused(limited()), '403 NoPermission')
    cloud.control.breakSessionPolicies('ignored-for-oidc')
    await (await session())()
    assert.equal(await refused(limited()), '403 NoPermission')
    const grammar = '400 InvalidParameter.PolicyGrammar: The parameter Policy has not passed grammar check.'
    assert.equal(await why(podToken(), { policy: '{' }), grammar)
  } finally {
    cloud.control.breakSessionPolicies(undefined)
    cloud.control.revoke('pod-role', 'cr')
  }
  const size = '400 InvalidParameter.PolicySize: The size of Policy must be smaller than 2048 bytes.'
  assert.equal(await why(podToken(), { policy: '{'.repeat(2049) }), size)
})

/**
 * Sources of the code, the limits and the format: sandbox/cloud/sts. The meaning of an empty list
 * is not documented, so it is a setting.
 */
test("a provider's fingerprints must include one of the issuer's certificate authorities, if these are known", async () => {
  const ims = (action: string, query: Record<string, string>) =>
    vendorClients(cloud).call({ action, version: '2019-08-15', query: { OIDCProviderName: 'pinned', ...query } })
  const [root, old, fresh] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string]
  const issuer = `${ISSUER}/pinned`
  cloud.control.publishKeys(issuer, { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  const taken = ims('CreateOIDCProvider', { IssuerUrl: ISSUER, ClientIds: AUDIENCE })
  assert.equal(await refused(taken), '409 EntityAlreadyExists.OIDCProvider')
  await ims('CreateOIDCProvider', { IssuerUrl: issuer, ClientIds: AUDIENCE })
  const provider = { OIDCProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/pinned` }
  cloud.control.putRole('pinned-role', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated: [provider.OIDCProviderArn] } }],
  })
  const change = { ...provider, roleArn: roleArn('pinned-role') }
  const mismatch =
    '401 AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch: The https fingerprint of this discovery is invalid'
  await assume(podToken({ iss: issuer }), change)
  cloud.control.setIssuerChain(issuer, [root, old])
  try {
    assert.equal(await why(podToken({ iss: issuer }), change), mismatch)
    cloud.control.acceptWithoutFingerprints(true)
    await assume(podToken({ iss: issuer }), change)
    const { OIDCProvider } = await ims('AddFingerprintToOIDCProvider', { Fingerprint: old })
    assert.equal((OIDCProvider as Record<string, unknown>).Fingerprints, old)
    await assume(podToken({ iss: issuer }), change)
    cloud.control.setIssuerChain(issuer, [root, fresh])
    assert.equal(await why(podToken({ iss: issuer }), change), mismatch)
    await ims('AddFingerprintToOIDCProvider', { Fingerprint: root })
    await assume(podToken({ iss: issuer }), change)
    assert.equal(
      await refused(ims('AddFingerprintToOIDCProvider', { Fingerprint: 'AB:CD' })),
      '400 InvalidParameter.Fingerprint',
    )
    for (const letter of ['1', '2', '3']) await ims('AddFingerprintToOIDCProvider', { Fingerprint: letter.repeat(40) })
    assert.equal(
      await refused(ims('AddFingerprintToOIDCProvider', { Fingerprint: '4'.repeat(40) })),
      '409 LimitExceeded.OIDCProvider',
    )
    const added = await ims('AddClientIdToOIDCProvider', { ClientId: 'kubernetes' })
    assert.equal((added.OIDCProvider as Record<string, unknown>).ClientIds, `${AUDIENCE},kubernetes`)
  } finally {
    cloud.control.setIssuerChain(issuer, undefined)
    cloud.control.acceptWithoutFingerprints(false)
  }
})

test('a workflow gets its ID token from the runner, and with it the deploy role', async () => {
  const job = { repository: 'acme/platform' }
  const { requestUrl, requestToken } = cloud.githubRunner(job)
  const requestIdToken = (token: string) =>
    fetch(`${requestUrl}&audience=${AUDIENCE}`, { headers: { authorization: `bearer ${token}` } })
  assert.equal((await requestIdToken('wrong')).status, 401)
  const { value } = (await (await requestIdToken(requestToken)).json()) as { value: string }
  const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims.sub, githubSubject(job))
  assert.match(claims.sub, /^repo:acme@\d+\/platform@\d+:ref:refs\/heads\/main$/)
  const provider = { OIDCProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/github-actions` }
  const change = { ...provider, roleArn: roleArn('acr-nopass-deploy') }
  await assume(value, change)
  const fork = cloud.issueGithubToken({ repository: 'mallory/platform', audience: AUDIENCE })
  const branch = cloud.issueGithubToken({ ...job, ref: 'refs/heads/feature', audience: AUDIENCE })
  const pullRequest = cloud.issueGithubToken({ ...job, sub: 'repo:acme/platform:pull_request', audience: AUDIENCE })
  for (const token of [fork, branch, pullRequest]) {
    assert.match(await why(token, change), /^401 AuthenticationFail\.NoPermission: /)
  }
})

test("the vendor's credentials SDK, which insists on https, gets a session from a token file", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-oidc-'))
  try {
    const file = join(folder, 'token')
    await writeFile(file, `${podToken()}\n`)
    const script = `
      const { default: Credential, Config } = require('@alicloud/credentials')
      const config = new Config({ type: 'oidc_role_arn', roleArn: process.env.ROLE, oidcProviderArn: process.env.PROVIDER,
        oidcTokenFilePath: process.env.FILE, roleSessionName: 'sdk', stsEndpoint: process.env.STS })
      new Credential(config).getCredential().then((found) => console.log(JSON.stringify(found)))`
    const env = {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: cloud.caFile,
      ROLE: roleArn(),
      PROVIDER: providerArn,
      FILE: file,
      STS: new URL(cloud.tlsEndpoints?.sts ?? '').host,
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env, cwd: import.meta.dirname })
    const { accessKeyId, accessKeySecret, securityToken, providerName } = JSON.parse(stdout)
    assert.equal(providerName, 'oidc_role_arn')
    const { sts } = vendorClients(cloud, { accessKeyId, accessKeySecret, securityToken })
    const arn = `acs:ram::${cloud.accountId}:assumed-role/pod-role/sdk`
    assert.equal((await sts.getCallerIdentity()).body?.arn, arn)
  } finally {
    await rm(folder, { recursive: true })
  }
})
