import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEnvironmentProvider } from '../../src/alibaba/identities/access-key.ts'
import { createOidcRoleProvider } from '../../src/alibaba/identities/assumed-role.ts'
import {
  createIdentity,
  createLimitedIdentity,
  type IdentityConfig,
  type IdentityDeps,
} from '../../src/alibaba/identities/identity.ts'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { START } from './fake-time.ts'
import { broken, json, type Reply, scripted } from './scripted-transport.ts'

const RRSA: IdentityConfig = {
  type: 'rrsa',
  rrsa: { roleArn: 'acs:ram::1:role/acr', oidcProviderArn: 'acs:ram::1:oidc-provider/c' },
}
const WORKER: IdentityConfig = { type: 'worker-role' }
const CHAIN = [{ roleArn: 'acs:ram::2:role/puller', externalId: 'ext', durationSeconds: 900 }]

const session = (name: string, minutes = 60) => ({
  AccessKeyId: `STS.${name}`,
  AccessKeySecret: 'secret',
  SecurityToken: 'token',
  Expiration: new Date(START + minutes * 60_000).toISOString(),
})
const issued = (name: string): Reply => json(200, { RequestId: 'R', Credentials: session(name) })
const text = (status: number, body: string): Reply => ({ status, headers: {}, text: body })

