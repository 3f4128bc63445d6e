import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeTrust, narrowTrust } from '../../src/policy/judge-trust.ts'
import { type PolicyDocument, policyOf, type Statement } from '../../src/policy/normal-form.ts'
import { roleTrustDocument, rrsaStatement } from '../../src/policy/trust-document.ts'

const PROVIDER = 'acs:ram::1:oidc-provider/ack-rrsa-c1'
const ISSUER = 'https://oidc-ack-cn-hangzhou.example.com/c1'
const own = (change: Partial<Parameters<typeof rrsaStatement>[0]> = {}): Statement =>
  rrsaStatement({
    oidcProviderArn: PROVIDER,
    issuer: ISSUER,
    namespace: 'acr-nopass',
    serviceAccount: 'acr-nopass',
    ...change,
  })
const WANTED = policyOf([own()])
const judge = (required: PolicyDocument, ...statements: readonly Statement[]) =>
  judgeTrust(JSON.stringify(policyOf(statements)), required)

test('the trust that apply writes is right, also next to statements of other owners', () => {
  assert.deepEqual(judge(WANTED, own()), { differs: [], wide: [] })
  const others = [own({ serviceAccount: 'else' }), ...roleTrustDocument('acs:ram::2:role/x').Statement]
  assert.deepEqual(judge(WANTED, ...others, own()), { differs: [], wide: [] })
})

test('each difference is named, with the current value', () => {
  const { differs } = judge(WANTED, own({ namespace: 'kube-system', issuer: 'https://other.example.com' }))
  assert.deepEqual(differs, [
    `oidc:iss has to be https://other.example.com there, and is ${ISSUER}`,
    'oidc:sub has to be system:serviceaccount:kube-system:acr-nopass there, and is system:serviceaccount:acr-nopass:acr-nopass',
  ])
  const like = { ...own(), Condition: { StringLike: { 'oidc:sub': ['system:serviceaccount:x:*', 'y'] } } }
  assert.deepEqual(judge(WANTED, like).differs, [
    'oidc:sub (StringLike) has to be system:serviceaccount:x:* or y there, and is system:serviceaccount:acr-nopass:acr-nopass',
  ])
  const other = 'acs:ram::1:oidc-provider/ack-rrsa-c2'
  assert.deepEqual(judge(WANTED, own({ oidcProviderArn: other })).differs, [
    `it does not name ${PROVIDER} (it names ${other})`,
  ])
  assert.deepEqual(judge(WANTED).differs, [`it does not name ${PROVIDER}`])
})

test('the closest of several statements is compared', () => {
  const { differs } = judge(WANTED, own({ namespace: 'a', issuer: 'https://x.example.com' }), own({ namespace: 'b' }))
  assert.deepEqual(differs, [
    'oidc:sub has to be system:serviceaccount:b:acr-nopass there, and is system:serviceaccount:acr-nopass:acr-nopass',
  ])
})

test('a Deny excludes a principal that another statement allows', () => {
  assert.deepEqual(judge(WANTED, own(), { ...own(), Effect: 'Deny' }).differs, [
    'a Deny in it excludes a caller that it should allow',
  ])
  assert.deepEqual(judge(WANTED, { ...own(), Effect: 'Deny' }).differs, [`it does not name ${PROVIDER}`])
})

test('other principals that may assume the role are named', () => {
  const like = (subject: string): Statement => ({
    ...own(),
    Condition: {
      StringEquals: { 'oidc:aud': 'sts.aliyuncs.com', 'oidc:iss': ISSUER },
      StringLike: { 'oidc:sub': subject },
    },
  })
  const [here, elsewhere] = ['other ServiceAccounts of namespace acr-nopass', 'ServiceAccounts of other namespaces']
  assert.deepEqual(judge(WANTED, like('system:serviceaccount:*')), { differs: [], wide: [here, elsewhere] })
  assert.deepEqual(judge(WANTED, like('system:serviceaccount:acr-nopass:*')).wide, [here])
  assert.deepEqual(judge(WANTED, like('system:serviceaccount:*:acr-nopass')).wide, [elsewhere])
})

// `oidc:iss` and `oidc:aud` are required; `oidc:sub` is optional:
// https://www.alibabacloud.com/help/en/ram/user-guide/create-a-ram-role-for-a-trusted-idp
test('a trust policy without `oidc:aud` allows tokens for other audiences, and is narrowed to ours', () => {
  const subject = 'system:serviceaccount:acr-nopass:acr-nopass'
  const open = { ...own(), Condition: { StringEquals: { 'oidc:iss': ISSUER, 'oidc:sub': subject } } }
  assert.deepEqual(judge(WANTED, open), { differs: [], wide: ['tokens for other audiences'] })
  assert.deepEqual(narrowTrust(policyOf([open]), WANTED), policyOf([own()]))
  const any = {
    ...own(),
    Condition: { StringEquals: { 'oidc:iss': ISSUER, 'oidc:sub': subject }, StringLike: { 'oidc:aud': '*' } },
  }
  assert.deepEqual(judge(WANTED, any), { differs: [], wide: ['tokens for other audiences'] })
  const other = {
    ...own(),
    Condition: { StringEquals: { 'oidc:aud': 'kubernetes', 'oidc:iss': ISSUER, 'oidc:sub': subject } },
  }
  assert.deepEqual(judge(WANTED, other).differs, ['oidc:aud has to be kubernetes there, and is sts.aliyuncs.com'])
})

test('a chain: the role itself or its whole account, with the external id', () => {
  const caller = 'acs:ram::1:role/source'
  const required = roleTrustDocument(caller, 'secret-word')
  const trusting = (name: string, externalId?: string) =>
    judge(required, ...roleTrustDocument(name, externalId).Statement)
  const inConsole = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: ['acs:ram::1:role/Source'] } }
  assert.deepEqual(judge(required, inConsole).differs, [])
  assert.deepEqual(trusting(caller, 'secret-word'), { differs: [], wide: [] })
  assert.deepEqual(trusting('acs:ram::1:root', 'secret-word'), { differs: [], wide: [] })
  assert.deepEqual(trusting(caller), { differs: [], wide: ['callers without the external id'] })
  assert.deepEqual(trusting(caller, 'other').differs, ['sts:ExternalId has to be other there, and is secret-word'])
  assert.deepEqual(trusting('acs:ram::2:root', 'secret-word').differs, [
    `it does not name ${caller} (it names acs:ram::2:root)`,
  ])
  const plain = roleTrustDocument(caller)
  assert.deepEqual(judge(plain, ...roleTrustDocument(caller, 'x').Statement).differs, [
    'sts:ExternalId has to be x there, and is not sent',
  ])
})

test('a narrowed trust allows only the helper and the named principals', () => {
  const wide = { ...own(), Condition: { StringLike: { 'oidc:sub': 'system:serviceaccount:*' } } }
  const other = own({ serviceAccount: 'else' })
  const after = narrowTrust(policyOf([wide, other]), WANTED)
  assert.deepEqual(after, policyOf([other, own()]))
  assert.deepEqual(judge(WANTED, ...after.Statement), { differs: [], wide: [] })
  assert.deepEqual(narrowTrust(after, WANTED), after)
})
