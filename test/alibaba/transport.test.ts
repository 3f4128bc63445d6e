import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialProvider } from '../../src/alibaba/credentials.ts'
import type { CloudCall } from '../../src/alibaba/transport/cloud-transport.ts'
import { type ErrorCode, formatError, NopassError } from '../../src/errors.ts'
import { START } from './fake-time.ts'
import { broken, json, KEY, type Reply, scripted } from './scripted-transport.ts'

const endpoint = new URL('https://ram.aliyuncs.com')
const call: CloudCall = {
  endpoint,
  product: 'ram',
  version: '2015-05-01',
  action: 'GetPolicy',
  query: { PolicyName: 'p' },
  credentials: KEY,
}
const OK = json(200, { RequestId: 'R-1', Answer: 42 })
const throttled = json(429, { Code: 'Throttling.User', RequestId: 'T-1', Message: 'slow down' })
const HTML: Reply = {
  status: 502,
  headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
  text: '<html>bad gateway</html>',
}

async function failureOf(replies: readonly Reply[], request: CloudCall = call): Promise<NopassError> {
  const error = await scripted(replies)
    .transport.call(request)
    .catch((caught: unknown) => caught)
  assert.ok(error instanceof NopassError)
  return error
}

test('a successful response is returned as JSON, and the request is signed, with its parameters in the query', async () => {
  const { transport, sent } = scripted([OK])
  assert.deepEqual(await transport.call(call), { RequestId: 'R-1', Answer: 42 })
  const [request] = sent
  assert.equal(request?.url.href, 'https://ram.aliyuncs.com/?PolicyName=p')
  assert.equal(request?.method, 'POST')
  assert.equal(request?.body, '')
  assert.equal(request?.headers['x-acs-date'], '2026-11-25T12:00:00Z')
  assert.match(request?.headers.authorization ?? '', /^ACS3-HMAC-SHA256 Credential=LTAItest,/)
})

test('an unsigned call has action and time in the query and its secret only in the body', async () => {
  const { transport, sent } = scripted([OK])
  await transport.call({
    ...call,
    action: 'AssumeRoleWithOIDC',
    query: {},
    form: { OIDCToken: 'eyJ' },
    credentials: undefined,
  })
  const [request] = sent
  assert.equal(request?.url.searchParams.get('Action'), 'AssumeRoleWithOIDC')
  assert.doesNotMatch(request?.url.href ?? '', /eyJ/)
  assert.equal(request?.body, 'OIDCToken=eyJ')
  assert.equal(request?.headers.authorization, undefined)
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
})

const repeated: [why: string, reply: Reply, write: boolean, waits: number][] = [
  ['throttled', throttled, true, 500],
  ['throttled with another status', json(400, { Code: 'Throttling' }), false, 500],
  ['a server error', json(503, { Code: 'ServiceUnavailable' }), false, 100],
  ['an HTML page of a gateway', HTML, false, 100],
  ['an empty 503', { status: 503, headers: {}, text: '' }, false, 100],
  ['a failure inside CR', json(200, { IsSuccess: false, Code: 'SystemError' }), false, 100],
  ['a cut connection', broken('ECONNRESET'), false, 100],
  ['a refused connection, where nothing was sent', broken('ECONNREFUSED'), true, 100],
  ['a name that does not resolve right now', broken('EAI_AGAIN'), true, 100],
  [
    'the cloud requests a wait of 2 s',
    json(429, { Code: 'Throttling.User' }, { 'x-acs-retry-after': '2000' }),
    true,
    2500,
  ],
  ['a proxy requests a wait of 3 s', json(429, { Code: 'Throttling' }, { 'retry-after': '3' }), true, 3750],
]
for (const [why, reply, write, wait] of repeated) {
  test(`a call is repeated: ${why}`, async () => {
    const { transport, waits, sent } = scripted([reply, OK])
    assert.deepEqual(await transport.call({ ...call, write }), { RequestId: 'R-1', Answer: 42 })
    assert.deepEqual(waits, [wait])
    assert.notEqual(sent[0]?.headers['x-acs-signature-nonce'], sent[1]?.headers['x-acs-signature-nonce'])
  })
}