function setUp(replies: readonly Reply[], more: Partial<IdentityDeps> = {}) {
  const { transport, sent, time } = scripted(replies)
  const files: Record<string, string> = {
    '/token': 'eyJ.one\n',
    '/key/accessKeyId': 'LTAI1\n',
    '/key/accessKeySecret': 'sec\n',
  }
  const readText = async (file: string): Promise<string> => {
    const content = files[file]
    if (content === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
    return content
  }
  const endpoints = createEndpoints({ region: 'cn-hangzhou' })
  const deps: IdentityDeps = {
    transport,
    endpoints,
    region: 'cn-hangzhou',
    readText,
    oidcTokenFile: '/token',
    accessKeyDir: '/key',
    sessionName: 'acr-nopass',
    ...more,
  }
  return { deps, sent, files, time }
}

// Form of the call: https://github.com/aliyun/credentials-nodejs, src/providers/oidc_role_arn.ts.
test('rrsa: the token file is read again at each renewal, trimmed, and sent in the body to the VPC endpoint', async () => {
  const { deps, sent, files } = setUp([issued('a'), issued('b')])
  const identity = createIdentity(RRSA, [], deps)
  assert.equal((await identity.get()).accessKeyId, 'STS.a')
  files['/token'] = 'eyJ.two'
  assert.equal((await identity.fresh()).accessKeyId, 'STS.b')
  const bodies = sent.map(({ body }) => new URLSearchParams(body).get('OIDCToken'))
  assert.deepEqual(bodies, ['eyJ.one', 'eyJ.two'])
  assert.equal(sent[0]?.url.host, 'sts-vpc.cn-hangzhou.aliyuncs.com')
  assert.doesNotMatch(String(sent[0]?.url), /eyJ/)
})

test('rrsa: a failure of STS is an error, never another identity', async () => {
  const { deps, sent } = setUp([json(400, { Code: 'AuthenticationFail.NoPermission', RequestId: 'R-9' })])
  await assert.rejects(createIdentity(RRSA, [], deps).get(), { code: 'IDENTITY_NOT_TRUSTED', requestId: 'R-9' })
  assert.deepEqual(
    sent.map(({ url }) => url.host),
    ['sts-vpc.cn-hangzhou.aliyuncs.com'],
  )
})

// Codes: https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-errorcodes, all with
// status 401.
for (const [name, code, hint] of [
  ['NoPermission', 'IDENTITY_NOT_TRUSTED', /issuer, audience and subject/],
  [
    'OIDCToken.AudienceNotMatch',
    'IDENTITY_NOT_TRUSTED',
    /audience of the token among its client ids.*AddClientIdToOIDC/,
  ],
  [
    'OIDCToken.HttpsUrlInvalid',
    'IDENTITY_NOT_TRUSTED',
    /whole certificate chain, up to a public certificate authority/,
  ],
  // This code is not on that page. Users report it:
  // https://github.com/gardenlinux/gardenlinux/issues/4794, aliyun/credentials-go's tests.
  [
    'OIDCToken.PublicKeyFingerprintMismatch',
    'IDENTITY_NOT_TRUSTED',
    /lacks the fingerprint .* root and of the intermediates/,
  ],
  ['OIDCToken.Expired', 'CREDENTIALS_EXPIRED', /The OIDC token has expired.*clock/],
] as const) {
  test(`rrsa: the fix for ${name} concerns what STS refused`, async () => {
    const { deps } = setUp([json(401, { Code: `AuthenticationFail.${name}` })])
    const refused = createIdentity(RRSA, [], deps).get()
    await assert.rejects(refused, { code, reason: `AuthenticationFail.${name}`, hint })
  })
}

// Paths and headers: https://github.com/aliyun/credentials-nodejs, src/providers/ecs_ram_role.ts.
test('worker-role: IMDSv2, a token first, then the role, then its session', async () => {
  const { deps, sent } = setUp([
    text(200, 'imds-token'),
    text(200, 'KubernetesWorkerRole-1'),
    json(200, { ...session('w'), Code: 'Success' }),
  ])
  const identity = createIdentity(WORKER, [], deps)
  const credentials = await identity.get()
  assert.equal(credentials.accessKeyId, 'STS.w')
  assert.equal(credentials.expiresAt, START + 3_600_000)
  assert.equal(identity.sharedSession, true)
  assert.deepEqual(
    sent.map(({ method, url, headers, direct }) => [method, url.href, headers['x-aliyun-ecs-metadata-token'], direct]),
    [
      ['PUT', 'http://100.100.100.200/latest/api/token', undefined, true],
      ['GET', 'http://100.100.100.200/latest/meta-data/ram/security-credentials/', 'imds-token', true],
      [
        'GET',
        'http://100.100.100.200/latest/meta-data/ram/security-credentials/KubernetesWorkerRole-1',
        'imds-token',
        true,
      ],
    ],
  )
})

test('worker-role: a machine whose clock is hours ahead learns the time from the metadata, and its session is not expired', async () => {
  const { deps, time } = setUp([
    text(200, 'imds-token'),
    text(200, 'role'),
    json(200, { ...session('w'), Code: 'Success' }, { date: new Date(START).toUTCString() }),
  ])
  time.jump(3 * 3_600_000)
  // The process starts with the wrong time.
  const { transport } = scripted([])
  const ahead = { ...deps, transport: { ...deps.transport, clock: createCloudClock(time), call: transport.call } }
  const credentials = await createIdentity(WORKER, [], ahead).get()
  assert.equal(credentials.accessKeyId, 'STS.w')
  assert.ok(Math.abs(ahead.transport.clock.skew() - 3 * 3_600_000) < 2_000)
})

test('worker-role: version 1 only if values allow it', async () => {
  const replies = [text(404, ''), text(200, 'role'), json(200, session('v1'))]
  await assert.rejects(createIdentity(WORKER, [], setUp(replies).deps).get(), {
    code: 'IDENTITY_UNAVAILABLE',
    message: /returned no token/,
  })
  const { deps, sent } = setUp(replies)
  const identity = createIdentity({ ...WORKER, workerRole: { imdsV1: true } }, [], deps)
  assert.equal((await identity.get()).accessKeyId, 'STS.v1')
  assert.equal(sent[1]?.headers['x-aliyun-ecs-metadata-token'], undefined)
})

// It is not documented whether ECI's metadata service accepts the PUT. The vendor's SDKs treat any
// failure of the PUT, also of the connection, as "no version 2". They continue with version 1
// unless it is disabled: @alicloud/credentials 2.4.7, dist/src/providers/ecs_ram_role.js,
// getMetadataToken. In acr-nopass, the values must allow version 1.
for (const refusal of [
  text(400, ''),
  text(403, ''),
  text(404, ''),
  text(405, ''),
  text(500, ''),
  broken('ECONNRESET'),
]) {
  const why = refusal instanceof Error ? 'broken' : JSON.stringify(refusal)
  test(`worker-role: a metadata service that gives no token (${why}) is reported with both switches`, async () => {
    await assert.rejects(createIdentity(WORKER, [], setUp([refusal]).deps).get(), {
      code: 'IDENTITY_UNAVAILABLE',
      hint: /k8s\.aliyun\.com\/eci-ram-role-name, which identity\.workerRole\.eciRoleName sets/,
    })
    const { deps, sent } = setUp([refusal, text(200, 'role'), json(200, session('v1'))])
    const identity = createIdentity({ ...WORKER, workerRole: { imdsV1: true } }, [], deps)
    assert.equal((await identity.get()).accessKeyId, 'STS.v1')
    assert.deepEqual(
      sent.map(({ method, headers }) => [method, headers['x-aliyun-ecs-metadata-token']]),
      [
        ['PUT', undefined],
        ['GET', undefined],
        ['GET', undefined],
      ],
    )
  })
}

test('worker-role: version 2 stays the default, and the error explains how to accept version 1', async () => {
  await assert.rejects(createIdentity(WORKER, [], setUp([text(405, '')]).deps).get(), {
    message: 'worker-role: instance metadata returned no token (HTTP 405)',
    hint: /identity\.workerRole\.imdsV1: true/,
  })
})

test('worker-role on ECI: exactly the role of the annotation, never that of a node', async () => {
  const config: IdentityConfig = { ...WORKER, workerRole: { imdsV1: false, eciRoleName: 'acr-nopass-eci' } }
  const replies = (role: string) => [text(200, 't'), text(200, role), json(200, session('eci'))]
  assert.equal((await createIdentity(config, [], setUp(replies('ACR-nopass-ECI')).deps).get()).accessKeyId, 'STS.eci')
  await assert.rejects(createIdentity(config, [], setUp(replies('KubernetesWorkerRole-1')).deps).get(), {
    code: 'IDENTITY_UNAVAILABLE',
    message: /has the role KubernetesWorkerRole-1, but identity\.workerRole\.eciRoleName is acr-nopass-eci$/,
  })
  await assert.rejects(createIdentity(config, [], setUp([text(200, 't'), text(404, '')]).deps).get(), {
    message: /has no RAM role/,
    hint: /eci-ram-role-name/,
  })
})

const unavailable: [string, Reply[], RegExp][] = [
  ['no metadata service', [broken('ETIMEDOUT')], /does not respond/],
  ['an instance without a role', [text(200, 't'), text(404, '')], /has no RAM role/],
  ['a metadata service that denies access', [text(200, 't'), text(403, '')], /HTTP 403/],
  ['no session right now', [text(200, 't'), text(200, 'r'), json(200, { Code: 'Failed' })], /no session/],
]
for (const [why, replies, message] of unavailable) {
  test(`worker-role: ${why} is reported in one line with its fix`, async () => {
    await assert.rejects(createIdentity(WORKER, [], setUp(replies).deps).get(), {
      code: 'IDENTITY_UNAVAILABLE',
      message,
    })
  })
}

test('access-key: read again at each use, trimmed; a missing file is named', async () => {
  const { deps, files } = setUp([])
  const identity = createIdentity({ type: 'access-key' }, [], deps)
  assert.deepEqual(await identity.get(), { accessKeyId: 'LTAI1', accessKeySecret: 'sec' })
  files['/key/accessKeyId'] = 'LTAI2'
  assert.equal((await identity.get()).accessKeyId, 'LTAI2')
  delete files['/key/accessKeySecret']
  await assert.rejects(identity.get(), { code: 'CREDENTIALS_MISSING', message: /\/key\/accessKeySecret/ })
})

test('a chain assumes its roles one after the other, each with its external id and duration', async () => {
  const chain = [...CHAIN, { roleArn: 'acs:ram::3:role/last' }]
  const { deps, sent } = setUp([issued('rrsa'), issued('two'), issued('three'), issued('three-again')])
  const identity = createIdentity(RRSA, chain, deps)
  assert.equal((await identity.get()).accessKeyId, 'STS.three')
  assert.equal((await identity.fresh()).accessKeyId, 'STS.three-again')
  assert.equal(identity.name, 'rrsa > acs:ram::2:role/puller > acs:ram::3:role/last')
  assert.equal(identity.sharedSession, false)
  const requests = sent
    .slice(1)
    .map(({ url, headers }) => [
      url.searchParams.get('RoleArn'),
      headers['x-acs-accesskey-id'],
      url.searchParams.get('ExternalId'),
      url.searchParams.get('DurationSeconds'),
    ])
  assert.deepEqual(requests, [
    ['acs:ram::2:role/puller', 'STS.rrsa', 'ext', '900'],
    ['acs:ram::3:role/last', 'STS.two', null, null],
    ['acs:ram::3:role/last', 'STS.two', null, null],
  ])
})

// `Policy` and `RoleSessionName` of AssumeRole and AssumeRoleWithOIDC:
// https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
test('the policy limits the last role of a chain only, and limited sessions share the roles before it', async () => {
  const chain = [...CHAIN, { roleArn: 'acs:ram::3:role/last' }]
  const { deps, sent } = setUp([issued('rrsa'), issued('two'), issued('team-a'), issued('team-b')])
  const shared = createIdentity(RRSA, CHAIN, deps)
  const asked: unknown[] = []
  const limited = (team: string) =>
    createLimitedIdentity(RRSA, chain, deps, { sessionName: `acr-nopass.ops.${team}`, policy: team }, (steps) => {
      asked.push(steps)
      return shared
    })
  assert.equal((await limited('team-a').fresh()).accessKeyId, 'STS.team-a')
  assert.equal((await limited('team-b').fresh()).accessKeyId, 'STS.team-b')
  assert.deepEqual(asked, [CHAIN, CHAIN])
  const read = ({ searchParams }: URL) => ['RoleArn', 'RoleSessionName', 'Policy'].map((key) => searchParams.get(key))
  assert.deepEqual(
    sent.slice(1).map(({ url }) => read(url)),
    [
      ['acs:ram::2:role/puller', 'acr-nopass', null],
      ['acs:ram::3:role/last', 'acr-nopass.ops.team-a', 'team-a'],
      ['acs:ram::3:role/last', 'acr-nopass.ops.team-b', 'team-b'],
    ],
  )
})

test('rrsa: the policy of a limited session is sent in the body', async () => {
  const { deps, sent } = setUp([issued('a')])
  const none = () => assert.fail('rrsa has no step before')
  const limit = { sessionName: 'acr-nopass.ops.team-a', policy: '{"Version":"1"}' }
  assert.equal((await createLimitedIdentity(RRSA, [], deps, limit, none).fresh()).accessKeyId, 'STS.a')
  const form = new URLSearchParams(sent[0]?.body)
  assert.deepEqual([form.get('RoleSessionName'), form.get('Policy')], [limit.sessionName, limit.policy])
})

// "InvalidParameter.PolicySize": "The size of Policy must be smaller than 2048 bytes."
// https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
test('a session policy that STS refuses as too long is reported with its own code', async () => {
  const { deps } = setUp([json(400, { Code: 'InvalidParameter.PolicySize', RequestId: 'R-7' })])
  const limit = { sessionName: 'acr-nopass.ops.team-a', policy: '{}' }
  const none = () => assert.fail('rrsa has no step before')
  await assert.rejects(createLimitedIdentity(RRSA, [], deps, limit, none).fresh(), {
    code: 'LIMIT_TOO_LONG',
    message: 'STS refuses the session policy for the role acs:ram::1:role/acr as too long',
    requestId: 'R-7',
  })
})

for (const type of ['worker-role', 'access-key'] as const) {
  test(`${type} alone is refused where a session has to be limited`, () => {
    const limit = { sessionName: 'acr-nopass.ops.team-a', policy: '{}' }
    const create = () => createLimitedIdentity({ type }, [], setUp([]).deps, limit, () => assert.fail('not asked'))
    assert.throws(create, { code: 'IDENTITY_UNAVAILABLE', message: `a session of ${type} cannot be limited` })
  })
}

for (const config of [{ type: 'rrsa' }, { type: 'rrsa', rrsa: { roleArn: 'a' } }] as const) {
  test(`${JSON.stringify(config)} is rejected before any call`, () => {
    assert.throws(() => createIdentity(config, [], setUp([]).deps), { code: 'IDENTITY_UNAVAILABLE' })
  })
}

test('a missing token file is named', async () => {
  const { deps } = setUp([], { oidcTokenFile: '/nothing' })
  await assert.rejects(createIdentity(RRSA, [], deps).get(), { code: 'CREDENTIALS_MISSING', message: /\/nothing/ })
})

test('the CLI uses the standard variables, and names the missing ones', async () => {
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'a',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'b',
    ALIBABA_CLOUD_SECURITY_TOKEN: 'c',
  }
  assert.deepEqual(await createEnvironmentProvider(env).get(), {
    accessKeyId: 'a',
    accessKeySecret: 'b',
    securityToken: 'c',
  })
  await assert.rejects(createEnvironmentProvider({ ALIBABA_CLOUD_ACCESS_KEY_ID: 'a' }).get(), {
    code: 'CREDENTIALS_MISSING',
  })
})

test('a workflow requests a new ID token from its runner at each renewal', async () => {
  const { deps, sent } = setUp([issued('g1'), issued('g2')])
  let tokens = 0
  const identity = createOidcRoleProvider({
    name: 'github',
    transport: deps.transport,
    endpoint: new URL('https://sts.aliyuncs.com'),
    roleArn: 'acs:ram::1:role/ci',
    oidcProviderArn: 'acs:ram::1:oidc-provider/github',
    sessionName: 'run-1',
    oidcToken: async () => `token-${++tokens}`,
  })
  await identity.get()
  await identity.fresh()
  assert.deepEqual(
    sent.map(({ body }) => new URLSearchParams(body).get('OIDCToken')),
    ['token-1', 'token-2'],
  )
})