const final: [why: string, reply: Reply, write: boolean, code: ErrorCode, reason: string][] = [
  ['a write whose response was lost', broken('ECONNRESET'), true, 'CLOUD_UNREACHABLE', 'ECONNRESET'],
  ['a write that met a server error', json(500, { Code: 'InternalError' }), true, 'CLOUD_UNAVAILABLE', 'InternalError'],
  ['a write that met a gateway', HTML, true, 'CLOUD_UNAVAILABLE', 'HTTP 502 without JSON'],
  ['missing', json(404, { Code: 'EntityNotExist.Policy' }), false, 'CLOUD_NOT_FOUND', 'EntityNotExist.Policy'],
  [
    'an unknown instance',
    json(200, { IsSuccess: false, Code: 'INSTANCE_NOT_EXIST' }),
    false,
    'CLOUD_NOT_FOUND',
    'INSTANCE_NOT_EXIST',
  ],
  ['denied', json(403, { Code: 'NoPermission' }), false, 'CLOUD_DENIED', 'NoPermission'],
  // CR also reports these codes with HTTP 200 (its error pages name the codes, not the status).
  ['CR denies', json(200, { IsSuccess: false, Code: 'NoPrivilege' }), false, 'CLOUD_DENIED', 'NoPrivilege'],
  ['CR denies with 403', json(403, { IsSuccess: false, Code: 'NoPrivilege' }), false, 'CLOUD_DENIED', 'NoPrivilege'],
  [
    'a write that met a failure inside CR',
    json(200, { IsSuccess: false, Code: 'SystemError' }),
    true,
    'CLOUD_UNAVAILABLE',
    'SystemError',
  ],
  ['denied in lower case', json(403, { code: 'StatusForbidden' }), false, 'CLOUD_DENIED', 'StatusForbidden'],
  ['wrong secret', json(400, { Code: 'SignatureDoesNotMatch' }), false, 'CREDENTIALS_REFUSED', 'SignatureDoesNotMatch'],
  [
    'unknown key',
    json(404, { Code: 'InvalidAccessKeyId.NotFound' }),
    false,
    'CREDENTIALS_REFUSED',
    'InvalidAccessKeyId.NotFound',
  ],
  [
    'expired session without renewal',
    json(400, { Code: 'InvalidSecurityToken.Expired' }),
    false,
    'CREDENTIALS_EXPIRED',
    'InvalidSecurityToken.Expired',
  ],
  [
    'untrusted',
    json(400, { Code: 'AuthenticationFail.OIDCToken.Invalid' }),
    false,
    'IDENTITY_NOT_TRUSTED',
    'AuthenticationFail.OIDCToken.Invalid',
  ],
  ['malformed', json(400, { Code: 'MalformedPolicyDocument' }), false, 'CLOUD_REJECTED', 'MalformedPolicyDocument'],
  [
    'already exists',
    json(409, { Code: 'EntityAlreadyExists.Policy' }),
    true,
    'CLOUD_REJECTED',
    'EntityAlreadyExists.Policy',
  ],
]
for (const [why, reply, write, code, reason] of final) {
  test(`a call fails immediately with ${code}: ${why}`, async () => {
    const error = await failureOf([reply], { ...call, write })
    assert.equal(error.code, code)
    assert.equal(error.reason, reason)
  })
}

test('a call fails after four attempts, whose waits double up to 5 s and are jittered', async () => {
  const { transport, waits } = scripted([throttled, throttled, throttled, throttled])
  await assert.rejects(transport.call(call), { code: 'CLOUD_THROTTLED', requestId: 'T-1' })
  assert.deepEqual(waits, [500, 1000, 2000])
})

test('a call fails if the cloud requests a pause of more than half a minute, and the error contains the pause', async () => {
  const throttled = json(429, { Code: 'Throttling.User' }, { 'x-acs-retry-after': '90000' })
  const { transport, waits } = scripted([throttled])
  await assert.rejects(transport.call(call), { code: 'CLOUD_THROTTLED', retryAfterMs: 90_000 })
  assert.deepEqual(waits, [])
})

test('a rejected timestamp is corrected by the response’s own date and the call repeated, once', async () => {
  const late = { Date: 'x', date: new Date(START - 7_200_000).toUTCString() }
  const stale = json(400, { Code: 'InvalidTimeStamp.Expired', RequestId: 'C-1' }, late)
  const { transport, sent } = scripted([stale, OK])
  await transport.call(call)
  assert.equal(sent[1]?.headers['x-acs-date'], '2026-11-25T10:00:00Z')
  assert.equal((await failureOf([stale, stale])).code, 'CLOUD_CLOCK')
})

test('the date of a gateway’s error page is not the cloud’s', async () => {
  const { transport } = scripted([HTML, OK])
  await transport.call(call)
  assert.equal(transport.clock.skew(), 0)
})

test('an expired session is renewed once, and the call signed again', async () => {
  const expired = json(400, { Code: 'InvalidSecurityToken.Expired' })
  const provider: CredentialProvider = {
    name: 'test',
    sharedSession: false,
    get: async () => ({ accessKeyId: 'STS.old', accessKeySecret: 's', securityToken: 't' }),
    fresh: async () => ({ accessKeyId: 'STS.new', accessKeySecret: 's', securityToken: 't' }),
  }
  const { transport, sent, waits } = scripted([expired, OK])
  await transport.call({ ...call, credentials: provider })
  assert.deepEqual(
    sent.map((request) => request.headers['x-acs-accesskey-id']),
    ['STS.old', 'STS.new'],
  )
  assert.deepEqual(waits, [])
  const twice = scripted([expired, expired])
  await assert.rejects(twice.transport.call({ ...call, credentials: provider }), { code: 'CREDENTIALS_EXPIRED' })
})

test('P6 an error contains no message of the cloud, no URL and no secret', async () => {
  const quoted = json(400, {
    Code: 'SignatureDoesNotMatch',
    RequestId: 'R-2',
    Message: 'server string to sign is POST x-acs-security-token:CAIS-secret-token',
  })
  const errors = [
    await failureOf([quoted]),
    await failureOf([json(400, { Code: 'a message with a secret! in the code', Message: 'm' })]),
    await failureOf([broken('ECONNRESET')], { ...call, write: true }),
  ]
  for (const error of errors) {
    const everything = `${formatError(error)} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
    assert.doesNotMatch(everything, /a secret|secret-token|top-secret|secret=1|CAIS|PolicyName|string to sign/)
  }
  assert.equal(errors[0]?.requestId, 'R-2')
  assert.equal(errors[1]?.reason, 'HTTP 400')
})

test('a denied call names the caller and the missing permission', async () => {
  const AccessDeniedDetail = { AuthAction: 'ram:GetPolicy', AuthPrincipalDisplayName: 'demo:session' }
  const error = await failureOf([json(403, { Code: 'NoPermission', RequestId: 'R-3', AccessDeniedDetail })])
  assert.equal(
    error.message,
    'ram GetPolicy at ram.aliyuncs.com failed: demo:session lacks the permission ram:GetPolicy',
  )
})

/**
 * The values of PolicyType and NoPermissionType: AccessDeniedDetail in the vendor's SDKs
 * (CancelIProductionJobResponseBodyAccessDeniedDetail of @alicloud/ice20201109). CS writes the
 * field in lower case.
 */
for (const { title, detail, says, hint, field = 'AccessDeniedDetail' } of [
  {
    title: 'by a control policy of the resource directory',
    detail: { PolicyType: 'ControlPolicy', NoPermissionType: 'ExplicitDeny' },
    says: 'a control policy of the resource directory (ControlPolicy) denies ram:GetPolicy to demo:session',
    hint: /^A control policy limits all users and roles of the account.*administrators of the resource directory/,
  },
  {
    title: 'because no control policy allows it',
    detail: { PolicyType: 'ControlPolicy', NoPermissionType: 'ImplicitDeny' },
    says: 'a control policy of the resource directory (ControlPolicy) denies ram:GetPolicy to demo:session',
    hint: /^A control policy limits/,
    field: 'accessDeniedDetail',
  },
  {
    title: 'by the policy of its session',
    detail: { PolicyType: 'SessionPolicy', NoPermissionType: 'ImplicitDeny' },
    says: 'the policy of the session (SessionPolicy) denies ram:GetPolicy to demo:session',
    hint: /`Policy` of AssumeRole/,
  },
  {
    title: 'by a Deny of its own policies',
    detail: { PolicyType: 'AccountLevelIdentityBasedPolicy', NoPermissionType: 'ExplicitDeny' },
    says: 'a statement with Deny in a policy of demo:session denies ram:GetPolicy',
    hint: /^A Deny overrides every Allow/,
  },
  {
    title: 'because no policy allows it',
    detail: { PolicyType: 'AccountLevelIdentityBasedPolicy', NoPermissionType: 'ImplicitDeny' },
    says: 'demo:session lacks the permission ram:GetPolicy',
    hint: /^Grant the named permission/,
  },
  {
    title: 'by a kind of policy that is not known',
    detail: { PolicyType: 'NewKindOfPolicy', NoPermissionType: 'ImplicitDeny' },
    says: 'demo:session lacks the permission ram:GetPolicy',
    hint: /^Grant the named permission/,
  },
]) {
  test(`a call that is denied ${title} says so, and its fix is one that helps`, async () => {
    const denied = { AuthAction: 'ram:GetPolicy', AuthPrincipalDisplayName: 'demo:session', ...detail }
    const error = await failureOf([json(403, { Code: 'NoPermission', RequestId: 'R-3', [field]: denied })])
    assert.equal(error.code, 'CLOUD_DENIED')
    assert.equal(error.message, `ram GetPolicy at ram.aliyuncs.com failed: ${says}`)
    assert.match(error.hint, hint)
  })
}

/**
 * STS reports InternalError in bursts of seconds. The source is a public record of a workflow's
 * calls, which advises three to five retries with growing pauses.
 */
test('with more patience for outages, an InternalError is retried for seconds, a missing address and a throttled call as usual', async () => {
  const outage = { attempts: 6, baseMs: 1000 }
  const failing = json(500, { Code: 'InternalError' })
  const long = scripted([...Array<Reply>(5).fill(failing), OK], 0.5, outage)
  await long.transport.call(call)
  assert.deepEqual(long.waits, [500, 1000, 2000, 2500, 2500])
  const endless = scripted(Array<Reply>(6).fill(failing), 0.5, outage)
  await assert.rejects(endless.transport.call(call), { code: 'CLOUD_UNAVAILABLE', reason: 'InternalError' })
  const usual = scripted(Array<Reply>(4).fill(failing))
  await assert.rejects(usual.transport.call(call), { code: 'CLOUD_UNAVAILABLE' })
  assert.deepEqual(usual.waits, [100, 200, 400])
  const unknown = scripted(Array<Reply>(4).fill(broken('ENOTFOUND')), 0.5, outage)
  await assert.rejects(unknown.transport.call(call), { code: 'CLOUD_UNREACHABLE' })
  assert.deepEqual(unknown.waits, [100, 200, 400])
  const written = scripted([failing], 0.5, outage)
  await assert.rejects(written.transport.call({ ...call, write: true }), { code: 'CLOUD_UNAVAILABLE' })
})

test('no request is signed for a plain http host except on this machine', async () => {
  const error = await failureOf([OK], { ...call, endpoint: new URL('http://ram.example') })
  assert.equal(error.code, 'ENDPOINT_INVALID')
})

test('an aborted call ends with the reason of its signal, without another attempt', async () => {
  const abort = new AbortController()
  const { transport, sent } = scripted([
    () => {
      abort.abort(new Error('enough'))
      return broken('ABORT_ERR')
    },
  ])
  await assert.rejects(transport.call(call, abort.signal), /ABORT_ERR|enough/)
  assert.equal(sent.length, 1)
})

// https://help.aliyun.com/zh/ram/api-getoidcprovider: the RAM action of GetOIDCProvider is ram:GetOIDCProvider.
test("a missing permission of IMS has RAM's name", async () => {
  const denied = json(403, { Code: 'NoPermission', RequestId: 'R-3' })
  const error = await failureOf([denied], { ...call, product: 'ims', action: 'GetOIDCProvider' })
  assert.match(error.message, /lacks the permission ram:GetOIDCProvider$/)
})

test('if RAM is unreachable, the address for machines without internet access is offered', async () => {
  const unreachable = new Array<Reply>(4).fill(broken('ETIMEDOUT'))
  assert.match((await failureOf(unreachable)).hint, /https:\/\/ram\.vpc-proxy\.aliyuncs\.com/)
  const other = await failureOf(unreachable, { ...call, endpoint: new URL('https://sts.aliyuncs.com') })
  assert.doesNotMatch(other.hint, /vpc-proxy/)
})

// aliyun/alibaba-cloud-sdk-go services/sts/endpoint.go and @alicloud/sts20150401 1.2.0 list regions
// that only have sts.aliyuncs.com. The first lists cn-hangzhou-finance; the second has a rule for
// this region.
test('if a region has no address of STS, the central one is offered', async () => {
  const stsOf = (code: string, host: string) =>
    failureOf(new Array<Reply>(4).fill(broken(code)), { ...call, endpoint: new URL(`https://${host}`) })
  assert.match(
    (await stsOf('ENOTFOUND', 'sts.cn-hangzhou-finance.aliyuncs.com')).hint,
    /sts: https:\/\/sts\.aliyuncs\.com/,
  )
  assert.match(
    (await stsOf('ENOTFOUND', 'sts-vpc.cn-hangzhou-finance.aliyuncs.com')).hint,
    /sts: https:\/\/sts\.aliyuncs/,
  )
  assert.doesNotMatch((await stsOf('ETIMEDOUT', 'sts.cn-hangzhou.aliyuncs.com')).hint, /sts: https/)
  assert.doesNotMatch((await stsOf('ENOTFOUND', 'sts.aliyuncs.com')).hint, /sts: https/)
})

const inVpc: CloudCall = {
  ...call,
  endpoint: new URL('https://cr-vpc.cn-x.aliyuncs.com'),
  publicEndpoint: new URL('https://cr.cn-x.aliyuncs.com'),
}
const hosts = (sent: readonly { url: URL }[]): readonly string[] => sent.map(({ url }) => url.host)
const [VPC, PUBLIC] = ['cr-vpc.cn-x.aliyuncs.com', 'cr.cn-x.aliyuncs.com']

test('a VPC address that does not resolve is replaced by the public one, for ten minutes, and reported', async () => {
  const { transport, sent, waits, time, fallbacks } = scripted([broken('ENOTFOUND'), OK, OK, OK])
  await transport.call(inVpc)
  await transport.call(inVpc)
  assert.deepEqual(hosts(sent), [VPC, PUBLIC, PUBLIC])
  assert.deepEqual(waits, [])
  assert.match(sent[1]?.headers.authorization ?? '', /SignedHeaders=[^,]*host/)
  assert.deepEqual(fallbacks, [{ host: VPC, publicHost: PUBLIC }])
  assert.deepEqual(transport.fallbacks(), [{ host: VPC, publicHost: PUBLIC }])
  time.advance(10 * 60_000)
  await transport.call(inVpc)
  assert.deepEqual(hosts(sent).slice(3), [VPC])
  assert.deepEqual(transport.fallbacks(), [])
})

test('only a name that does not exist is replaced by the public address; a slow name is not, and nothing is if both addresses fail', async () => {
  const slow = scripted([broken('EAI_AGAIN'), OK])
  await slow.transport.call(inVpc)
  assert.deepEqual(hosts(slow.sent), [VPC, VPC])
  const dead = scripted(new Array<Reply>(8).fill(broken('ENOTFOUND')))
  await assert.rejects(dead.transport.call(inVpc), (error: NopassError) => {
    return error.code === 'CLOUD_UNREACHABLE' && error.message.includes(VPC)
  })
  assert.deepEqual([dead.transport.fallbacks(), dead.fallbacks], [[], []])
  const fixed = scripted(new Array<Reply>(4).fill(broken('ENOTFOUND')))
  await assert.rejects(fixed.transport.call({ ...inVpc, publicEndpoint: undefined }), { code: 'CLOUD_UNREACHABLE' })
  assert.deepEqual([...new Set(hosts(fixed.sent))], [VPC])
})

test('an error of the public address names the public address', async () => {
  const { transport } = scripted([broken('ENOTFOUND'), json(403, { Code: 'NoPermission' })])
  await assert.rejects(transport.call(inVpc), (error: NopassError) => error.message.includes(` at ${PUBLIC} `))
})
